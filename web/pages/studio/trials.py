"""Scenario tests edited and run beside their diagram, and a change tried out in a sandbox."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("trial", __name__)
