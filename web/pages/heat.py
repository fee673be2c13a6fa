"""How the cases of one diagram are spread over its steps: numbers on the drawing, the same as a table, and the cases behind each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.queries.definitions import DefinitionView, DefinitionXml
from engine.queries.heat import ONLY, Heat, StandingAt
from engine.queries.views import DefinitionItem, HeatPlace, HeatView
from engine.registry import Actor
from forms.i18n import gettext
from web.pages import outline
from web.pages.desk import PAGE_SIZE, Pages, ask, me, offset, page_number, subject, subjects_of
from web.pages.instances import STATES
from web.security import login_required

blueprint = Blueprint("heat", __name__)

HOUR, DAY = 3_600, 86_400


@dataclass(frozen=True)
class Line:
    """A step with its figures; `href` opens the cases behind a figure."""

    name: str
    lane: str
    cases: int
    late: int
    incidents: int
    median: str
    href: str
    late_href: str
    incident_href: str


def of(actor: Actor, item: DefinitionItem, drawn: outline.Outline) -> dict[str, Any]:
    """What the page of a process says of its cases. Raises Forbidden for who may not see statistics."""
    found = ask(Heat(actor, item.id, _calls(drawn)))
    places = {place.element_id: place for place in found.places}
    # What holds others, or stands beside a step and may interrupt it, is nowhere a case waits.
    containers = {element.id for element in drawn.elements.values() if element.kind in ("subProcess", "boundaryEvent")}
    in_order = {element.id: element for element in (*drawn.steps(), *drawn.elements.values())}
    rows = [
        _line(item.id, element, places[element.id])
        for element in in_order.values()
        if element.id in places and element.id not in containers
    ]
    return {
        "cases": found.cases,
        "late": found.late,
        "href": cases_href(item.id),
        "late_href": cases_href(item.id, only="late"),
        "lines": rows,
        "state": {"heat": _marks(item.id, found, containers)},
    }


def _calls(drawn: outline.Outline) -> frozenset[str]:
    return frozenset(element.id for element in drawn.elements.values() if element.kind == "callActivity")


def _marks(definition_id: str, found: HeatView, containers: set[str]) -> list[dict[str, Any]]:
    """For the viewer island."""
    return [
        {
            "element": place.element_id,
            "cases": place.cases,
            "late": place.late,
            "href": cases_href(definition_id, place.element_id),
            "late_href": cases_href(definition_id, place.element_id, "late"),
        }
        for place in found.places
        if place.cases and place.element_id not in containers
    ]


def _line(definition_id: str, element: outline.Element, place: HeatPlace) -> Line:
    return Line(
        name=gettext(element.name) if element.name else element.id,
        lane=gettext(element.lane) if element.lane else "",
        cases=place.cases,
        late=place.late,
        incidents=place.incidents,
        median=took(place.median_seconds),
        href=cases_href(definition_id, element.id),
        late_href=cases_href(definition_id, element.id, "late"),
        incident_href=cases_href(definition_id, element.id, "incident"),
    )


def took(seconds: float | None) -> str:
    """How long, as people say it: minutes, hours, or days with one decimal. Empty where nothing was done yet."""
    if seconds is None:
        return ""
    if seconds < HOUR:
        return gettext("{n} 分钟", n=max(1, round(seconds / 60)))
    if seconds < DAY:
        return gettext("{n} 小时", n=round(seconds / HOUR))
    return gettext("{n} 天", n=f"{seconds / DAY:.1f}".removesuffix(".0"))


def cases_href(definition_id: str, element: str | None = None, only: str | None = None) -> str:
    return url_for("heat.cases", definition_id=definition_id, element=element, only=only)


@blueprint.get("/processes/<definition_id>/cases")
@login_required
def cases(definition_id: str) -> ResponseReturnValue:
    """The cases behind a figure: `?element=`, `?only=late|incident`."""
    actor = me()
    element, only = request.args.get("element") or None, request.args.get("only")
    only = only if only in ONLY else None
    item = ask(DefinitionView(actor, definition_id))
    drawn = outline.read(ask(DefinitionXml(actor, definition_id)).content, item.key)
    found = ask(
        StandingAt(actor, definition_id, element, only, _calls(drawn), first_result=offset(), max_results=PAGE_SIZE)
    )
    step = gettext(drawn.name_of(element)) if element else None
    subjects_of(one.id for one in found.items)
    whose = {"late": gettext("已超期的"), "incident": gettext("停住了的")}
    return render_template(
        "standing.html",
        process={"id": item.id, "name": gettext(item.name)},
        title=gettext("在“{step}”的事项", step=step) if step else gettext("办理中的事项"),
        which=whose.get(only or ""),
        rows=[
            {
                "id": one.id,
                "subject": subject(one.id, one.business_key, one.definition_name),
                "process": gettext(one.definition_name),
                "state": one.state,
                "state_words": str(STATES.get(one.state, one.state)),
                "started_at": one.started_at,
            }
            for one in found.items
        ],
        pages=Pages(page_number(), found.total, len(found.items)),
        total=found.total,
    )
