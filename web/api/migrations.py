"""Running instances moved to another release: what would become of each, doing it in the background, taking it back."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from engine.moving.commands import MoveInstances, StopMoving, UndoMoving
from engine.moving.queries import MoveBatch, Moved, MovePreview, Preview
from web import security
from web.api.base import Blueprint, Empty, Instant, Schema, Sentence, once, plain, text
from web.context import engine

blueprint = Blueprint("migrations", "Running instances moved to another release")


class MigrationSchema(Schema):
    """`from`, `to`: a deployment's id, or a process definition's (the newest deployment that holds it). `mapping`: `{process: {old
    element: new element}}`, or `{old element: new element}` for whichever process has it; null for a boundary event that is not waited for
    any more. Without `instances` all that run on `from`."""

    source = text(data_key="from", load_default=None, allow_none=True)
    target = text(data_key="to", shortest=1, required=True)
    mapping = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), load_default=dict, allow_none=True)
    instances = fields.List(fields.String(), load_default=None, allow_none=True)


class ExecutionSchema(MigrationSchema):
    reason = text(2000, load_default=None, allow_none=True)


class StandingSchema(Schema):
    definition_key = fields.String()
    element_id = fields.String()
    name = fields.String()


class ObstacleSchema(Schema):
    code = fields.String()
    definition_key = fields.String()
    element_id = fields.String()
    name = fields.String()
    message = Sentence(attribute="text")


class VerdictSchema(Schema):
    process_instance_id = fields.String(attribute="instance_id")
    definition_key = fields.String()
    business_key = fields.String()
    deployment_id = fields.String()
    can_migrate = fields.Boolean(attribute="may_move")
    active_elements = fields.List(fields.Nested(StandingSchema), attribute="standing")
    problems = fields.List(fields.Nested(ObstacleSchema), attribute="obstacles")
    notes = fields.List(fields.Nested(ObstacleSchema))


class MigrationPreviewSchema(Schema):
    target = fields.String(data_key="to")
    items = fields.List(fields.Nested(VerdictSchema), attribute="judged")
    total = fields.Integer()
    can_migrate = fields.Integer(attribute="movable")
    left = fields.Integer()


class MigrationStartedSchema(Schema):
    id = fields.String()
    total = fields.Integer()
    left = fields.Integer()


class NotMovedSchema(Schema):
    process_instance_id = fields.String(attribute="instance_id")
    definition_key = fields.String()
    business_key = fields.String()
    state = fields.String()
    at = Instant()
    messages = fields.List(Sentence())


class MigrationBatchSchema(Schema):
    id = fields.String()
    target = fields.String(data_key="to")
    source = fields.String(data_key="from")
    state = fields.String()
    reason = fields.String()
    by = fields.String()
    at = Instant()
    total = fields.Integer()
    waiting = fields.Integer()
    moved = fields.Integer()
    failed = fields.Integer()
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    items = fields.List(fields.Nested(NotMovedSchema))


class UndoSchema(Schema):
    reason = text(2000, load_default=None, allow_none=True)


class MigrationStoppedSchema(Schema):
    id = fields.String()
    stopped = fields.Integer()


class MigrationUndoneSchema(Schema):
    id = fields.String()
    count = fields.Integer()


def _asked(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "mapping": body["mapping"] or {}, "actor": security.require_actor()}


@blueprint.route("/migrations/preview", methods=["POST"])
@blueprint.arguments(MigrationSchema)
@blueprint.response(200, MigrationPreviewSchema)
def preview(body: dict[str, Any]) -> dict[str, Any]:
    """What would become of each instance: whether it can be moved, and why not."""
    found: Preview = engine().ask(MovePreview(**_asked(body)))
    return plain(found, movable=found.movable, total=len(found.judged))


@blueprint.route("/migrations/execute", methods=["POST"])
@blueprint.arguments(ExecutionSchema)
@blueprint.response(202, MigrationStartedSchema)
def execute(body: dict[str, Any]) -> Any:
    """Move them, each in a transaction of its own, in the background. What cannot be moved stays and says why."""
    return engine().run(MoveInstances(**_asked(body)), once())


@blueprint.route("/migrations/<batch_id>")
@blueprint.response(200, MigrationBatchSchema)
def show(batch_id: str) -> dict[str, Any]:
    """How far it is, and what was not moved."""
    found: Moved = engine().ask(MoveBatch(security.require_actor(), batch_id))
    return plain(
        found,
        state=found.state,
        total=found.total,
        waiting=found.counts.get("waiting", 0) + found.counts.get("returning", 0),
        moved=found.counts.get("moved", 0),
        failed=found.counts.get("refused", 0) + found.counts.get("stuck", 0),
    )


@blueprint.route("/migrations/<batch_id>/stop", methods=["POST"])
@blueprint.arguments(Empty)
@blueprint.response(200, MigrationStoppedSchema)
def stop(_body: dict[str, Any], batch_id: str) -> Any:
    """What has not been moved yet stays where it is."""
    return engine().run(StopMoving(batch_id, security.require_actor()), once())


@blueprint.route("/migrations/<batch_id>/undo", methods=["POST"])
@blueprint.arguments(UndoSchema)
@blueprint.response(202, MigrationUndoneSchema)
def undo(body: dict[str, Any], batch_id: str) -> Any:
    """Take back every instance that has not gone on since."""
    return engine().run(UndoMoving(batch_id, security.require_actor(), body["reason"]), once())
