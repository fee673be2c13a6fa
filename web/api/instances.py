"""Running and finished process instances."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from engine.commands.cancellations import ProposeCancellation
from engine.commands.resume_instance import ResumeInstance
from engine.commands.suspend_instance import SuspendInstance
from engine.queries.instance_events import InstanceEvents
from engine.queries.instance_list import InstanceList
from engine.queries.instance_view import InstanceView
from engine.queries.reading import Page
from engine.queries.views import EventItem, InstanceItem
from web import security
from web.api.base import (
    Blueprint,
    Empty,
    Instant,
    Names,
    OneOf,
    Paging,
    Schema,
    Sentence,
    once,
    page_of,
    plain,
    sorting,
    text,
)
from web.context import engine

blueprint = Blueprint("process-instances", "Running and finished instances")


class InstanceSchema(Schema):
    id = fields.String()
    definition_id = fields.String()
    definition_key = fields.String()
    definition_name = fields.String()
    definition_version = fields.Integer()
    deployment_id = fields.String()
    business_key = fields.String()
    state = fields.String()
    revision = fields.Integer()
    started_by = fields.String()
    started_at = Instant()
    ended_at = Instant()
    end_element = fields.String()
    reason = fields.String()


class ActiveElementSchema(Schema):
    element_id = fields.String()
    name = fields.String()
    definition_key = fields.String()
    count = fields.Integer()


class TimerSchema(Schema):
    id = fields.String()
    element_id = fields.String()
    name = fields.String()
    definition_key = fields.String()
    due_at = Instant()


class WaitingSchema(Schema):
    id = fields.String()
    element_id = fields.String()
    name = fields.String()
    definition_key = fields.String()
    message = fields.String()


class IncidentSchema(Schema):
    id = fields.String()
    process_instance_id = fields.String()
    business_key = fields.String()
    definition_key = fields.String()
    element_id = fields.String()
    task_id = fields.String()
    code = fields.String()
    message = Sentence()
    state = fields.String()
    attempts = fields.Integer()
    created_at = Instant()
    changed_at = Instant()
    retry_at = Instant()
    resolved_by = fields.String()


class InstanceDetailSchema(InstanceSchema):
    variables = fields.Raw()
    active_elements = fields.List(fields.Nested(ActiveElementSchema))
    timers = fields.List(fields.Nested(TimerSchema))
    waiting = fields.List(fields.Nested(WaitingSchema))
    incidents = fields.List(fields.Nested(IncidentSchema))
    scopes = fields.List(fields.String())
    may = Names()


class InstanceQuery(Paging):
    state = fields.String(
        load_default=None, validate=OneOf(["active", "completed", "incident", "suspended", "cancelled"])
    )
    definition_key = text(load_default=None)
    business_key = text(load_default=None)
    started_by = text(load_default=None)
    q = text(load_default=None)
    sort_by, sort_order = sorting("started_at", "ended_at", "business_key", default="started_at", order="desc").values()


class EventSchema(Schema):
    seq = fields.Integer()
    at = Instant()
    actor = fields.String()
    actor_name = fields.String()
    kind = fields.String()
    element_id = fields.String()
    name = fields.String()
    definition_key = fields.String()
    task_id = fields.String()
    data = fields.Raw()
    text = Sentence()
    hash = fields.String()


class EventQuery(Paging):
    newest_first = fields.Boolean(load_default=False)


class ReasonSchema(Schema):
    reason = text(2000, load_default="")


class StandSchema(Schema):
    id = fields.String()
    state = fields.String()
    revision = fields.Integer()


class CancelledSchema(StandSchema):
    cancellation = fields.String()


@blueprint.route("/process-instances")
@blueprint.arguments(InstanceQuery, location="query")
@blueprint.response(200, page_of(InstanceSchema))
def listed(query: dict[str, Any]) -> Page[InstanceItem]:
    """Instances the caller may see."""
    return engine().ask(InstanceList(actor=security.require_actor(), **query))


@blueprint.route("/process-instances/<instance_id>")
@blueprint.response(200, InstanceDetailSchema)
def one(instance_id: str) -> dict[str, Any]:
    """Where an instance stands, with its variables."""
    found = engine().ask(InstanceView(actor=security.require_actor(), instance_id=instance_id))
    return plain(found.instance) | {k: v for k, v in plain(found).items() if k not in ("instance", "tasks")}


@blueprint.route("/process-instances/<instance_id>/events")
@blueprint.arguments(EventQuery, location="query")
@blueprint.response(200, page_of(EventSchema))
def events(query: dict[str, Any], instance_id: str) -> Page[EventItem]:
    """Everything that happened, oldest first, each line with its hash."""
    return engine().ask(InstanceEvents(actor=security.require_actor(), instance_id=instance_id, **query))


@blueprint.route("/process-instances/<instance_id>/suspend", methods=["POST"])
@blueprint.arguments(ReasonSchema, required=False)
@blueprint.response(200, StandSchema)
def suspend(body: dict[str, Any], instance_id: str) -> Any:
    """Let nothing move in it."""
    return engine().run(SuspendInstance(instance_id=instance_id, actor=security.require_actor(), **body), once())


@blueprint.route("/process-instances/<instance_id>/resume", methods=["POST"])
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, StandSchema)
def resume(_body: dict[str, Any], instance_id: str) -> Any:
    """Let it go on."""
    return engine().run(ResumeInstance(instance_id=instance_id, actor=security.require_actor()), once())


@blueprint.route("/process-instances/<instance_id>/cancel", methods=["POST"])
@blueprint.arguments(ReasonSchema, required=False)
@blueprint.response(200, CancelledSchema)
@blueprint.alt_response(202, schema=CancelledSchema)
def cancel(body: dict[str, Any], instance_id: str) -> Any:
    """End it for good. Where its process asks for two persons (`cancelledBy`) and others have worked in it, this is a proposal
    (202, `cancellation` is its id), and the case ends once a second person confirms it."""
    command = ProposeCancellation(instance_id=instance_id, actor=security.require_actor(), **body)
    answer = engine().run(command, once())
    return (answer, 202) if answer["cancellation"] else answer
