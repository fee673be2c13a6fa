"""What belongs to publishing a release: why, on what ground, who read and signed, when it takes effect; and what a change's tests showed."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Integer, Table, Text, UniqueConstraint

from engine.store.metadata import Id, UtcDateTime, metadata
from engine.store.tables import Hash, Key

# One row for a release that a person proposed or activated with a reason; a release without one was brought by a program.
release_review = Table(
    "release_review",
    metadata,
    Column("deployment_id", Id, ForeignKey("deployment.id"), primary_key=True),
    Column("change_id", Id, ForeignKey("change.id"), index=True),  # what it was made of; null for an upload
    Column("reason", Text, nullable=False),  # of who proposed it
    Column("document", Text),  # number of the policy document a new rule set stands on
    Column("preview_by", Key),  # who last read what it means for running cases
    Column("preview_at", UtcDateTime),
    Column("preview_of", Id),  # the release that was active then: over another one it has to be read again
    Column("agreed_by", Key),  # the second person
    Column("agreed_at", UtcDateTime),
    Column("agreed_reason", Text),
    Column("wanted_at", UtcDateTime),  # when the proposer wants it to take effect; null: at once
    Column("activate_at", UtcDateTime),  # when it takes effect by itself; null: nothing is agreed for later
    Column("agreed_hash", Hash),  # content of the release as it was agreed on and tested
    Column("ticket", Id),  # of the job that will do it; a job with another one does nothing
    Column("halted", JSON),  # why that job did not: [Text.dump(), …]
    Column("withdrawn_by", Key),
    Column("withdrawn_at", UtcDateTime),
    Column("withdrawn_reason", Text),
)

# An authority's word for a release that changes a rule set.
release_signature = Table(
    "release_signature",
    metadata,
    Column("deployment_id", Id, ForeignKey("deployment.id"), primary_key=True),
    Column("authority", Key, primary_key=True),  # the group that signs
    Column("username", Key, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("document", Text, nullable=False),  # the number that was signed
    UniqueConstraint("deployment_id", "username"),  # nobody signs for both
)

# What the scenario tests showed of a change when they were last played.
change_trial = Table(
    "change_trial",
    metadata,
    Column("change_id", Id, ForeignKey("change.id"), primary_key=True),
    Column("fingerprint", Hash, nullable=False),  # of the whole release they were played on
    Column("username", Key, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("passed", Integer, nullable=False),
    Column("failed", JSON, nullable=False),  # [{"file", "line", "element", "text": Text.dump()}, …]
)
