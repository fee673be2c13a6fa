"""运行情况: is everything running, what stands still, which work was given up, what runs out soon. One page for the operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import causes, policy
from engine.commands.backup_taken import Backup, LastBackup
from engine.commands.retry_many import RetryJob
from engine.errors import Forbidden, NotFound, Refused
from engine.queries.gauges import Counts, Gauges
from engine.queries.incidents import IncidentGroups, IncidentList
from engine.queries.operation import Cancellations, JobItem, JobList, RetryBatches
from engine.queries.repairs import Repairs
from engine.queries.silences import RecentSilences
from engine.registry import Actor
from forms.i18n import T, Text, gettext
from processes.publicity.calendar_ahead import Ahead, CalendarAhead
from web.context import engine, wiring
from web.pages import incidents, mending, repairs, words
from web.pages.desk import Pages, ask, in_group, me, page_number, run, subjects_of
from web.pages.said import say
from web.security import login_required

blueprint = Blueprint("operation", __name__, url_prefix="/operation")

LATE, TOO_LATE = 60.0, 300.0  # seconds that the oldest due work may be late: a busy minute, something wrong
OLD_BACKUP = timedelta(hours=36)  # a nightly one, and half a day
JOBS_SHOWN, STEPS_NAMED, SILENCES_SHOWN = 20, 100, 5
KINDS = {
    "timers": T("到期的计时"),
    "deliver": T("送一条消息给等它的事"),
    "start": T("另外开办一件事"),
    "retry": T("自动重试一步"),
    "retry_many": T("一起重试中的一件"),
    "move": T("把一件事移到另一个版本"),
    "move_back": T("把一件事撤回到原来的版本"),
    "effect": T("向系统外发送"),
}


@dataclass(frozen=True)
class Check:
    """One line of “is everything running”. `state`: good, warn or bad."""

    state: str
    label: str
    words: str
    todo: str = ""


@blueprint.get("")
@login_required
def index() -> ResponseReturnValue:
    return _page(me(), {}, {})


@blueprint.post("/jobs/<job_id>/retry", endpoint="retry_job")
@login_required(back="operation.index")
def retry_job(job_id: str) -> ResponseReturnValue:
    actor = me()
    reason = request.form.get(f"reason-{job_id}", "").strip()
    if not 0 < len(reason) <= incidents.LONGEST_REASON:
        sentence = gettext("请写明为什么现在可以重试，不超过 {n} 字。", n=incidents.LONGEST_REASON)
        return _page(actor, {job_id: sentence}, {job_id: reason}), 422
    try:
        run(RetryJob(job_id, actor, reason))
    except (NotFound, Refused) as error:
        say(str(error.text), "error")
    else:
        say(gettext("已重新排队，很快就会办理。过一会儿再看这一页。"))
    return redirect(url_for("operation.index") + "#jobs", 303)


def _page(actor: Actor, errors: dict[str, str], typed: dict[str, str]) -> str:
    if not policy.allows(actor, "operation.read"):
        raise Forbidden(T("只有流程负责人和管理人员可以查看运行情况。"))
    counts = ask(Gauges())
    groups = ask(IncidentGroups(actor))
    items = ask(IncidentList(actor, max_results=STEPS_NAMED)).items if groups else []
    failed = ask(
        JobList(
            actor, state="failed", loose=True, first_result=(page_number() - 1) * JOBS_SHOWN, max_results=JOBS_SHOWN
        )
    )
    waiting = ask(Cancellations(actor))
    mended = ask(Repairs(actor))
    subjects_of(one.process_instance_id for found in (items, waiting, mended) for one in found)
    names = incidents.Names(actor) if groups or waiting or mended else None
    ahead = ask(CalendarAhead())
    checks = [*_running(counts), _backup(ask(LastBackup()))]
    return render_template(
        "operation/index.html",
        checks=checks,
        counts=counts,
        groups=[
            incidents.group(one, (item for item in items if item.code == one.code), names) for one in groups if names
        ],
        standing=sum(one.open for one in groups),
        cancellations=[repairs.proposal(one, names) for one in waiting if names],
        repairs=[mending.proposal(one, names) for one in mended if names],
        jobs=[_job(one) for one in failed.items],
        jobs_pages=Pages(page_number(), failed.total, len(failed.items), JOBS_SHOWN),
        batches=[incidents.told(one) for one in ask(RetryBatches(actor))],
        calendar=_calendar(ahead),
        may_import=in_group(actor, policy.ADMIN, policy.OWNER),
        silences=ask(RecentSilences(SILENCES_SHOWN)),
        sees_outages=in_group(actor, "committee_office", "supervisor"),
        may_retry=policy.allows(actor, "incident.retry"),
        errors=errors,
        typed=typed,
    )


def _running(counts: Counts) -> list[Check]:
    store = engine().store
    kind = "SQLite" if store.single_process else "PostgreSQL"
    return [
        _background(counts),
        _late(counts),
        Check("good", gettext("数据库"), gettext("连得上，{kind}。", kind=kind)),
    ]


def _background(counts: Counts) -> Check:
    label = gettext("后台工作")
    alive = [worker for worker in counts.workers if worker.alive]
    if alive:
        since = min(worker.started_at for worker in alive)
        sentence = gettext("{n} 个进程在工作，最早的从 {at} 起。", n=len(alive), at=words.when(since))
        return Check("good", label, sentence)
    todo = gettext("没有它，期限到了也不会自动往下走。请系统维护人员启动 zhiping serve（或 zhiping worker）。")
    if not counts.workers:
        return Check("bad", label, gettext("从来没有进程做过后台工作。"), todo)
    last = counts.workers[0]
    if last.stopped_at:
        sentence = gettext("没有进程在工作：{at} 正常停止后没有再启动。", at=words.when(last.stopped_at))
    else:
        sentence = gettext("没有进程在工作：最后一次动静在 {at}，之后中断了。", at=words.when(last.seen_at))
    return Check("bad", label, sentence, todo)


def _late(counts: Counts) -> Check:
    label = gettext("到期该办的事")
    if counts.overdue <= LATE:
        sentence = (
            gettext("都在及时办理，现在排队 {n} 项。", n=counts.waiting_jobs + counts.due_timers)
            if counts.waiting_jobs + counts.due_timers
            else gettext("都已办完，没有排队的。")
        )
        return Check("good", label, sentence)
    sentence = gettext(
        "最早的一项已经晚了{time}，排队 {n} 项。",
        time=str(duration(counts.overdue)),
        n=max(counts.waiting_jobs, counts.due_timers),
    )
    todo = gettext("先看后台工作是否正常。正常而仍然越来越晚，请系统维护人员查看日志里标为 slow 的记录。")
    return Check("bad" if counts.overdue > TOO_LATE else "warn", label, sentence, todo)


def _backup(last: Backup | None) -> Check:
    label = gettext("最近一次备份")
    todo = gettext("请系统维护人员运行 zhiping backup，并设成每天夜里自动运行，备份另存一处。")
    if last is None:
        return Check("warn", label, gettext("还没有做过备份。"), todo)
    size = words.size(last.size)
    sentence = gettext("{at}，{size}，附件 {n} 个。", at=words.when(last.at), size=size, n=last.attachments)
    old = wiring().wall.now() - last.at > OLD_BACKUP
    return Check("warn" if old else "good", label, sentence, todo if old else "")


def _calendar(ahead: Ahead) -> dict[str, Any]:
    return {
        "missing": ahead.missing,
        "urgent": ahead.urgent,
        "now": ahead.now,
        "refused": [
            {"what": str(one.what), "workdays": one.workdays, "from": words.day(one.begun_from)}
            for one in ahead.refused
        ],
    }


def _job(item: JobItem) -> dict[str, Any]:
    cause = causes.of(item.code or "JOB_FAILED")
    return {
        "id": item.id,
        "kind": str(KINDS.get(item.kind, T("其他后台工作"))),
        "key": item.key,
        "instance_id": item.process_instance_id,
        "title": str(cause.title),
        "todo": str(cause.todo),
        "text": str(item.message) if item.message else "",
        "code": item.code,
        "at": item.run_at,
        "attempts": item.attempts,
    }


def duration(seconds: float) -> Text:
    """How long something is late, in the largest unit that fits."""
    minutes = int(seconds // 60)
    if minutes < 120:
        return T("{n} 分钟", n=max(1, minutes))
    if minutes < 48 * 60:
        return T("{n} 小时", n=minutes // 60)
    return T("{n} 天", n=minutes // (24 * 60))
