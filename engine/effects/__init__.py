"""What leaves the program after the commit: mail, a webhook, another office's platform.

A handler asks for an effect with a key; the row is written with the step. After the commit a `Sender` of that kind
carries it out, at least once; the receiver knows a repetition by the key. A kind without a sender stays in its row,
where an operator sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Sender = Callable[[str, Mapping[str, Any]], None]  # (key, payload); raises when it could not be sent
