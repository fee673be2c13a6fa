"""The JSON API under /api/v1, with its OpenAPI document at /api/v1/openapi.json."""

from __future__ import annotations

import flask_smorest
import marshmallow as ma
from flask import Flask, request
from werkzeug.exceptions import UnsupportedMediaType

from web.api import (
    accounts,
    attachments,
    definitions,
    deployments,
    instances,
    migrations,
    operating,
    operations,
    public,
    repairs,
    tasks,
    tokens,
)

PREFIX = "/api/v1"


class ProblemSchema(ma.Schema):
    """An error, as application/problem+json."""

    title = ma.fields.String()
    status = ma.fields.Integer()
    code = ma.fields.String()
    detail = ma.fields.String()
    errors = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.List(ma.fields.String()))
    problems = ma.fields.List(ma.fields.Dict())


class Api(flask_smorest.Api):
    """Errors are answered by `web.problems`, for the API as for everything else."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        return None


def register(app: Flask) -> None:
    """Hang the API's blueprints into `app`."""
    app.config.update(
        API_TITLE="Zhiping 职评",
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
    )
    api = Api(
        app,
        spec_kwargs={
            "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
            "security": [{"token": []}],
        },
    )
    for blueprint in (
        tokens.blueprint,
        tokens.me,
        deployments.blueprint,
        definitions.blueprint,
        instances.blueprint,
        tasks.blueprint,
        attachments.blueprint,
        operations.messages,
        operations.decisions,
        operations.incidents,
        operating.groups,
        operating.jobs,
        operating.cancellations,
        repairs.blueprint,
        migrations.blueprint,
        operations.clock,
        accounts.blueprint,
        public.blueprint,
    ):
        api.register_blueprint(blueprint, url_prefix=PREFIX)
    app.before_request(_no_stray_body)


def _no_stray_body() -> None:
    """A body of a kind that nothing reads must not be taken for an empty one."""
    if not request.path.startswith(PREFIX + "/") or request.mimetype in ("application/json", "multipart/form-data"):
        return
    if request.content_length or "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        raise UnsupportedMediaType
