"""What people see in the browser."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Hang the pages' blueprints, filters and globals into `app`."""
