"""The clauses of the reform plan, and the steps that carry them out."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from engine import policy
from engine.queries.clauses import ClauseStep, ClauseSteps
from engine.registry import Actor
from forms.i18n import gettext
from processes.plan import CLAUSES
from web.pages.desk import ask, me
from web.security import login_required

blueprint = Blueprint("clause", __name__, url_prefix="/clauses")


@blueprint.get("", endpoint="index")
@login_required
def index() -> ResponseReturnValue:
    """Clause by clause: what it says, and by which step of which diagram it is carried out."""
    actor = me()
    steps: dict[str, list[ClauseStep]] = defaultdict(list)
    for step in ask(ClauseSteps(actor)):
        steps[step.number].append(step)
    owner = policy.allows(actor, "studio.edit")
    return render_template(
        "clauses/index.html",
        clauses=[
            {
                "number": clause.number,
                "anchor": anchor(clause.number),
                "title": str(clause.title),
                "text": str(clause.text),
                "rules": clause.rules if owner else (),
                "processes": _by_process(steps.pop(number, [])),
            }
            for number, clause in CLAUSES.items()
        ],
        unknown=[
            {"number": number, "processes": _by_process(found)} for number, found in sorted(steps.items()) if owner
        ],
    )


def anchor(number: str) -> str:
    return f"clause-{number}"


def of_definition(actor: Actor, definition_id: str) -> list[dict[str, Any]]:
    """The steps of one version of a process with the clauses they rest on, in the order of the diagram's file."""
    rows: dict[str | None, dict[str, Any]] = {}
    for step in ask(ClauseSteps(actor, definition_id)):
        row = rows.setdefault(
            step.element_id,
            {
                "element": step.element_id,
                "name": gettext(step.name),
                "lane": gettext(step.lane) if step.lane else "",
                "clauses": [],
            },
        )
        clause = CLAUSES.get(step.number)
        row["clauses"].append(
            {
                "number": step.number,
                "title": str(clause.title) if clause else "",
                "href": url_for("clause.index") + "#" + anchor(step.number) if clause else None,
            }
        )
    return list(rows.values())


def _by_process(steps: list[ClauseStep]) -> list[dict[str, Any]]:
    """A process once, with its steps; `whole` where the process itself names the clause."""
    found: dict[str, dict[str, Any]] = {}
    for step in steps:
        href = url_for("process.show", definition_id=step.definition_id)
        one = found.setdefault(
            step.definition_key,
            {"key": step.definition_key, "name": gettext(step.process_name), "href": href, "whole": False, "steps": []},
        )
        if step.element_id is None:
            one["whole"] = True
        else:
            lane = gettext(step.lane) if step.lane else ""
            one["steps"].append({"name": gettext(step.name), "lane": lane, "href": f"{href}#step-{step.element_id}"})
    return list(found.values())
