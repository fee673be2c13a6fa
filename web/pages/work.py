"""My work: what waits for me and for my groups, what is late first; and what I may start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import policy
from engine.queries.definitions import DefinitionList
from engine.queries.views import DefinitionItem, TaskItem
from engine.queries.work_list import WorkList
from engine.registry import Actor
from forms.i18n import gettext
from processes.committee.queries import MyMeetings
from processes.committee.room import MeetingLine
from processes.publicity.calendar_years import CalendarYears
from web.pages.desk import (
    PAGE_SIZE,
    Due,
    Pages,
    ask,
    due,
    group_name,
    in_group,
    me,
    offset,
    page_number,
    subjects_of,
    task_subject,
    task_subjects_of,
)
from web.security import login_required

blueprint = Blueprint("work", __name__)

LONGEST_SEARCH = 100


@dataclass(frozen=True)
class Row:
    """A task as a list shows it."""

    id: str
    name: str
    process: str
    subject: str
    lane: str
    due: Due | None
    holder: str
    can_claim: bool
    can_unclaim: bool


def row(task: TaskItem, actor: Actor) -> Row:
    who = holder(task, actor)
    lane = gettext(task.lane) if task.lane else ""
    return Row(
        id=task.id,
        name=gettext(task.name) if task.name else task.element_id,
        process=gettext(task.process_name),
        subject=task_subject(task),
        lane="" if lane == who else lane,
        due=due(task.due_at),
        holder=who,
        can_claim=task.may_act and may_take(task, actor),
        can_unclaim=may_put_back(task, actor),
    )


def may_take(task: TaskItem, actor: Actor) -> bool:
    """What is offered to applicants is meant for one of them: there is nobody to take it from."""
    return task.assignee is None and actor.groups != frozenset({"candidate"})


def may_put_back(task: TaskItem, actor: Actor) -> bool:
    """Only what was taken from a group goes back to it: an applicant's own step is nobody else's."""
    return task.assignee == actor.username and bool(task.candidate_groups) and actor.groups != frozenset({"candidate"})


def holder(task: TaskItem, actor: Actor) -> str:
    """Who has it now, or who may take it, in words."""
    if task.suspended:
        return gettext("整件事已暂停")
    if task.assignee == actor.username:
        return gettext("我")
    if task.assignee:
        return task.assignee_name or task.assignee
    return offered_to(task) or gettext("尚未指定")


def offered_to(task: TaskItem) -> str:
    """The groups and persons a task is offered to, in words."""
    groups = [group_name(group) for group in task.candidate_groups]
    return gettext("{all}", all=[*groups, *task.candidate_users]) if groups or task.candidate_users else ""


@blueprint.get("/work")
@login_required
def index() -> ResponseReturnValue:
    actor = me()
    show = request.args.get("show", "mine")
    q = request.args.get("q", "").strip()[:LONGEST_SEARCH]
    choices = _choices(actor)
    if show not in choices:
        show = "mine"
    found = ask(WorkList(actor, q=q or None, first_result=offset(), max_results=PAGE_SIZE, **choices[show]))
    subjects_of(task.process_instance_id for task in found.items)
    task_subjects_of(task.id for task in found.items)
    late = ask(WorkList(actor, mine=True, overdue=True, max_results=1)).total
    return render_template(
        "work.html",
        tasks=[row(task, actor) for task in found.items],
        pages=Pages(page_number(), found.total, len(found.items)),
        tabs=_tabs(choices, show, late),
        show=show,
        q=q,
        here=request.full_path.rstrip("?"),
        summary=_summary(found.total, late, show),
        startable=[startable(item) for item in _startable(actor)],
        empty=_empty(show, q, actor),
        meetings=_meetings(actor) if show == "mine" and not q else [],
        missing_year=_missing_year(actor),
    )


def _missing_year(actor: Actor) -> int | None:
    """The year whose working-day calendar should be brought in by now, for those who see to it."""
    if not in_group(actor, policy.ADMIN, policy.MANAGER):
        return None
    years = ask(CalendarYears(actor))
    return years.missing if years.urgent else None


def _meetings(actor: Actor) -> list[MeetingLine]:
    """The meetings that want something of an expert: what experts do stands in no task, so nothing here would tell them."""
    if not in_group(actor, "expert"):
        return []
    return [one for one in ask(MyMeetings(actor)) if "expert" in one.as_ and (one.opinions_due or one.voting)]


def _choices(actor: Actor) -> dict[str, dict[str, Any]]:
    """The lists a person can look at: which tasks each holds."""
    choices: dict[str, dict[str, Any]] = {
        "mine": {"mine": True},
        "claimed": {"assignee": actor.username},
        "overdue": {"mine": True, "overdue": True},
    }
    if in_group(actor, *policy.READERS):
        choices["all"] = {}
    return choices


def _tabs(choices: dict[str, Any], show: str, late: int) -> list[dict[str, Any]]:
    labels = {
        "mine": gettext("等我办的"),
        "claimed": gettext("我领取的"),
        "overdue": gettext("超期的"),
        "all": gettext("全部任务"),
    }
    return [
        {
            "label": labels[name],
            "href": url_for("work.index", show=name),
            "current": name == show,
            "count": late if name == "overdue" and late else None,
        }
        for name in choices
    ]


def _summary(total: int, late: int, show: str) -> str | None:
    if show == "mine" and late:
        return gettext("共 {n} 件，其中 {late} 件超期，排在最前。", n=total, late=late)
    return gettext("共 {n} 件。", n=total) if total else None


def _empty(show: str, q: str, actor: Actor) -> dict[str, str]:
    if q:
        return {
            "title": gettext("没有找到“{q}”", q=q),
            "text": gettext("可以只输入姓名或编号的一部分，或换一个范围再找。"),
            "href": url_for("work.index", show=show),
            "action": gettext("清除查找"),
        }
    if show == "claimed":
        return {
            "title": gettext("您没有领取任务"),
            "text": gettext("领取一件任务后，同组的人就不会重复办理。不领取也可以直接办。"),
            "href": url_for("work.index"),
            "action": gettext("看看等我办的"),
        }
    if show == "overdue":
        return {"title": gettext("没有超期的任务"), "text": gettext("都在期限之内。")}
    if in_group(actor, *policy.READERS):
        return {
            "title": gettext("现在没有等您办的事"),
            "text": gettext("您可以查看各单位、各部门正在办的事和期限。"),
            "href": url_for("work.index", show="all"),
            "action": gettext("看全部任务"),
        }
    if in_group(actor, "expert"):
        return {
            "title": gettext("现在没有等您办的事"),
            "text": gettext("要您评议和投票时，会出现在这里；您参加的会议都在“评审会议”里。"),
            "href": url_for("meeting.index"),
            "action": gettext("去评审会议"),
        }
    return {
        "title": gettext("现在没有等您办的事"),
        "text": gettext("轮到您或您所在的组办理时，会出现在这里。如果您认为应当有，请联系管理员核对您的组和范围。"),
    }


def _startable(actor: Actor) -> list[DefinitionItem]:
    return ask(DefinitionList(actor, kind="process", active=True, startable=True)).items


def startable(item: DefinitionItem) -> dict[str, str]:
    """A process somebody may start, with the words of the button."""
    name = gettext(item.name)
    return {"key": item.key, "name": name, "action": gettext("发起：{name}", name=name)}
