"""The changes in work: begin one, what it changes, bring files in and take them out."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from web.security import login_required

blueprint = Blueprint("studio", __name__)


@blueprint.get("/studio")
@login_required
def index() -> ResponseReturnValue:
    return redirect(url_for("release.index"))
