"""From a change to a release: what has to be done first, who signs, when it takes effect."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("publishing", __name__)
