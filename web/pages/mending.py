"""One instance put right by two persons: a token moved, a variable set."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("mending", __name__)
