"""The clauses of the reform plan, and the steps that carry them out."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("clause", __name__)
