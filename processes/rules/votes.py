"""Quorum and majority of a committee in integers only (R-70, R-71, R-79).

Quorum: present at least 2/3 of the committee's size (R40 art. 20). Passed: yes at least 2/3 of those present
(R40 art. 21); exactly 2/3 passes (Civil Code art. 1259), a blank, an abstention and a missing slip are not-yes, a tie
simply fails and nobody has a casting vote.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Result = Literal["passed", "failed", "no_quorum"]


class Share(NamedTuple):
    """A statutory share such as 2/3: two integers, so that nothing is ever rounded."""

    numerator: int
    denominator: int

    @classmethod
    def parse(cls, text: str) -> Share:
        """`"2/3"` -> Share(2, 3). Raises `ValueError` for anything that is not a share of (0, 1]."""
        numerator, _, denominator = text.partition("/")
        share = cls(int(numerator), int(denominator))
        if not 0 < share.numerator <= share.denominator:
            raise ValueError(f"{text!r} is not a share between 0 and 1")
        return share

    def reached(self, part: int, whole: int) -> bool:
        return self.denominator * part >= self.numerator * whole

    def least(self, whole: int) -> int:
        """The smallest part that reaches the share of `whole`."""
        return -(-self.numerator * whole // self.denominator)

    def below(self, other: Share) -> bool:
        return self.numerator * other.denominator < other.numerator * self.denominator


TWO_THIRDS = Share(2, 3)


def quorum(size: int, share: Share = TWO_THIRDS) -> int:
    """How many of `size` members must be present: 17 of 25, 8 of 11, 6 of 9."""
    return share.least(size)


def needed_yes(present: int, share: Share = TWO_THIRDS) -> int:
    """How many of those present must agree: 12 of 17, 14 of 21."""
    return share.least(present)


def vote_result(
    size: int, present: int, yes: int, *, quorum_share: Share = TWO_THIRDS, pass_share: Share = TWO_THIRDS
) -> Result:
    """D08. Raises `ValueError` for counts that cannot be (more present than members, more yes than present)."""
    if not 0 <= yes <= present <= size or size < 1:
        raise ValueError(f"impossible counts: size {size}, present {present}, yes {yes}")
    if not quorum_share.reached(present, size):
        return "no_quorum"
    return "passed" if pass_share.reached(yes, present) else "failed"


def counts_agree(present: int, yes: int, no: int, abstain: int) -> bool:
    """Every person present is counted once: a slip not handed in is an abstention (S07)."""
    return min(present, yes, no, abstain) >= 0 and yes + no + abstain == present


def is_committee_size(size: int) -> bool:
    """A committee has an odd number of members (R-63)."""
    return size > 0 and size % 2 == 1


class CaseQuorum(NamedTuple):
    """The arithmetic of one case's vote: who counts as present, who may vote, and how many must agree (R-70, R-71, R-78)."""

    size: int  # of the committee: the quorum is measured against it
    present: int  # checked in
    recused: int  # of them, who stand back from this case
    quorum_needed: int
    denominator: int  # who counts as present for this case
    eligible: int  # who may vote
    needed_yes: int
    reached: bool  # the quorum of this case


def case_quorum(
    size: int,
    present: int,
    recused: int,
    *,
    counts_present: bool = False,
    quorum_share: Share = TWO_THIRDS,
    pass_share: Share = TWO_THIRDS,
) -> CaseQuorum:
    """`recused`: how many of those `present` stand back. With `counts_present` they count as present, and still do not vote:
    18 present, 2 recused -> denominator 18, 16 may vote, 12 must agree. Raises `ValueError` for counts that cannot be."""
    if not 0 <= recused <= present <= size or size < 1:
        raise ValueError(f"impossible counts: size {size}, present {present}, recused {recused}")
    denominator = present if counts_present else present - recused
    return CaseQuorum(
        size=size,
        present=present,
        recused=recused,
        quorum_needed=quorum_share.least(size),
        denominator=denominator,
        eligible=present - recused,
        needed_yes=pass_share.least(denominator),
        reached=quorum_share.reached(denominator, size),
    )
