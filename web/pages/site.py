"""Hangs the pages into the application: blueprints, filters, and what every template may use."""

from __future__ import annotations

from typing import Any

from flask import Flask

from forms.i18n import language
from web.pages import (
    accounts,
    assets,
    ballots,
    calendars,
    candidate,
    casefiles,
    certificates,
    clauses,
    clock,
    committees,
    deadlines,
    deployments,
    documents,
    frame,
    heat,
    home,
    incidents,
    instances,
    meetings,
    mending,
    moving,
    notices,
    objecting,
    objections,
    operation,
    outages,
    parameters,
    policies,
    processes,
    public,
    publicity,
    repairs,
    rollout,
    roomwork,
    said,
    session,
    start,
    tasks,
    words,
    work,
)
from web.pages.studio import (
    bundles,
    changes,
    comparing,
    files,
    known,
    preview,
    publishing,
    signing,
    trials,
    trying,
    versions,
)

GROUPS = (
    home,
    session,
    work,
    start,
    tasks,
    instances,
    candidate,
    certificates,
    public,
    notices,
    objecting,
    publicity,
    objections,
    outages,
    meetings,
    committees,
    roomwork,
    casefiles,
    ballots,
    documents,
    processes,
    heat,
    deadlines,
    rollout,
    policies,
    parameters,
    calendars,
    deployments,
    accounts,
    operation,
    incidents,
    repairs,
    changes,
    files,
    versions,
    known,
    preview,
    trials,
    trying,
    comparing,
    publishing,
    signing,
    bundles,
    moving,
    mending,
    clauses,
    clock,
)


def register(app: Flask) -> None:
    for group in GROUPS:
        app.register_blueprint(group.blueprint)
    app.jinja_env.filters.update(when=words.when, until=words.until, day=words.day, size=words.size)
    app.jinja_env.globals.update(asset=assets.asset)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.context_processor(_context)
    said.register(app)


def _context() -> dict[str, Any]:
    return {"page": frame.Frame(), "lang": language(), "take_said": said.take}
