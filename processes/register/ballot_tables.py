"""The tables of votes: every round with its totals, and the box with its tokens and slips.

A token says who may vote and whether they did; a slip says what was voted. Nothing joins the two: a slip has no expert, no
time and a random id, and all slips of a round are written anew in random order when it closes (R-71, S12).
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from engine.store.metadata import Id, UtcDateTime, metadata, one_of
from processes.register.columns import Key, together

CHOICES = ("yes", "no", "abstain")

# The law's arithmetic stands in the database too: a result that the counts do not bear cannot be kept.
_PASSED = "3 * present >= 2 * size AND 3 * yes >= 2 * present"
_SUM = (
    "(coalesce(result, '') IN ('no_quorum', 'deferred') AND yes + no + abstain = 0) OR (how = 'paper' AND yes + no + abstain = eligible)"
    " OR (how = 'box' AND yes + no + abstain <= eligible)"
)
_OPERATORS = (
    "(how = 'paper' AND first_operator IS NOT NULL AND second_operator IS NOT NULL AND first_operator <> second_operator)"
    " OR (how = 'box' AND first_operator IS NULL AND second_operator IS NULL)"
)
ballot_round = Table(
    "ballot_round",
    metadata,
    Column("id", Id, primary_key=True),
    Column("meeting_id", Id, ForeignKey("review_meeting.id"), nullable=False),
    Column("application_id", Id, ForeignKey("application.id"), nullable=False, index=True),
    Column("round_no", Integer, nullable=False),
    Column("how", String(8), nullable=False),
    Column("status", String(8), nullable=False),
    Column("opened_at", UtcDateTime),
    Column("closes_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("size", Integer, nullable=False),  # of the committee
    Column("present", Integer, nullable=False),  # the denominator of this case
    Column("recused", Integer, nullable=False),  # who were there and stood back from this case
    Column("eligible", Integer, nullable=False),  # who could vote; without a quorum nobody
    Column("quorum_needed", Integer, nullable=False),
    Column("yes", Integer),
    Column("no", Integer),
    Column("abstain", Integer),  # slips that say so; who handed none in is eligible - yes - no - abstain
    Column("result", String(16)),
    Column("first_operator", Key),
    Column("second_operator", Key),
    Column("decided_at", UtcDateTime),
    Column("void", Boolean, nullable=False),
    Column("void_reason", Text),
    Column("voided_by", Key),
    Column("void_confirmed_by", Key),
    Column("voided_at", UtcDateTime),
    UniqueConstraint("meeting_id", "application_id", "round_no"),
    one_of("how", "box", "paper"),
    one_of("status", "open", "closed"),
    one_of("result", "passed", "failed", "no_quorum", "deferred"),
    CheckConstraint("present >= 0 AND present <= size AND yes >= 0 AND no >= 0 AND abstain >= 0", name="counts"),
    CheckConstraint("recused >= 0 AND eligible >= 0 AND eligible <= present", name="eligible"),
    CheckConstraint(f"yes IS NULL OR {_SUM}", name="sum"),
    CheckConstraint(f"result <> 'passed' OR ({_PASSED})", name="passed"),
    CheckConstraint(_OPERATORS, name="two_operators"),
    CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed"),
    CheckConstraint("status = 'closed' OR (how = 'box' AND NOT void)", name="open"),
    CheckConstraint(
        "coalesce(result, '') IN ('no_quorum', 'deferred') OR how = 'paper' OR opened_at IS NOT NULL",
        name="opened_first",
    ),
    CheckConstraint("closes_at > opened_at", name="window"),
    together("opened_at", "closes_at", name="opened"),
    together("yes", "no", "abstain", "closed_at", name="counted"),
    together("result", "decided_at", name="decided"),
    CheckConstraint("result IS NULL OR status = 'closed'", name="decided_when_closed"),
    CheckConstraint("void = (void_reason IS NOT NULL)", name="void"),
    together("void_reason", "voided_by", "void_confirmed_by", "voided_at", name="void_signed"),
    CheckConstraint("voided_by <> void_confirmed_by", name="void_two_persons"),
)
# A case has one standing round in a meeting; another needs the first one voided.
_STANDING = ballot_round.c.void.is_(False)
Index(
    "uq_ballot_round_standing",
    ballot_round.c.meeting_id,
    ballot_round.c.application_id,
    unique=True,
    sqlite_where=_STANDING,
    postgresql_where=_STANDING,
)
# One case after the other: a meeting has one open round at most.
_OPEN = ballot_round.c.status == "open"
Index(
    "uq_ballot_round_open",
    ballot_round.c.meeting_id,
    unique=True,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)

ballot_token = Table(
    "ballot_token",
    metadata,
    Column("round_id", Id, ForeignKey("ballot_round.id"), primary_key=True),
    Column("expert_id", Id, ForeignKey("expert.id"), primary_key=True),
    Column("issued_at", UtcDateTime, nullable=False),  # of all tokens of a round alike
    Column("used", Boolean, nullable=False),
)

# Without row ids SQLite keeps the rows in the order of their random key, not in that of the voting.
ballot_slip = Table(
    "ballot_slip",
    metadata,
    Column("id", Id, primary_key=True),
    Column("round_id", Id, nullable=False, index=True),
    Column("choice", String(8), nullable=False),
    one_of("choice", *CHOICES),
    ForeignKeyConstraint(["round_id"], ["ballot_round.id"], name="fk_ballot_slip_round_id"),
    sqlite_with_rowid=False,
)
