"""Releases: upload, look at, activate."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response, request
from marshmallow import fields

from engine.commands.activate_deployment import ActivateDeployment
from engine.commands.deploy import Deploy
from engine.errors import Invalid
from engine.queries.deployments import DeploymentList, DeploymentView
from engine.queries.reading import Page
from engine.queries.views import DeploymentItem
from engine.studio.bundle import ExportDeployment
from forms.i18n import T, Text
from web import security
from web.api.base import Blueprint, Instant, Names, OneOf, Paging, Schema, files_body, once, page_of, plain
from web.context import engine

blueprint = Blueprint("deployments", "Releases of process definitions")

MOST_FILES = 500


class Warnings(fields.Field):
    """Findings of the lint that did not refuse the release, told in the caller's language."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> list[dict[str, Any]]:
        return [
            {
                "file": found.get("file"),
                "line": found.get("line"),
                "element": found.get("element"),
                "code": found.get("code"),
                "message": str(Text.load(found["text"])) if found.get("text") else found.get("message"),
            }
            for found in value or ()
        ]


class ActivateSchema(Schema):
    """`reason` is kept; `at`, with its zone, lets the release take effect later by itself."""

    reason = fields.String(load_default="", validate=ma.validate.Length(max=2000))
    at = Instant(load_default=None, allow_none=True)


class DefinitionRef(Schema):
    id = fields.String()
    key = fields.String()
    kind = fields.String()
    version = fields.Integer()
    name = fields.String()


class DeployedSchema(Schema):
    id = fields.String()
    state = fields.String()
    definitions = fields.List(fields.Nested(DefinitionRef))
    warnings = Warnings()


class ActivatedSchema(DeployedSchema):
    activate_at = Instant()


class DeploymentSchema(Schema):
    id = fields.String()
    state = fields.String()
    origin = fields.String()
    uploaded_by = fields.String()
    uploaded_at = Instant()
    activated_by = fields.String()
    activated_at = Instant()
    comment = fields.String()
    parent_id = fields.String()
    content_hash = fields.String()
    warnings = Warnings()
    may_activate = fields.Boolean()


class DeploymentDetailSchema(DeploymentSchema):
    definitions = fields.List(fields.Nested(DefinitionRef))
    changed = Names()


class DeploymentQuery(Paging):
    state = fields.String(load_default=None, validate=OneOf(["candidate", "active", "superseded"]))


class FilesSchema(ma.Schema):
    """For the documentation; files are read from the request, under any field name."""

    files = fields.List(fields.Raw(metadata={"type": "string", "format": "binary"}))
    comment = fields.String()

    class Meta:
        unknown = ma.EXCLUDE


@blueprint.route("/deployments", methods=["POST"])
@blueprint.arguments(FilesSchema, location="form", content_type="multipart/form-data")
@blueprint.response(201, DeployedSchema)
def deploy(_fields: dict[str, Any]) -> Any:
    """Upload one or more `.bpmn`, `.dmn`, `.form`, `.test.yaml`. What is not brought is carried over from the active
    release. Scenario tests that fail are among the warnings (TEST_FAILED)."""
    files: dict[str, bytes] = {}
    for uploaded in request.files.values():
        name = (uploaded.filename or "").replace("\\", "/").rpartition("/")[2]
        if not name or not name.isprintable() or len(name) > 200:
            raise Invalid({"files": [T("每个文件都要有文件名。")]})
        if name in files:
            raise Invalid({"files": [T("有两个文件都叫“{name}”。", name=name)]})
        files[name] = uploaded.read()
    if not files:
        raise Invalid({"files": [T("请至少上传一个文件。")]})
    if len(files) > MOST_FILES:
        raise Invalid({"files": [T("一次最多上传 {n} 个文件。", n=MOST_FILES)]})
    comment = request.form.get("comment", "")[:2000]
    return engine().run(
        Deploy(files=files, actor=security.require_actor(), comment=comment), once(files_body(files, comment))
    )


@blueprint.route("/deployments")
@blueprint.arguments(DeploymentQuery, location="query")
@blueprint.response(200, page_of(DeploymentSchema))
def listed(query: dict[str, Any]) -> Page[DeploymentItem]:
    """Releases, newest first."""
    return engine().ask(DeploymentList(actor=security.require_actor(), **query))


@blueprint.route("/deployments/<deployment_id>")
@blueprint.response(200, DeploymentDetailSchema)
def one(deployment_id: str) -> dict[str, Any]:
    """One release with its definitions; `changed` names those its parent did not have."""
    found = engine().ask(DeploymentView(actor=security.require_actor(), deployment_id=deployment_id))
    return plain(found.deployment, definitions=found.definitions, changed=found.changed)


@blueprint.route("/deployments/<deployment_id>/activate", methods=["POST"])
@blueprint.arguments(ActivateSchema, required=False)
@blueprint.response(200, ActivatedSchema)
def activate(body: dict[str, Any], deployment_id: str) -> Any:
    """Let new instances start on this release, at once or at `at`. 403 for whoever uploaded it while four eyes are on, 422 where the
    lint or a scenario test (TEST_FAILED) stands against it, or where something is missing: the reason or the read preview of what was
    proposed in the studio (PREVIEW_UNREAD), the document and the signatures of a rule set (DOCUMENT_MISSING, SIGNATURE_MISSING)."""
    command = ActivateDeployment(deployment_id, security.require_actor(), body["reason"], body["at"])
    return engine().run(command, once())


@blueprint.route("/deployments/<deployment_id>/export")
@blueprint.response(200, content_type="application/zip")
def export(deployment_id: str) -> Response:
    """The whole release as one zip; `zhiping deploy` and the studio take it in again."""
    made = engine().ask(ExportDeployment(security.require_actor(), deployment_id))
    response = Response(made.content, content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{made.file_name}"'
    return response
