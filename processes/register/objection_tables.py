"""The tables of objections, what was found about them, and of days given back after an outage.

Names and telephones of objectors are sealed; no other table, event, variable or log holds them.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from engine.store.metadata import Id, UtcDateTime, metadata, one_of
from processes.register.columns import Hash, Key, together

GROUNDS = ("education", "seniority", "false_performance", "plagiarism", "procedure", "recusal", "post", "other")
FINDINGS = ("proven", "partly_proven", "unfounded", "unverifiable")
PROPOSALS = ("cancel", "redo", "continue")
VIA = ("online", "paper", "phone")

objection = Table(
    "objection",
    metadata,
    Column("id", Id, primary_key=True),
    Column("receipt_no", String(40), nullable=False, unique=True),  # 100 random bits: knowing it is the right to ask
    Column("nonce", Hash, unique=True),  # sha256 of the page's nonce: the same page sent twice is one objection
    Column("notice_id", Id, ForeignKey("publicity_notice.id"), nullable=False),
    Column("item_id", Id, ForeignKey("publicity_item.id"), index=True),  # none: against the notice as a whole
    Column("received_at", UtcDateTime, nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),  # later than `received_at` where it came on paper
    Column("via", String(8), nullable=False),
    Column("registered_by", Key),  # who entered a paper or telephone objection
    Column("registered_note", Text),
    Column("grounds", JSON, nullable=False),  # some of GROUNDS
    Column("text", Text, nullable=False),
    Column("evidence", JSON, nullable=False),  # attachment ids
    Column("real_name", Boolean, nullable=False),
    Column("contact_name", LargeBinary),  # sealed
    Column("contact_phone", LargeBinary),  # sealed
    Column("timely", Boolean, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("instance_id", Id, index=True),  # of P07; chosen when its start is asked for
    Column("concluded_at", UtcDateTime),
    one_of("via", *VIA),
    one_of("kind", "objection", "tip_off"),
    one_of("status", "received", "investigating", "concluded"),
    CheckConstraint("length(text) BETWEEN 20 AND 2000", name="text"),
    CheckConstraint("received_at <= registered_at", name="received"),
    CheckConstraint("timely = (kind = 'objection')", name="late_is_a_tip_off"),
    CheckConstraint("kind = 'tip_off' OR instance_id IS NOT NULL", name="timely_is_investigated"),
    CheckConstraint("status = 'received' OR instance_id IS NOT NULL", name="investigated_in_an_instance"),
    CheckConstraint("(status = 'concluded') = (concluded_at IS NOT NULL)", name="concluded"),
    CheckConstraint("(via = 'online') = (registered_by IS NULL)", name="registered_by"),
    CheckConstraint("real_name = (contact_name IS NOT NULL)", name="real_name"),
    together("contact_name", "contact_phone", name="contact"),
    together("registered_by", "registered_note", name="registered"),
)
Index("ix_objection_notice_received", objection.c.notice_id, objection.c.received_at)

investigation = Table(
    "investigation",
    metadata,
    Column("objection_id", Id, ForeignKey("objection.id"), primary_key=True),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("opened_by", Key),  # who made a case of a tip-off; nobody for a timely objection
    Column("due_at", UtcDateTime, nullable=False),  # later once an extension is approved
    Column("latest_at", UtcDateTime, nullable=False),  # no extension goes beyond it
    Column("investigator", Key),  # user name
    Column("question", Text),  # what unit and candidate are asked; names no objector
    Column("unit_statement", Text),
    Column("unit_stated_at", UtcDateTime),
    Column("candidate_statement", Text),
    Column("candidate_stated_at", UtcDateTime),
    Column("extended_by", Key),
    Column("extended_at", UtcDateTime),
    Column("extension_reason", Text),
    Column("finding", String(16)),
    Column("facts", Text),
    Column("evidence", JSON),  # attachment ids of the investigator's
    Column("proposal", String(16)),
    Column("articles", Text),
    Column("concluded_by", Key),
    Column("concluded_at", UtcDateTime),
    Column("signed_by", Key),
    Column("signed_at", UtcDateTime),
    Column("outcome", String(16)),
    Column("reply", Text),  # to a real-name objector, who reads it with the receipt number
    Column("reply_due_at", UtcDateTime),
    Column("replied_by", Key),
    Column("replied_at", UtcDateTime),
    one_of("finding", *FINDINGS),
    one_of("proposal", *PROPOSALS),
    one_of("outcome", "upheld", "redo", "not_upheld"),
    CheckConstraint("due_at <= latest_at", name="longest"),
    CheckConstraint("signed_by IS NULL OR signed_by <> concluded_by", name="four_eyes"),
    together("extended_by", "extended_at", "extension_reason", name="extension"),
    together("finding", "facts", "proposal", "articles", "concluded_by", "concluded_at", name="conclusion"),
    together("signed_by", "signed_at", "outcome", name="signature"),
    together("reply", "replied_by", "replied_at", name="reply"),
    CheckConstraint("outcome IS NULL OR finding IS NOT NULL", name="outcome_needs_a_finding"),
)

compensation = Table(
    "outage_compensation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("from_at", UtcDateTime, nullable=False),  # the last sign of life
    Column("to_at", UtcDateTime, nullable=False),  # the next one
    Column("reason", Text, nullable=False),
    Column("offered_by", Key, nullable=False),
    Column("offered_at", UtcDateTime, nullable=False),
    Column("confirmed_by", Key),
    Column("confirmed_at", UtcDateTime),
    UniqueConstraint("from_at", "to_at"),
    CheckConstraint("to_at > from_at", name="period"),
    CheckConstraint("confirmed_by IS NULL OR confirmed_by <> offered_by", name="four_eyes"),
    together("confirmed_by", "confirmed_at", name="confirmation"),
)

supplementary_period = Table(
    "supplementary_period",
    metadata,
    Column("notice_id", Id, ForeignKey("publicity_notice.id"), primary_key=True),
    Column("compensation_id", Id, ForeignKey("outage_compensation.id"), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column(
        "objections_until", UtcDateTime, nullable=False
    ),  # an objection before it is in time, though the notice has closed
    CheckConstraint("objections_until > opened_at", name="period"),
)
