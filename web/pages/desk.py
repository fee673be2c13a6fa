"""What every page needs: the engine, who is asking, deadlines in working days, paging and names of groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import g, request

from engine.commands.port import Once, Query
from engine.errors import Forbidden, NotFound, Refused
from engine.queries.views import TaskItem
from engine.registry import Actor
from forms.i18n import T, gettext
from processes.register.subjects import Subjects, TaskSubjects
from web.context import engine
from web.pages import words
from web.security import CSRF_FIELD, require_actor

Answer = TypeVar("Answer")

PAGE_SIZE = 25
FURTHEST_PAGE = 10_000


def ask(query: Query[Answer]) -> Answer:
    return engine().ask(query)


def if_allowed(query: Query[Answer]) -> Answer | None:
    """The answer, or None for those who may do one step of a case without seeing all of it."""
    try:
        return ask(query)
    except (NotFound, Forbidden):
        return None


def run(command: Any, *, key: str | None = None, actor: Actor | None = None) -> Any:
    """Run a command. `key`: the hidden `_key` of a form, so that a double click or a reload has one effect."""
    if key and actor is not None:
        sent = [pair for pair in request.form.items(multi=True) if pair[0] != CSRF_FIELD]  # a fresh token each time
        body = repr(sorted(sent)).encode()
        return engine().run(command, once=Once(actor.account_id, request.endpoint or "", key[:200], body))
    return engine().run(command)


def me() -> Actor:
    return require_actor()


def now() -> datetime:
    """The engine's present, once per request: what every "n working days left" on a page counts from."""
    if "page_now" not in g:
        g.page_now = engine().clock.now()
    at: datetime = g.page_now
    return at


def workdays_between(start: str, end: str) -> Any:
    """The office's working-day count. Raises Refused where the calendar or the office has none."""
    if "workdays_between" not in g:
        function = engine().registry.functions.get("workdays_between")
        g.workdays_between = function.bind(None, now()) if function else None
    bound: Callable[[str, str], Any] | None = g.workdays_between
    if bound is None:
        raise Refused(T("没有工作日历。"), code="CALENDAR_MISSING")
    return bound(start, end)


@dataclass(frozen=True)
class Due:
    """A deadline as a page shows it. `urgency`: late, soon, later."""

    at: datetime
    until: str
    words: str
    urgency: str


def due(at: datetime | None) -> Due | None:
    if at is None:
        return None
    left = words.remaining(at, now(), workdays_between)
    return Due(at, words.until(at), str(left), words.urgency(at, now(), workdays_between))


def subjects_of(instance_ids: Iterable[str]) -> None:
    """Look up in one query what these cases are about; `subject` then answers from memory."""
    known = g.setdefault("subjects", {})
    missing = tuple(sorted({one for one in instance_ids if one not in known}))
    if missing:
        known.update(dict.fromkeys(missing))
        known.update(ask(Subjects(missing)))


def remember(subjects: Mapping[str, Any], parts: Mapping[str, str], tasks: Iterable[TaskItem]) -> None:
    """What a query told already of these tasks: `subject` and `task_subject` then answer from memory."""
    cases, steps = g.setdefault("subjects", {}), g.setdefault("task_subjects", {})
    for task in tasks:
        cases[task.process_instance_id] = subjects.get(task.process_instance_id)
        steps[task.id] = parts.get(task.id)


def subject(instance_id: str, business_key: str | None, process_name: str) -> str:
    """What a case is about: as the register knows it, else its business key, else the name of its process."""
    subjects_of([instance_id])
    told = g.subjects[instance_id]
    return str(told) if told is not None else business_key or gettext(process_name)


def task_subjects_of(task_ids: Iterable[str]) -> None:
    """Look up in one query which part of a case these steps are about; `task_subject` then answers from memory."""
    known = g.setdefault("task_subjects", {})
    missing = tuple(sorted({one for one in task_ids if one not in known}))
    if missing:
        known.update(dict.fromkeys(missing))
        known.update(ask(TaskSubjects(missing)))


def task_subject(task: TaskItem) -> str:
    """What a step is about: the case, before it the region where a case has the same step for each region."""
    task_subjects_of([task.id])
    about = subject(task.process_instance_id, task.business_key, task.process_name)
    part = g.task_subjects[task.id]
    return f"{part} · {about}" if part else about


def group_name(key: str) -> str:
    label = engine().registry.groups.get(key)
    return str(label) if label is not None else key


def in_group(actor: Actor | None, *groups: str) -> bool:
    return actor is not None and not actor.groups.isdisjoint(groups)


@dataclass(frozen=True)
class Pages:
    """Where a list stands, for the pager at its foot."""

    page: int
    total: int
    shown: int
    size: int = PAGE_SIZE
    more: bool = False  # there are more than `total`

    @property
    def last(self) -> int:
        counted = max(1, -(-self.total // self.size))
        if self.more and self.shown == self.size:  # further than was counted: there may be one page more
            return max(counted, self.page + 1)
        return counted

    @property
    def shown_from(self) -> int:
        return (self.page - 1) * self.size + 1

    @property
    def shown_to(self) -> int:
        return self.shown_from + self.shown - 1

    def href(self, page: int) -> str:
        kept = [(name, value) for name, value in request.args.items(multi=True) if name != "page"]
        return f"{request.path}?{urlencode([*kept, ('page', str(page))])}"


def page_number() -> int:
    """`?page=`, from 1; anything else is the first."""
    asked = request.args.get("page", "1")
    return min(int(asked), FURTHEST_PAGE) if asked.isascii() and asked.isdigit() and int(asked) > 0 else 1


def offset() -> int:
    return (page_number() - 1) * PAGE_SIZE
