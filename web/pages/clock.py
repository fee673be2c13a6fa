"""The bar that moves the demo's clock. Only a manual clock, only the administrator, only forward."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from engine import policy
from engine.commands.move_clock import MoveClock
from engine.errors import Forbidden, ZhipingError
from engine.queries.deadlines import Deadlines
from engine.queries.views import DeadlineItem
from engine.registry import Actor
from forms.i18n import T, gettext
from web.context import engine
from web.pages.desk import ask, me, now, run
from web.pages.said import say
from web.pages.words import instant, until, when
from web.security import login_required, safe_path

blueprint = Blueprint("demo_clock", __name__)

MORNING = 9  # o'clock in Qinghai: where a chosen day begins
NAMED = 4  # deadlines told by name; the rest as a number


@blueprint.post("/clock")
@login_required
def move() -> ResponseReturnValue:
    """`by`: hour, day, due (the next deadline of any kind), date (with `day`, an ISO date)."""
    actor = me()
    if engine().settings.clock != "manual" or not policy.allows(actor, "clock.move"):
        raise Forbidden(T("只有演示环境的管理员可以拨动时钟。"))
    back = redirect(safe_path(request.form.get("next")), 303)
    target = _target(actor)
    if target is None:
        return back
    passed = _passed(actor, target)
    try:
        answer = run(MoveClock(now=target, actor=actor))
    except ZhipingError as error:
        say(str(error.text), "error")
        return back
    say(_told(datetime.fromisoformat(answer["now"]), int(answer["fired"]), passed))
    return back


def _target(actor: Actor) -> datetime | None:
    by = request.form.get("by")
    if by == "hour":
        return now() + timedelta(hours=1)
    if by == "day":
        return now() + timedelta(days=1)
    if by == "due":
        coming = next((item.at for item in ask(Deadlines(actor, max_results=500)).items if item.at > now()), None)
        if coming is None:
            say(gettext("没有等待中的期限。"), "info")
        return coming
    try:
        chosen = instant(request.form.get("day", ""), MORNING)
    except ValueError:
        say(gettext("请先选一个日期。"), "error")
        return None
    if chosen <= now():
        say(gettext("时钟只能往前拨。现在是 {at}。", at=when(now())), "error")
        return None
    return chosen


def _passed(actor: Actor, target: datetime) -> list[DeadlineItem]:
    """The timers that the move will reach."""
    due = ask(Deadlines(actor, until=target, max_results=500)).items
    return [item for item in due if item.kind == "timer"]


def _told(at: datetime, fired: int, passed: list[DeadlineItem]) -> str:
    if not fired:
        return gettext("现在是 {at}。这段时间没有到期的事。", at=when(at))
    names = [
        gettext("{name}（{at}）", name=gettext(item.name) or item.element_id, at=until(item.at))
        for item in passed[:NAMED]
    ]
    if not names:
        return gettext("现在是 {at}。有 {n} 个期限到了，系统已自动办理。", at=when(at), n=fired)
    return gettext("现在是 {at}。有 {n} 个期限到了，系统已自动办理：{names}。", at=when(at), n=fired, names=names)
