"""My work: what waits for me and for my groups, what is late first; and what I may start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import policy
from engine.clock import SHANGHAI
from engine.queries.views import TaskItem
from engine.queries.work_list import WorkList, WorkPage
from engine.registry import Actor
from forms.i18n import gettext
from processes.committee.queries import MyMeetings
from processes.committee.room import MeetingLine
from processes.desk import MyDesk
from web.context import engine
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
    remember,
    task_subject,
)
from web.security import login_required

blueprint = Blueprint("work", __name__)

LONGEST_SEARCH = 100
COUNTED = 1000  # tasks; who has more is told that it is more


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
    choices = _choices(actor)
    if show not in choices:
        show = "mine"
    sought = _sought()
    asked = {**choices[show], **sought.asked()}
    tasks = WorkList(actor, first_result=offset(), max_results=PAGE_SIZE, counted=COUNTED, desk=True, **asked)
    desk = ask(MyDesk(actor, tasks))
    found = desk.page
    remember(desk.subjects, desk.parts, found.items)
    return render_template(
        "work.html",
        tasks=[row(task, actor) for task in found.items],
        pages=Pages(page_number(), found.total, len(found.items), more=found.more),
        tabs=_tabs(choices, show, found.late),
        show=show,
        sought=sought,
        groups=_groups(actor),
        variables=list(desk.filters.items()),
        clear_href=url_for("work.index", show=show),
        here=request.full_path.rstrip("?"),
        summary=_summary(found, show),
        startable=[startable(item.key, item.name) for item in desk.startable],
        empty=_empty(show, sought, actor),
        meetings=_meetings(actor) if show == "mine" and not sought else [],
        missing_year=desk.missing_year,
    )


@dataclass(frozen=True)
class Sought:
    """What the address says the list is narrowed by; false where by nothing. `due`: the last day of the deadline, as typed."""

    q: str
    group: str
    due: str
    by: str  # name of a variable
    value: str  # which it must have

    def __bool__(self) -> bool:
        return any((self.q, self.group, self.due, self.by and self.value))

    @property
    def narrowed(self) -> bool:
        """Beside the search."""
        return bool(self.group or self.due or (self.by and self.value))

    def asked(self) -> dict[str, Any]:
        """As `WorkList` is asked. A deadline is the end of its day, 24:00: the first instant of the next."""
        day = _day(self.due)
        midnight = datetime.combine(day + timedelta(days=1), time(0), SHANGHAI) if day else None
        return {
            "q": self.q or None,
            "candidate_group": self.group or None,
            "due_before": midnight + timedelta(microseconds=1) if midnight else None,
            "process_variable": ((self.by, self.value),) if self.by and self.value else (),
        }


def _sought() -> Sought:
    def given(name: str) -> str:
        return request.args.get(name, "").strip()[:LONGEST_SEARCH]

    return Sought(given("q"), given("group"), given("due") if _day(given("due")) else "", given("by"), given("value"))


def _day(text: str) -> date | None:
    """A day as the field of a form gives it; None for anything else."""
    try:
        return date.fromisoformat(text) if len(text) == len("2026-06-01") and text < "9999" else None
    except ValueError:
        return None


def _groups(actor: Actor) -> list[tuple[str, str]]:
    """The groups the list can be narrowed to, with their names: all for who reads all, else one's own where there are
    several."""
    known = engine().registry.groups if in_group(actor, *policy.READERS) else actor.groups
    return sorted(((key, group_name(key)) for key in known), key=lambda each: each[1]) if len(known) > 1 else []


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
            "count": _counted(late) if name == "overdue" and late else None,
        }
        for name in choices
    ]


def _summary(found: WorkPage, show: str) -> str | None:
    if not found.total:
        return None
    if found.more:
        return gettext("超过 {n} 件，超期的排在最前。", n=found.total)
    if show == "mine" and found.late:
        return gettext("共 {n} 件，其中 {late} 件超期，排在最前。", n=found.total, late=found.late)
    return gettext("共 {n} 件。", n=found.total)


def _counted(n: int) -> str:
    return f"{COUNTED}+" if n >= COUNTED else str(n)


def _empty(show: str, sought: Sought, actor: Actor) -> dict[str, str]:
    if sought.narrowed:
        return {
            "title": gettext("没有符合条件的任务"),
            "text": gettext("换一个条件或范围再找；筛选的内容要与登记的完全一致。"),
            "href": url_for("work.index", show=show),
            "action": gettext("清除筛选"),
        }
    if sought.q:
        return {
            "title": gettext("没有找到“{q}”", q=sought.q),
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


def startable(key: str, name: str) -> dict[str, str]:
    """A process somebody may start, with the words of the button."""
    said = gettext(name)
    return {"key": key, "name": said, "action": gettext("发起：{name}", name=said)}
