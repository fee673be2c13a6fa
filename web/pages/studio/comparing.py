"""Two versions side by side: diagrams, tables, forms and texts."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("compare", __name__)
