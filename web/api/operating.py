"""For those who keep the office running: what stands still and why, trying many again, background work, ending a case by two."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from engine import causes
from engine.commands.cancellations import ConfirmCancellation, DropCancellation
from engine.commands.retry_many import RetryJob, RetryMany
from engine.queries.incidents import IncidentGroups
from engine.queries.operation import (
    CancellationItem,
    Cancellations,
    JobItem,
    JobList,
    RetriedMany,
    RetryBatch,
)
from engine.queries.reading import Page
from web import security
from web.api.base import (
    Blueprint,
    Empty,
    Instant,
    OneOf,
    Paging,
    Schema,
    Sentence,
    once,
    page_of,
    plain,
    text,
)
from web.api.instances import StandSchema
from web.context import engine

groups = Blueprint("incident-groups", "Steps that could not be done, by cause")
jobs = Blueprint("jobs", "Background work")
cancellations = Blueprint("cancellations", "Cases proposed to be ended")


class StandingStepSchema(Schema):
    definition_key = fields.String()
    element_id = fields.String()
    open = fields.Integer()
    retrying = fields.Integer()
    since = Instant()


class GroupSchema(Schema):
    code = fields.String()
    title = Sentence()
    todo = Sentence()
    open = fields.Integer()
    retrying = fields.Integer()
    since = Instant()
    steps = fields.List(fields.Nested(StandingStepSchema))


class GroupsSchema(Schema):
    items = fields.List(fields.Nested(GroupSchema))
    total = fields.Integer()


class RetryManySchema(Schema):
    code = text(255, shortest=1, required=True)
    definition_key = text(255, load_default=None, allow_none=True)
    element_id = text(255, load_default=None, allow_none=True)
    reason = text(2000, shortest=1, required=True)


class AskedSchema(Schema):
    batch_id = fields.String()
    count = fields.Integer()
    left = fields.Integer()


class RetriedItemSchema(Schema):
    incident_id = fields.String()
    process_instance_id = fields.String()
    definition_key = fields.String()
    element_id = fields.String()
    business_key = fields.String()
    state = fields.String()
    at = Instant()
    message = Sentence()


class BatchSchema(Schema):
    id = fields.String()
    code = fields.String()
    reason = fields.String()
    by = fields.String()
    at = Instant()
    over = fields.Boolean()
    total = fields.Integer()
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    items = fields.List(fields.Nested(RetriedItemSchema))


class JobSchema(Schema):
    id = fields.String()
    key = fields.String()
    kind = fields.String()
    process_instance_id = fields.String()
    state = fields.String()
    run_at = Instant()
    created_at = Instant()
    attempts = fields.Integer()
    code = fields.String()
    message = Sentence()


class JobQuery(Paging):
    state = fields.String(load_default=None, validate=OneOf(["waiting", "running", "failed"]))


class WhySchema(Schema):
    reason = text(2000, shortest=1, required=True)


class RevivedSchema(Schema):
    id = fields.String()
    key = fields.String()


class CancellationSchema(Schema):
    id = fields.String()
    process_instance_id = fields.String()
    definition_key = fields.String()
    business_key = fields.String()
    instance_state = fields.String()
    reason = fields.String()
    status = fields.String()
    by = fields.String()
    at = Instant()
    decided_by = fields.String()
    decided_at = Instant()
    answer = fields.String()
    may_decide = fields.Boolean()
    may_withdraw = fields.Boolean()


class CancellationQuery(Schema):
    process_instance_id = text(load_default=None)


class DroppedSchema(Schema):
    status = fields.String()


@groups.route("/incidents/groups")
@groups.response(200, GroupsSchema)
def grouped() -> dict[str, Any]:
    """What stands still, by cause: what it means and what to do next, in the caller's language."""
    found = engine().ask(IncidentGroups(security.require_actor()))
    items = []
    for one in found:
        cause = causes.of(one.code)
        items.append(
            plain(one, open=one.open, retrying=one.retrying, since=one.since, title=cause.title, todo=cause.todo)
        )
    return {"items": items, "total": len(items)}


@groups.route("/incidents/retry", methods=["POST"])
@groups.arguments(RetryManySchema)
@groups.response(202, AskedSchema)
def retry_many(body: dict[str, Any]) -> Any:
    """Let everything run again that stands still for one cause; done in the background."""
    return engine().run(RetryMany(actor=security.require_actor(), **body), once())


@groups.route("/incidents/retries/<batch_id>")
@groups.response(200, BatchSchema)
def retried(batch_id: str) -> RetriedMany:
    """How far it is, and what did not work."""
    return engine().ask(RetryBatch(security.require_actor(), batch_id))


@jobs.route("/jobs")
@jobs.arguments(JobQuery, location="query")
@jobs.response(200, page_of(JobSchema))
def listed(query: dict[str, Any]) -> Page[JobItem]:
    """Background work that waits, runs, or was given up."""
    return engine().ask(JobList(actor=security.require_actor(), **query))


@jobs.route("/jobs/<job_id>/retry", methods=["POST"])
@jobs.arguments(WhySchema)
@jobs.response(200, RevivedSchema)
def revive(body: dict[str, Any], job_id: str) -> Any:
    """Let a piece of work run again that was given up and belongs to no case."""
    return engine().run(RetryJob(job_id, security.require_actor(), body["reason"]), once())


@cancellations.route("/cancellations")
@cancellations.arguments(CancellationQuery, location="query")
@cancellations.response(200, page_of(CancellationSchema))
def proposed(query: dict[str, Any]) -> Page[CancellationItem]:
    """Cases proposed to be ended that wait for a second person; with `processInstanceId` all proposals of that case."""
    found = engine().ask(Cancellations(security.require_actor(), **query))
    return Page(found, len(found))


@cancellations.route("/cancellations/<cancellation_id>/confirm", methods=["POST"])
@cancellations.arguments(Empty, required=False)
@cancellations.response(200, StandSchema)
def confirm(_body: dict[str, Any], cancellation_id: str) -> Any:
    """The second person agrees: the case ends."""
    return engine().run(ConfirmCancellation(cancellation_id, security.require_actor()), once())


@cancellations.route("/cancellations/<cancellation_id>/drop", methods=["POST"])
@cancellations.arguments(WhySchema)
@cancellations.response(200, DroppedSchema)
def drop(body: dict[str, Any], cancellation_id: str) -> Any:
    """Not confirmed by the second person, or taken back by the first: the case goes on."""
    return engine().run(DropCancellation(cancellation_id, security.require_actor(), body["reason"]), once())
