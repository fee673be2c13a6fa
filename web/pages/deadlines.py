"""Deadlines of everything that is open, in every process: for those who watch that nothing is left lying."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import policy
from engine.clock import SHANGHAI, local
from engine.errors import Forbidden
from engine.queries.due_list import SORTS, WHENS, DueList
from engine.queries.reading import MOST_RESULTS
from engine.queries.views import DueItem, DueLines
from engine.registry import Actor
from forms.i18n import T, gettext
from processes.register.places import AllPlaces, Places
from web.context import engine
from web.pages import sheets, words
from web.pages.desk import (
    PAGE_SIZE,
    Due,
    Pages,
    ask,
    due,
    group_name,
    in_group,
    me,
    now,
    offset,
    page_number,
    subjects_of,
)
from web.pages.desk import subject as subject_of
from web.security import login_required

blueprint = Blueprint("deadline", __name__)

LONGEST = 100  # characters of a filter
MOST_LINES = 20_000  # of one file
KEPT = ("process", "place", "group", "q", "when", "sort", "order")


@dataclass(frozen=True)
class Row:
    """A line as the page shows it."""

    name: str
    href: str
    process: str
    case: str
    case_href: str
    due: Due | None
    who: str
    holder: str  # who took it, if somebody did
    since: datetime | None


@blueprint.get("/deadlines")
@login_required
def index() -> ResponseReturnValue:
    actor = _watcher()
    query = _query(actor)
    found = ask(replace(query, first_result=offset(), max_results=PAGE_SIZE))
    subjects_of(item.process_instance_id for item in found.items)
    return render_template(
        "deadlines.html",
        rows=[_row(item) for item in found.items],
        pages=Pages(page_number(), found.total, len(found.items)),
        tabs=_tabs(found),
        chosen=_chosen(),
        choices=_choices(found),
        columns=_columns(query),
        csv_href=_href("deadline.table"),
        filtered=any(request.args.get(name) for name in ("process", "place", "group", "q")),
        clear_href=url_for("deadline.index", when=request.args.get("when") or None),
        summary=gettext("共 {n} 项，其中 {late} 项超期。", n=found.counts.total, late=found.counts.late),
    )


@blueprint.get("/deadlines.csv")
@login_required
def table() -> ResponseReturnValue:
    """The same lines as a file."""
    query = _query(_watcher())
    head = [
        gettext("流程"),
        gettext("事项"),
        gettext("步骤"),
        gettext("期限"),
        gettext("还有多久"),
        gettext("谁可以办"),
        gettext("现在由谁办"),
        gettext("从何时起"),
    ]
    rows = (
        [
            row.process,
            row.case,
            row.name,
            row.due.until if row.due else gettext("没有期限"),
            row.due.words if row.due else "",
            row.who,
            row.holder,
            words.when(row.since) if row.since else "",
        ]
        for row in _all(query)
    )
    return sheets.download(f"deadlines-{local(now()):%Y%m%d}.csv", head, rows)


def _watcher() -> Actor:
    actor = me()
    if not in_group(actor, *policy.READERS):
        raise Forbidden(T("只有管理者、检查人员、流程负责人和管理员可以查看全部期限。"))
    return actor


def _all(query: DueList) -> Iterator[Row]:
    for first in range(0, MOST_LINES, MOST_RESULTS):
        found = ask(replace(query, first_result=first, max_results=MOST_RESULTS))
        subjects_of(item.process_instance_id for item in found.items)
        yield from (_row(item) for item in found.items)
        if len(found.items) < MOST_RESULTS:
            return


def week_ends(at: datetime) -> datetime:
    """Sunday 24:00 in Qinghai."""
    today = local(at).date()
    return datetime.combine(today + timedelta(days=7 - today.weekday()), time(0), SHANGHAI)


def _asked(name: str) -> str | None:
    return request.args.get(name, "").strip()[:LONGEST] or None


def _places() -> AllPlaces:
    if "all_places" not in g:
        g.all_places = ask(Places())
    found: AllPlaces = g.all_places
    return found


def _chosen() -> dict[str, str]:
    return {name: _asked(name) or "" for name in KEPT}


def _query(actor: Actor) -> DueList:
    place, when, sort = _asked("place"), _asked("when"), _asked("sort")
    return DueList(
        actor,
        week_ends(now()),
        definition_key=_asked("process"),
        scopes=_places().scopes(place) if place else None,
        group=_asked("group"),
        q=_asked("q"),
        when=when if when in WHENS else None,
        sort_by=sort if sort in SORTS else "due_at",
        sort_order="desc" if _asked("order") == "desc" else "asc",
    )


def _row(item: DueItem) -> Row:
    return Row(
        name=_name(item),
        href=url_for("task.show", task_id=item.id)
        if item.kind == "task"
        else url_for("instance.show", instance_id=item.process_instance_id),
        process=gettext(item.process_name),
        case=subject_of(item.process_instance_id, item.business_key, item.process_name),
        case_href=url_for("instance.show", instance_id=item.process_instance_id),
        due=due(item.due_at),
        who=_who(item),
        holder=(item.assignee_name or item.assignee or "") if item.assignee else "",
        since=item.since,
    )


def _name(item: DueItem) -> str:
    if item.kind == "case":
        return gettext("停住了，要先处理异常") if item.instance_state == "incident" else gettext("等待其他环节的结果")
    return gettext(item.name) if item.name else item.element_id or ""


def _who(item: DueItem) -> str:
    if item.instance_state == "suspended":
        return gettext("整件事已暂停")
    if item.kind == "timer":
        return gettext("不用人办，到时间系统自动往下走")
    if item.kind == "case":
        return gettext("流程负责人") if item.instance_state == "incident" else gettext("不用人办")
    groups = [group_name(group) for group in item.candidate_groups]
    if groups or item.candidate_users:
        return gettext("{all}", all=[*groups, *item.candidate_users])
    return "" if item.assignee else gettext("尚未指定")


def _href(endpoint: str = "deadline.index", **changes: Any) -> str:
    kept = {name: value for name, value in _chosen().items() if value} | changes
    sent = urlencode({name: value for name, value in kept.items() if value})
    return url_for(endpoint) + (f"?{sent}" if sent else "")


def _tabs(found: DueLines) -> list[dict[str, Any]]:
    counts, chosen = found.counts, _asked("when")
    every = (
        (None, gettext("全部"), counts.total),
        ("late", gettext("已超期"), counts.late),
        ("week", gettext("本周到期"), counts.week),
        ("later", gettext("以后到期"), counts.later),
        ("undated", gettext("没有期限"), counts.undated),
    )
    return [
        {
            "label": label,
            "count": count,
            "href": _href(when=when),
            "current": when == (chosen if chosen in WHENS else None),
        }
        for when, label, count in every
    ]


def _columns(query: DueList) -> list[dict[str, Any]]:
    """The heads of the table, each sorting by itself; a second click turns it round."""
    every = (
        ("name", gettext("步骤")),
        ("process", gettext("流程和事项")),
        ("due_at", gettext("期限")),
        ("assignee", gettext("谁来办")),
        ("since", gettext("从何时起")),
    )
    found = []
    for name, label in every:
        current = query.sort_by == name
        turned = "desc" if current and query.sort_order == "asc" else None
        state = ("descending" if query.sort_order == "desc" else "ascending") if current else None
        found.append({"label": label, "href": _href(sort=name, order=turned), "state": state})
    return found


def _choices(found: DueLines) -> dict[str, Any]:
    places = _places()
    groups = sorted(((key, str(label)) for key, label in engine().registry.groups.items()), key=lambda pair: pair[1])
    return {
        "processes": [
            (one.key, gettext("{name}（{n}）", name=gettext(one.name), n=one.count)) for one in found.processes
        ],
        "places": [(region.scope, region.name, region.units) for region in places.regions],
        "groups": groups,
    }
