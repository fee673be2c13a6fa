"""Running instances brought to another release: preview, mapping, progress, undo."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("moving", __name__)
