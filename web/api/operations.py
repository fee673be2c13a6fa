"""Messages from outside, decisions on their own, incidents, and the manual clock."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from engine.commands.evaluate_decision import EvaluateDecision
from engine.commands.move_clock import MoveClock
from engine.commands.publish_message import PublishMessage
from engine.commands.retry_incident import RetryIncident
from engine.queries.incidents import IncidentList
from engine.queries.reading import Page
from engine.queries.views import IncidentItem
from web import security
from web.api.base import Blueprint, Instant, OneOf, Paging, Schema, once, page_of, text
from web.api.instances import IncidentSchema, ReasonSchema, StandSchema
from web.context import engine

messages = Blueprint("messages", "Messages from outside")
decisions = Blueprint("decision-definitions", "Decision tables on their own")
incidents = Blueprint("incidents", "Steps that could not be done")
clock = Blueprint("clock", "The engine's clock")


class MessageSchema(Schema):
    name = text(255, shortest=1, required=True)
    business_key = text(255, load_default=None, allow_none=True)
    correlation = fields.Dict(keys=fields.String(), load_default=dict)
    variables = fields.Dict(keys=fields.String(), load_default=dict)
    keep = fields.Boolean(load_default=False)
    all = fields.Boolean(load_default=False)


class DeliveredSchema(Schema):
    delivered = fields.Integer()


class VariablesSchema(Schema):
    variables = fields.Dict(keys=fields.String(), load_default=dict)


class DecidedSchema(Schema):
    result = fields.Raw()
    matched_rules = fields.Raw()


class IncidentQuery(Paging):
    state = fields.String(load_default=None, validate=OneOf(["retrying", "open", "resolved"]))
    process_instance_id = text(load_default=None)
    definition_key = text(load_default=None)
    element_id = text(load_default=None)
    code = text(load_default=None)


class RetriedSchema(Schema):
    id = fields.String()
    state = fields.String()
    instance = fields.Nested(StandSchema)


class ClockSchema(Schema):
    now = Instant(required=True)


class MovedSchema(Schema):
    now = Instant()
    fired = fields.Integer()


class ClockViewSchema(Schema):
    now = Instant()
    manual = fields.Boolean()


@messages.route("/messages", methods=["POST"])
@messages.arguments(MessageSchema)
@messages.response(200, DeliveredSchema)
def publish(body: dict[str, Any]) -> Any:
    """Deliver to one who waits (`all`: to everybody); nobody waiting is 404 unless `keep` stores it for the next."""
    return engine().run(PublishMessage(actor=security.require_actor(), **body), once())


@decisions.route("/decision-definitions/key/<key>/evaluate", methods=["POST"])
@decisions.arguments(VariablesSchema, required=False)
@decisions.response(200, DecidedSchema)
def evaluate(body: dict[str, Any], key: str) -> Any:
    """Evaluate a table of the active release; changes nothing."""
    return engine().run(EvaluateDecision(key=key, actor=security.require_actor(), **body))


@incidents.route("/incidents")
@incidents.arguments(IncidentQuery, location="query")
@incidents.response(200, page_of(IncidentSchema))
def listed(query: dict[str, Any]) -> Page[IncidentItem]:
    """Incidents the caller may see, newest first; without `state` those not resolved."""
    return engine().ask(IncidentList(actor=security.require_actor(), **query))


@incidents.route("/incidents/<incident_id>/retry", methods=["POST"])
@incidents.arguments(ReasonSchema, required=False)
@incidents.response(200, RetriedSchema)
def retry(body: dict[str, Any], incident_id: str) -> Any:
    """Let the failed step run again."""
    return engine().run(RetryIncident(incident_id=incident_id, actor=security.require_actor(), **body), once())


@clock.route("/clock")
@clock.response(200, ClockViewSchema)
def read() -> dict[str, Any]:
    """What the engine takes for the present instant."""
    return {"now": engine().now(), "manual": engine().settings.clock == "manual"}


@clock.route("/clock", methods=["PUT"])
@clock.arguments(ClockSchema)
@clock.response(200, MovedSchema)
def move(body: dict[str, Any]) -> Any:
    """Move the manual clock forward, stopping at each due instant; backwards is 409."""
    return engine().run(MoveClock(now=body["now"], actor=security.require_actor()))
