"""The editors' pages, and what their scripts ask: drafts, versions, who else is at work, what the lint says."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("studiofile", __name__)
