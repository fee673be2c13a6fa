"""Definitions: every version, its file, its statistics; starting a process."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import fields

from engine.commands.start_instance import StartInstance
from engine.queries.definitions import DefinitionList, DefinitionStatistics, DefinitionView, DefinitionXml
from engine.queries.reading import Page
from engine.queries.views import DefinitionItem, DefinitionStatisticsView
from web import security
from web.api.base import Blueprint, Instant, OneOf, Paging, Schema, once, page_of, text
from web.context import engine

blueprint = Blueprint("process-definitions", "Every version of every definition")

CONTENT_TYPES = {
    "process": "application/xml",
    "drawing": "application/xml",
    "decision": "application/xml",
    "form": "application/json",
    "test": "application/yaml",
}


class DefinitionSchema(Schema):
    id = fields.String()
    key = fields.String()
    kind = fields.String()
    version = fields.Integer()
    name = fields.String()
    file_name = fields.String()
    sha256 = fields.String()
    created_at = Instant()
    active = fields.Boolean()
    deployment_ids = fields.List(fields.String())
    starter_groups = fields.List(fields.String())
    may_start = fields.Boolean()


class DefinitionQuery(Paging):
    kind = fields.String(load_default=None, validate=OneOf(list(CONTENT_TYPES)))
    key = text(load_default=None)
    active = fields.Boolean(load_default=False)
    startable = fields.Boolean(load_default=False)


class ElementStatisticsSchema(Schema):
    element_id = fields.String()
    definition_key = fields.String()
    instances = fields.Integer()
    incidents = fields.Integer()
    completed = fields.Integer()
    median_seconds = fields.Float()


class StatisticsSchema(Schema):
    definition_id = fields.String()
    running = fields.Integer()
    completed = fields.Integer()
    cancelled = fields.Integer()
    elements = fields.List(fields.Nested(ElementStatisticsSchema))


class StartSchema(Schema):
    variables = fields.Dict(keys=fields.String(), load_default=dict)
    business_key = text(255, load_default=None, allow_none=True)


class StartedSchema(Schema):
    id = fields.String()
    definition_id = fields.String()
    business_key = fields.String()
    state = fields.String()
    revision = fields.Integer()


@blueprint.route("/process-definitions")
@blueprint.arguments(DefinitionQuery, location="query")
@blueprint.response(200, page_of(DefinitionSchema))
def listed(query: dict[str, Any]) -> Page[DefinitionItem]:
    """All versions; `active=true` keeps those of the active release."""
    return engine().ask(DefinitionList(actor=security.require_actor(), **query))


@blueprint.route("/process-definitions/<definition_id>")
@blueprint.response(200, DefinitionSchema)
def one(definition_id: str) -> DefinitionItem:
    """One version."""
    return engine().ask(DefinitionView(actor=security.require_actor(), definition_id=definition_id))


@blueprint.route("/process-definitions/<definition_id>/xml")
@blueprint.response(200, content_type="application/xml")
def file(definition_id: str) -> Response:
    """The file as it was uploaded. It is somebody's file: a browser must not show it as a page of ours."""
    found = engine().ask(DefinitionXml(actor=security.require_actor(), definition_id=definition_id))
    response = Response(found.content, content_type=CONTENT_TYPES.get(found.kind, "application/octet-stream"))
    response.headers.set("Content-Disposition", "attachment", filename=found.file_name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@blueprint.route("/process-definitions/<definition_id>/statistics")
@blueprint.response(200, StatisticsSchema)
def statistics(definition_id: str) -> DefinitionStatisticsView:
    """Instances, incidents and median waiting time per element."""
    return engine().ask(DefinitionStatistics(actor=security.require_actor(), definition_id=definition_id))


@blueprint.route("/process-definitions/key/<key>/start", methods=["POST"])
@blueprint.arguments(StartSchema, required=False)
@blueprint.response(201, StartedSchema)
def start_key(body: dict[str, Any], key: str) -> Any:
    """Start the process of this key in the active release."""
    return engine().run(StartInstance(actor=security.require_actor(), key=key, **body), once())


@blueprint.route("/process-definitions/<definition_id>/start", methods=["POST"])
@blueprint.arguments(StartSchema, required=False)
@blueprint.response(201, StartedSchema)
def start_id(body: dict[str, Any], definition_id: str) -> Any:
    """Start this version, if the active release holds it."""
    return engine().run(StartInstance(actor=security.require_actor(), definition_id=definition_id, **body), once())
