"""One instance put right by two persons."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from engine.commands.repairs import ConfirmRepair, DropRepair, ProposeRepair
from engine.queries.reading import Page
from engine.queries.repairs import Repairable, RepairItem, Repairs, Standing
from web import security
from web.api.base import (
    Blueprint,
    Empty,
    Instant,
    OneOf,
    Schema,
    Sentence,
    once,
    page_of,
    text,
)
from web.api.instances import StandSchema
from web.api.operating import DroppedSchema, WhySchema
from web.context import engine

blueprint = Blueprint("repairs", "One instance put right by two persons")


class StepSchema(Schema):
    kind = fields.String(required=True, validate=OneOf(["move", "set", "retry"]))
    token = text(64, shortest=1, required=True)
    to = text(255)
    name = text(100)
    value = fields.Raw(allow_none=True)


class ProposalSchema(Schema):
    reason = text(2000, shortest=1, required=True)
    steps = fields.List(fields.Nested(StepSchema), required=True)
    revision = fields.Integer(load_default=None, allow_none=True)


class ToldSchema(Schema):
    """One step as it is kept: what it changes, before and after."""

    kind = fields.String()
    token = fields.String()
    definition_key = fields.String()
    at = fields.String()
    at_name = fields.String()
    to = fields.String()
    to_name = fields.String()
    name = fields.String()
    had = fields.Boolean()
    before = fields.Raw()
    value = fields.Raw()
    element = fields.String()
    element_name = fields.String()


class ProposedSchema(Schema):
    id = fields.String()
    steps = fields.List(fields.Nested(ToldSchema))


class TargetSchema(Schema):
    element_id = fields.String()
    name = fields.String()
    reason = Sentence()


class PlaceSchema(Schema):
    token = fields.String()
    definition_key = fields.String()
    element_id = fields.String()
    name = fields.String()
    state = fields.String()
    fixed = Sentence()
    targets = fields.List(fields.Nested(TargetSchema))
    values = fields.Raw()
    sealed = Sentence()
    copy = fields.Integer()


class PlacesSchema(Schema):
    process_instance_id = fields.String()
    state = fields.String()
    revision = fields.Integer()
    places = fields.List(fields.Nested(PlaceSchema))


class RepairSchema(Schema):
    id = fields.String()
    process_instance_id = fields.String()
    definition_key = fields.String()
    business_key = fields.String()
    instance_state = fields.String()
    steps = fields.List(fields.Nested(ToldSchema))
    reason = fields.String()
    status = fields.String()
    stale = fields.Boolean()
    by = fields.String()
    at = Instant()
    decided_by = fields.String()
    decided_at = Instant()
    answer = fields.String()
    may_decide = fields.Boolean()
    may_withdraw = fields.Boolean()


class RepairQuery(Schema):
    process_instance_id = text(load_default=None)


@blueprint.route("/process-instances/<instance_id>/places")
@blueprint.response(200, PlacesSchema)
def places(instance_id: str) -> Standing:
    """The tokens of an instance: where each may be moved, why not elsewhere, and the variables that may be set."""
    return engine().ask(Repairable(security.require_actor(), instance_id))


@blueprint.route("/process-instances/<instance_id>/repairs", methods=["POST"])
@blueprint.arguments(ProposalSchema)
@blueprint.response(202, ProposedSchema)
def propose(body: dict[str, Any], instance_id: str) -> Any:
    """Propose to put an instance right; done when a second person confirms it. Each step is a move (`token`, `to`), a
    variable (`token`, `name`, `value`) or a retry (`token`)."""
    return engine().run(ProposeRepair(instance_id, security.require_actor(), **body), once())


@blueprint.route("/repairs")
@blueprint.arguments(RepairQuery, location="query")
@blueprint.response(200, page_of(RepairSchema))
def listed(query: dict[str, Any]) -> Page[RepairItem]:
    """Proposals that wait for a second person; with `processInstanceId` all proposals of that instance."""
    found = engine().ask(Repairs(security.require_actor(), **query))
    return Page(found, len(found))


@blueprint.route("/repairs/<repair_id>/confirm", methods=["POST"])
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, StandSchema)
def confirm(_body: dict[str, Any], repair_id: str) -> Any:
    """The second person agrees: it is done, and the instance runs on."""
    return engine().run(ConfirmRepair(repair_id, security.require_actor()), once())


@blueprint.route("/repairs/<repair_id>/drop", methods=["POST"])
@blueprint.arguments(WhySchema)
@blueprint.response(200, DroppedSchema)
def drop(body: dict[str, Any], repair_id: str) -> Any:
    """Not confirmed by the second person, or taken back by the first: nothing changes."""
    return engine().run(DropRepair(repair_id, security.require_actor(), body["reason"]), once())
