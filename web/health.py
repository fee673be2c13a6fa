"""Whether the program lives (`/healthz`), can work (`/readyz`), and how much it does (`/metrics`)."""

from __future__ import annotations

from flask import Blueprint, Flask, jsonify
from flask.typing import ResponseReturnValue

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """The process answers; the database is not asked."""
    return jsonify(status="ok")


def register(app: Flask) -> None:
    app.register_blueprint(blueprint)
