"""The ballot box of this office. Everything that votes goes through the port `BallotBox`; another box is put in here.

What `TokenBox` does not promise stands in `processes.register.ballots`.
"""

from __future__ import annotations

from processes.register.ballots import BallotBox, Tally, TokenBox

__all__ = ["BOX", "BallotBox", "Tally", "TokenBox"]

BOX: BallotBox = TokenBox()
