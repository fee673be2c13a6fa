"""The ballot box: who may vote, that each votes once, and what was voted, with nothing that joins the last to the first.

`BallotBox` is the port; `TokenBox` its first adapter. It keeps voters and choices in two tables without a common key. It
does NOT resist whoever administers the database or reads its log while a round is open: row versions, write-ahead logs
and backups taken in that time can show which token and which slip were written together. A box with encrypted ballots and
the keys outside takes its place behind the same port.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from random import Random
from secrets import SystemRandom
from typing import NamedTuple, Protocol

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from engine.errors import Conflict, Forbidden, Refused
from engine.store.metadata import new_id
from forms.i18n import T
from processes.register.ballot_tables import CHOICES, ballot_round, ballot_slip, ballot_token


class Tally(NamedTuple):
    """Of a closed round; `cast` is how many slips were in the box."""

    yes: int
    no: int
    abstain: int
    cast: int


class BallotBox(Protocol):
    """Voters are ids of experts. Nothing tells a tally, or any part of one, before the close."""

    def issue(self, connection: Connection, round_id: str, voters: Collection[str], now: datetime) -> None:
        """Give each voter the right to one ballot in this round."""

    def cast(self, connection: Connection, round_id: str, voter: str, choice: str, now: datetime) -> None:
        """Put in a ballot: yes, no or abstain. Raises Forbidden (no right in this round), Conflict (`ROUND_CLOSED`,
        `ALREADY_VOTED`: the first one counts)."""

    def close(self, connection: Connection, round_id: str, now: datetime) -> Tally:
        """Count, and make the order of the ballots tell nothing. No ballot can be put in afterwards."""

    def progress(self, connection: Connection, round_id: str) -> tuple[int, int]:
        """(ballots cast, rights given)."""

    def has_voted(self, connection: Connection, round_id: str, voter: str) -> bool:
        """Whether this voter's ballot is in."""

    def may_vote(self, connection: Connection, round_id: str, voter: str) -> bool:
        """Whether this voter was given a right in this round, used or not."""


class TokenBox:
    """Tokens and slips in two tables of the register (see the module's text for what it does not promise)."""

    def __init__(self, chance: Random | None = None) -> None:
        self._chance = chance or SystemRandom()

    def issue(self, connection: Connection, round_id: str, voters: Collection[str], now: datetime) -> None:
        rows = [{"round_id": round_id, "expert_id": one, "issued_at": now, "used": False} for one in sorted(voters)]
        if rows:
            connection.execute(insert(ballot_token), rows)

    def cast(self, connection: Connection, round_id: str, voter: str, choice: str, now: datetime) -> None:
        if choice not in CHOICES:
            raise ValueError(f"no such choice: {choice!r}")
        if not self.may_vote(connection, round_id, voter):
            raise Forbidden(T("您没有领到这一轮的选票：只有投票开始时已签到、又不需回避的专家可以投票。"))
        open_now = select(ballot_round.c.id).where(
            ballot_round.c.id == round_id, ballot_round.c.status == "open", ballot_round.c.closes_at > now
        )
        if connection.execute(open_now).first() is None:
            raise Conflict(T("这一轮投票已经结束，不能再投。"), code="ROUND_CLOSED")
        # Of two at once exactly one finds the token unused.
        use = update(ballot_token).where(*_token(round_id, voter), ballot_token.c.used.is_(False)).values(used=True)
        if connection.execute(use).rowcount != 1:
            raise Conflict(T("您已经投过票，以第一次所投为准。"), code="ALREADY_VOTED")
        connection.execute(insert(ballot_slip).values(id=new_id(), round_id=round_id, choice=choice))

    def close(self, connection: Connection, round_id: str, now: datetime) -> Tally:
        slips = list(connection.scalars(select(ballot_slip.c.choice).where(ballot_slip.c.round_id == round_id)))
        cast, _ = self.progress(connection, round_id)
        if cast != len(slips):
            raise Refused(T("票箱里的票数与已投票的人数不符，不能计票。请立即联系管理员查明。"), code="BOX_BROKEN")
        connection.execute(delete(ballot_slip).where(ballot_slip.c.round_id == round_id))
        self._chance.shuffle(slips)
        if slips:
            rows = [{"id": new_id(), "round_id": round_id, "choice": choice} for choice in slips]
            connection.execute(insert(ballot_slip), rows)
        yes, no, abstain = (slips.count(choice) for choice in CHOICES)
        return Tally(yes, no, abstain, len(slips))

    def progress(self, connection: Connection, round_id: str) -> tuple[int, int]:
        mine = ballot_token.c.round_id == round_id
        issued = connection.execute(select(func.count()).select_from(ballot_token).where(mine)).scalar_one()
        used = select(func.count()).select_from(ballot_token).where(mine, ballot_token.c.used.is_(True))
        return connection.execute(used).scalar_one(), issued

    def has_voted(self, connection: Connection, round_id: str, voter: str) -> bool:
        query = select(ballot_token.c.used).where(*_token(round_id, voter))
        return bool(connection.execute(query).scalar())

    def may_vote(self, connection: Connection, round_id: str, voter: str) -> bool:
        return connection.execute(select(ballot_token.c.used).where(*_token(round_id, voter))).first() is not None


def broken(connection: Connection) -> list[str]:
    """I8: no more ballots than rights, a slip for every used right, and a closed round's totals are those of its slips."""
    tokens = {
        row.round_id: (row.used, row.issued)
        for row in connection.execute(
            select(
                ballot_token.c.round_id,
                func.count().label("issued"),
                func.count().filter(ballot_token.c.used.is_(True)).label("used"),
            ).group_by(ballot_token.c.round_id)
        )
    }
    slips: dict[str, dict[str, int]] = {}
    for row in connection.execute(
        select(ballot_slip.c.round_id, ballot_slip.c.choice, func.count().label("n")).group_by(
            ballot_slip.c.round_id, ballot_slip.c.choice
        )
    ):
        slips.setdefault(row.round_id, {})[row.choice] = row.n
    found = []
    for one in connection.execute(select(ballot_round).where(ballot_round.c.how == "box")):
        used, issued = tokens.get(one.id, (0, 0))
        inside = slips.get(one.id, {})
        if used != sum(inside.values()):
            found.append(f"I8 round {one.id}: {sum(inside.values())} slips, {used} used tokens")
        if issued != one.eligible or used > one.eligible:
            found.append(f"I8 round {one.id}: {issued} tokens, {used} used, {one.eligible} eligible")
        if one.status == "closed" and (one.yes, one.no, one.abstain) != tuple(inside.get(c, 0) for c in CHOICES):
            found.append(f"I8 round {one.id}: the totals are not those of the slips")
    return found


def _token(round_id: str, voter: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return ballot_token.c.round_id == round_id, ballot_token.c.expert_id == voter
