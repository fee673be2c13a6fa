"""The engine's tables. Rows here are the truth for lists and due times; the state blob is the truth for tokens."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from engine.store.metadata import Id, UtcDateTime, metadata, one_of

Key = String(255)  # ids of BPMN elements, definitions and groups
Name = Text  # as long as the lint lets it be
Hash = String(64)  # sha256 as hex
# Short rows that are found by their key: SQLite keeps them in its order, and the key once instead of twice.
BY_KEY: Final[dict[str, Any]] = {"sqlite_with_rowid": False}


deployment = Table(
    "deployment",
    metadata,
    Column("id", Id, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("origin", String(16), nullable=False),
    Column("uploaded_by", Key, nullable=False),
    Column("uploaded_at", UtcDateTime, nullable=False),
    Column("activated_by", Key),
    Column("activated_at", UtcDateTime),
    Column("comment", Text, nullable=False),
    Column("parent_id", Id, ForeignKey("deployment.id")),
    Column("content_hash", Hash, nullable=False),
    Column("warnings", JSON, nullable=False),
    one_of("state", "candidate", "active", "superseded"),
    one_of("origin", "shipped", "person"),
)
# One release is active at a time, whatever two people do at once.
Index(
    "uq_deployment_active",
    deployment.c.state,
    unique=True,
    sqlite_where=deployment.c.state == "active",
    postgresql_where=deployment.c.state == "active",
)
Index("ix_deployment_uploaded_at", deployment.c.uploaded_at)

definition = Table(
    "definition",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Key, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", Name, nullable=False),
    Column("file_name", Name, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("sha256", Hash, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("starter_groups", JSON, nullable=False),  # of a process: candidateStarterGroups
    UniqueConstraint("kind", "key", "version"),
    one_of("kind", "process", "decision", "form", "test", "drawing"),
)

deployment_definition = Table(
    "deployment_definition",
    metadata,
    Column("deployment_id", Id, ForeignKey("deployment.id"), primary_key=True),
    Column("definition_id", Id, ForeignKey("definition.id"), primary_key=True, index=True),
    Column("brought", Boolean, nullable=False),  # by this upload; else carried over from the release active then
)

instance = Table(
    "instance",
    metadata,
    Column("id", Id, primary_key=True),
    Column("deployment_id", Id, ForeignKey("deployment.id"), nullable=False, index=True),
    Column("definition_id", Id, ForeignKey("definition.id"), nullable=False),
    Column("definition_key", Key, nullable=False),
    Column("business_key", Key, index=True),
    Column("state", String(16), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("started_by", Key, index=True),  # username; null when a message, timer or handler started it
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("end_element", Key),
    Column("reason", Text),  # given by whoever suspended or cancelled it
    # The end of its hash chain stands here: read and written under the same lock as everything else of the instance.
    Column("events", Integer, nullable=False),
    Column("head", Hash, nullable=False),
    one_of("state", "active", "completed", "incident", "suspended", "cancelled"),
)
Index("ix_instance_definition_state", instance.c.definition_id, instance.c.state)
Index("ix_instance_state_started", instance.c.state, instance.c.started_at)

instance_scope = Table(
    "instance_scope",
    metadata,
    Column("instance_id", Id, ForeignKey("instance.id"), primary_key=True),
    Column("scope", Key, primary_key=True, index=True),
    **BY_KEY,
)

# What a running case can be found by: the variables its process names in `filters` (engine/filters.py).
instance_value = Table(
    "instance_value",
    metadata,
    Column("instance_id", Id, ForeignKey("instance.id"), primary_key=True),
    Column("name", Key, primary_key=True),
    Column("value", Key, nullable=False),
    Column("outsiders", Text, nullable=False),  # groups that are not told it, ",a,b,"; a process names them
    **BY_KEY,
)
Index("ix_instance_value_value", instance_value.c.name, instance_value.c.value, instance_value.c.instance_id)

instance_state = Table(
    "instance_state",
    metadata,
    Column("instance_id", Id, ForeignKey("instance.id"), primary_key=True),
    Column("codec", Integer, nullable=False),
    Column("blob", LargeBinary, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    Column("variables", LargeBinary, nullable=False),  # of the top level, JSON by zstd, for reading alone
    Column("active", JSON, nullable=False),  # [{"element_id","name","definition_key","count"}]
)

task = Table(
    "task",
    metadata,
    Column("id", Id, primary_key=True),
    Column("instance_id", Id, ForeignKey("instance.id"), nullable=False),
    Column("definition_key", Key, nullable=False),
    Column("element_id", Key, nullable=False),
    Column("name", Name, nullable=False),
    Column("form_key", Key),
    Column("lane", Name),
    Column("scope", Key),
    Column("state", String(16), nullable=False),
    Column("assignee", Key),
    Column("assigned_at", UtcDateTime),
    Column("owner", Key),  # who delegated it
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    Column("follow_up_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("completed_by", Key),
    Column("revision", Integer, nullable=False),
    Column("properties", JSON, nullable=False),
    Column("data", LargeBinary, nullable=False),  # what the person works on, JSON by zstd
    one_of("state", "open", "completed", "cancelled"),
)
# An instance may have closed a thousand tasks, and each of its steps begins with those that are open. Nothing more stands in
# this index, so that PostgreSQL keeps the closed ones of an instance as one entry.
Index("ix_task_instance_state", task.c.instance_id, task.c.state)
# The work list is read from this index alone, in its order; what is done leaves it. The condition stands in the statement
# as a literal, because a database does not see that a parameter fits it.
task_open = task.c.state == literal_column("'open'")
Index(
    "ix_task_open",
    task.c.due_at,
    task.c.created_at,
    task.c.id,
    task.c.assignee,
    task.c.owner,
    task.c.instance_id,
    sqlite_where=task_open,
    postgresql_where=task_open,
)
Index("ix_task_open_assignee", task.c.assignee, sqlite_where=task_open, postgresql_where=task_open)

task_candidate = Table(
    "task_candidate",
    metadata,
    Column("task_id", Id, ForeignKey("task.id"), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("value", Key, primary_key=True),
    Column("scope", Key),  # of a group; null means the group everywhere
    one_of("kind", "group", "user"),
    **BY_KEY,
)
offered = task_candidate.c
Index("ix_task_candidate_value", offered.value, offered.kind, offered.scope, offered.task_id)

task_draft = Table(
    "task_draft",
    metadata,
    Column("task_id", Id, ForeignKey("task.id"), primary_key=True),
    Column("username", Key, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),  # what was typed, locked with the secret (engine/drafts.py)
    Column("saved_at", UtcDateTime, nullable=False),
)

timer = Table(
    "timer",
    metadata,
    Column("id", Id, primary_key=True),
    Column("instance_id", Id, ForeignKey("instance.id"), nullable=False, index=True),
    Column("definition_key", Key, nullable=False),
    Column("element_id", Key, nullable=False),
    Column("name", Name, nullable=False),
    Column("due_at", UtcDateTime, nullable=False, index=True),
)

waiting_message = Table(
    "waiting_message",
    metadata,
    Column("id", Id, primary_key=True),
    Column("instance_id", Id, ForeignKey("instance.id"), nullable=False, index=True),
    Column("definition_key", Key, nullable=False),
    Column("element_id", Key, nullable=False),
    Column("name", Name, nullable=False),
    Column("message", Key, nullable=False),
    Column("correlation", JSON, nullable=False),
    Column("anchor", Hash),  # digest of one name-value pair of the correlation, to be found by; null for none
)
Index("ix_waiting_message_anchor", waiting_message.c.message, waiting_message.c.anchor)

message = Table(
    "message",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Key, nullable=False),
    Column("business_key", Key),
    Column("correlation", JSON, nullable=False),
    Column("variables", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("source_instance_id", Id),
    Column("sent_by", Key),
    Column("created_at", UtcDateTime, nullable=False),
    Column("delivered_at", UtcDateTime),
    Column("delivered_to", Id),
    one_of("state", "pending", "kept", "delivered"),
)
Index("ix_message_state_name", message.c.state, message.c.name, message.c.business_key)

message_anchor = Table(
    "message_anchor",
    metadata,
    Column("message_id", Id, ForeignKey("message.id"), primary_key=True),
    Column("anchor", Hash, primary_key=True, index=True),  # one per name-value pair of the correlation
)

job = Table(
    "job",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", String(400), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("instance_id", Id),
    Column("payload", JSON, nullable=False),
    Column("run_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease", Id),  # fencing token of the worker that holds it
    Column("lease_until", UtcDateTime),  # by the wall clock, also where the engine's clock is manual
    Column("failed", Boolean, nullable=False),  # given up; an incident waits for a person
    Column("created_at", UtcDateTime, nullable=False),
    Column("problem", JSON),  # why it was given up: {"code", "text": forms.i18n.Text.dump()}
)
Index("ix_job_failed_run_at", job.c.failed, job.c.run_at)

effect = Table(
    "effect",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Key, nullable=False),
    Column("key", String(400), nullable=False, unique=True),
    Column("payload", JSON, nullable=False),
    Column("instance_id", Id),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
)
Index("ix_effect_sent_kind", effect.c.sent_at, effect.c.kind)

incident = Table(
    "incident",
    metadata,
    Column("id", Id, primary_key=True),
    Column("instance_id", Id, ForeignKey("instance.id"), nullable=False, index=True),
    Column("task_id", Id),  # of the step in the state; null when a job could not be done at all
    Column("job_id", Id),
    Column("definition_key", Key, nullable=False),
    Column("element_id", Key),
    Column("code", Key, nullable=False),
    Column("text", JSON, nullable=False),  # forms.i18n.Text.dump()
    Column("facts", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("retry_at", UtcDateTime),
    Column("resolved_by", Key),
    one_of("state", "retrying", "open", "resolved"),
)
Index("ix_incident_state_created", incident.c.state, incident.c.created_at)

# The lines that one transaction adds to one history, together: they are written and read together, and apart they took
# four times the room. `folded` are the very bytes the hashes cover; read them through engine/history.py.
event = Table(
    "event",
    metadata,
    Column("stream", String(64), primary_key=True),  # an instance's id, or the name of an office-wide stream
    Column("seq", Integer, primary_key=True),  # number of the last line
    Column("lines", Integer, nullable=False),  # how many
    Column("at", UtcDateTime, nullable=False),
    Column("revision", Integer),  # of the instance after the step they belong to; null where its state did not move
    Column("hash", LargeBinary, nullable=False),  # sha256 of the last line: what the next one continues
    Column("folded", LargeBinary, nullable=False),  # one canonical JSON per line, packed
)

chain = Table(
    "chain",
    metadata,
    Column("stream", String(64), primary_key=True),
    Column("events", Integer, nullable=False),
    Column("head", Hash, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("id", LargeBinary, primary_key=True),  # digest of account, route and key (engine/replies.py)
    Column("body", LargeBinary, nullable=False),  # digest of what was asked
    Column("reply", LargeBinary),  # packed JSON; null only while the command runs
    Column("created_at", UtcDateTime, nullable=False),  # no index: an hourly sweep reads the whole table
    **BY_KEY,
)

setting = Table(
    "setting",
    metadata,
    Column("key", Key, primary_key=True),
    Column("value", Text, nullable=False),
)

# A sign of life of the background work, once a minute; where two are far apart, nobody was there in between.
heartbeat = Table(
    "heartbeat",
    metadata,
    Column("name", Key, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)

silence = Table(
    "silence",
    metadata,
    Column("id", Id, primary_key=True),
    Column("from_at", UtcDateTime, nullable=False, unique=True),  # the last sign of life before
    Column("to_at", UtcDateTime, nullable=False),  # the first one after
    CheckConstraint("to_at > from_at", name="period"),
)

# --- operating ---------------------------------------------------------------------------------------------------------

# One row for each process that does background work, by the wall clock: so that somebody sees when there is none.
worker = Table(
    "worker",
    metadata,
    Column("id", Id, primary_key=True),
    Column("host", Key, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("stopped_at", UtcDateTime),  # in order; null where it runs, or was killed
)

# Ending somebody's case takes two persons.
cancellation = Table(
    "cancellation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("instance_id", Id, ForeignKey("instance.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("proposed_by", Key, nullable=False),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("decided_by", Key),
    Column("decided_at", UtcDateTime),
    Column("answer", Text),  # why it was not confirmed
    one_of("status", "proposed", "confirmed", "rejected", "withdrawn"),
    CheckConstraint("status NOT IN ('confirmed', 'rejected') OR decided_by <> proposed_by", name="two"),
)
Index(
    "uq_cancellation_open",
    cancellation.c.instance_id,
    unique=True,
    sqlite_where=cancellation.c.status == "proposed",
    postgresql_where=cancellation.c.status == "proposed",
)
Index("ix_cancellation_status", cancellation.c.status, cancellation.c.proposed_at)

# One case put right by hand takes two persons: tokens moved, variables set, steps tried again.
repair = Table(
    "repair",
    metadata,
    Column("id", Id, primary_key=True),
    Column("instance_id", Id, ForeignKey("instance.id"), nullable=False),
    Column("revision", Integer, nullable=False),  # of the instance as the proposer saw it
    Column("steps", JSON, nullable=False),  # as `engine.commands.repairs.Told`: what is done, with before and after
    Column("reason", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("proposed_by", Key, nullable=False),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("decided_by", Key),
    Column("decided_at", UtcDateTime),
    Column("answer", Text),  # why it was not confirmed
    one_of("status", "proposed", "confirmed", "rejected", "withdrawn", "lapsed"),
    CheckConstraint("status NOT IN ('confirmed', 'rejected') OR decided_by <> proposed_by", name="two"),
)
Index(
    "uq_repair_open",
    repair.c.instance_id,
    unique=True,
    sqlite_where=repair.c.status == "proposed",
    postgresql_where=repair.c.status == "proposed",
)
Index("ix_repair_status", repair.c.status, repair.c.proposed_at)

# Many incidents of one cause tried again with one reason, each in a job of its own.
retry_batch = Table(
    "retry_batch",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", Key, nullable=False),
    Column("definition_key", Key),  # null: at whatever step
    Column("element_id", Key),
    Column("reason", Text, nullable=False),
    Column("asked_by", Key, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
)
Index("ix_retry_batch_asked_at", retry_batch.c.asked_at)

retry_item = Table(
    "retry_item",
    metadata,
    Column("batch_id", Id, ForeignKey("retry_batch.id"), primary_key=True),
    Column("incident_id", Id, ForeignKey("incident.id"), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("at", UtcDateTime),
    Column("text", JSON),  # why it did not work
    one_of("state", "waiting", "worked", "failed", "skipped"),
)
