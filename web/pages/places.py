"""Where the register's side of a case is: the pages that the page of a task, or of a whole case, points to.

A row says for which process (and step, None for every step) which page is meant, which variables make up its address, and who
may open it. To add a page, add a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import url_for

from engine.policy import READERS
from engine.registry import Actor
from forms.i18n import T, Text
from processes.committee.readers import WORKS_THERE, works_as
from processes.publicity.objection_queries import INVESTIGATORS
from processes.publicity.readers import STAFF
from processes.rollout.queries import READS as ROLLOUT_READERS

_ID = re.compile(r"[\w-]+")  # anything else in a variable is no id of ours
UNIT = frozenset({"unit_hr", "unit_leader", "unit_supervisor"})


@dataclass(frozen=True)
class Place:
    """`arguments`: parameter of the address -> variable that holds it; without its variables the link is left out."""

    process: str
    element: str | None
    endpoint: str
    label: Text
    may: Callable[[Actor], bool]
    arguments: Mapping[str, str] = field(default_factory=dict)


def _of(groups: Iterable[str]) -> Callable[[Actor], bool]:
    allowed = frozenset(groups)
    return lambda actor: not actor.groups.isdisjoint(allowed)


def _meeting(actor: Actor) -> bool:
    return bool(works_as(actor))


_seats = _of(WORKS_THERE)
_notice = _of(READERS | STAFF | UNIT)
_objection = _of(INVESTIGATORS | {"committee_office", "unit_supervisor"})
_rollout = _of(ROLLOUT_READERS)

PLACES = (
    Place("P12_review_meeting_vote", None, "meeting.show", T("打开会议工作页"), _meeting, {"meeting_id": "meeting_id"}),
    Place("P11_expert_draw", None, "committee.index", T("录入委员和候补名单"), _seats),
    Place("P06_publicity_window", None, "publicity.show", T("打开公示"), _notice, {"notice_id": "notice_id"}),
    Place(
        "P06_publicity_window",
        "provide_calendar",
        "calendar.index",
        T("看已有的工作日历"),
        lambda _actor: True,
    ),
    Place(
        "P07_objection_investigation",
        None,
        "objection.show",
        T("打开异议"),
        _objection,
        {"objection_id": "objection_id"},
    ),
    *(
        Place(process, None, "rollout.index", T("看改革进度"), _rollout, {"programme": "programme_id"})
        for process in ("P01_reform_rollout", "P02_phase_task_region")
    ),
    *(
        Place(process, None, "rollout.index", T("看改革进度"), _rollout)  # knows its region, not its programme
        for process in ("P03_post_quota_verification", "P18_summary_report")
    ),
)


def of(actor: Actor, steps: Iterable[tuple[str, str]], variables: Mapping[str, Any]) -> list[dict[str, str]]:
    """The links for somebody who looks at these steps (process key, element id), each page once: `label`, `href`."""
    found: dict[str, str] = {}
    for key, element_id in steps:
        for place in PLACES:
            if place.process != key or place.element not in (None, element_id) or not place.may(actor):
                continue
            values = {name: variables.get(variable) for name, variable in place.arguments.items()}
            if all(isinstance(value, str) and _ID.fullmatch(value) for value in values.values()):
                found.setdefault(url_for(place.endpoint, **values), str(place.label))
    return [{"href": href, "label": label} for href, label in found.items()]
