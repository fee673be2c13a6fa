"""The rollout board: three phases on a line of time, every region as a row, what is late, who has it, who was told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.queries.visible import Visible
from engine.registry import Actor
from forms.i18n import T, gettext
from processes.rollout.board import (
    DONE,
    OVERDUE,
    PENDING,
    RUNNING,
    WAITING,
    WAIVED,
    Board,
    BoardCase,
    PhaseShown,
    StreamPhase,
    StreamShown,
)
from processes.rollout.queries import RolloutBoard
from processes.rollout.words import RECIPIENT
from web.pages import words
from web.pages.desk import ask, due, me, now
from web.security import login_required

blueprint = Blueprint("rollout", __name__)

STATES = {
    PENDING: T("未开始"),
    WAITING: T("等待启动"),
    RUNNING: T("进行中"),
    OVERDUE: T("已超期"),
    DONE: T("已完成"),
    WAIVED: T("不再等待"),
}
BADGES = {
    PENDING: "plain",
    WAITING: "waiting",
    RUNNING: "active",
    OVERDUE: "stopped",
    DONE: "done",
    WAIVED: "suspended",
}
NUMBERS = (T("第一阶段"), T("第二阶段"), T("第三阶段"))
PROGRAMMES = {"running": T("进行中"), "completed": T("已完成")}


@dataclass(frozen=True)
class Links:
    """Where the reader may go. A link that would be refused is not offered."""

    cases: frozenset[str]
    tasks: frozenset[str]

    @classmethod
    def of(cls, actor: Actor, board: Board) -> Links:
        instances = {case.instance_id for figure in board.figures for case in figure.cases}
        instances |= {one.instance_id for stream in board.streams for one in stream.blocking}
        instances |= {one.instance_id for stream in board.streams for one in stream.units}
        tasks = {one.task_id for stream in board.streams for one in stream.blocking}
        tasks |= {case.task_id for figure in board.figures for case in figure.cases}
        if board.programme:
            instances.add(board.programme.instance_id)
        return cls(*ask(Visible(actor, _known(instances), _known(tasks))))

    def href(self, instance_id: str | None, task_id: str | None = None) -> str | None:
        if task_id in self.tasks:
            return url_for("task.show", task_id=task_id)
        return url_for("instance.show", instance_id=instance_id) if instance_id in self.cases else None


def _known(ids: Iterable[str | None]) -> list[str]:
    return sorted(one for one in ids if one is not None)


@blueprint.get("/rollout")
@login_required
def index() -> ResponseReturnValue:
    """`?programme=` one of the programmes, `?figure=` one of the figures, to see the cases it counts."""
    actor = me()
    board = ask(RolloutBoard(actor, request.args.get("programme") or None))
    links = Links.of(actor, board)
    chosen = request.args.get("figure")
    own = {belongs.scope for belongs in actor.memberships}
    return render_template(
        "rollout.html",
        programme=_programme(board, links) if board.programme else None,
        programmes=[
            {
                "name": one.name,
                "href": url_for("rollout.index", programme=one.id),
                "state": str(PROGRAMMES[one.status]),
                "current": board.programme is not None and one.id == board.programme.id,
            }
            for one in board.programmes
        ],
        line=timeline(board.phases, now()),
        phases=[_phase(one) for one in board.phases],
        figures=_figures(board, links, chosen),
        streams=[_stream(one, links, f"region:{one.region_code}" in own) for one in board.streams],
        documents=[
            {"name": one.name, "doc_no": one.doc_no, "on": words.day(one.issued_on), "public": one.publish_public}
            for one in board.documents
        ],
        blocked_by=list(board.blocked_by) if board.programme and board.programme.status == "running" else [],
    )


def _programme(board: Board, links: Links) -> dict[str, Any]:
    shown = board.programme
    assert shown is not None
    return {
        "name": shown.name,
        "state": "completed" if shown.status == "completed" else "active",
        "state_words": str(PROGRAMMES[shown.status]),
        "registered_at": shown.registered_at,
        "completed_at": shown.completed_at,
        "docs": list(shown.base_docs),
        "href": links.href(shown.instance_id),
    }


def timeline(phases: tuple[PhaseShown, ...], at: datetime) -> dict[str, Any] | None:
    """Bars in percent of the whole width, so that the drawing follows the page and its words keep their size."""
    if not phases:
        return None
    start, end = min(phase.starts_at for phase in phases), max(phase.due_at for phase in phases)
    ends = [phase.closed_at for phase in phases if phase.closed_at is not None]
    span = (max([end, *ends]) - start).total_seconds() or 1.0

    def share(instant: datetime) -> float:
        return round(min(1.0, max(0.0, (instant - start).total_seconds() / span)) * 100, 2)

    bars = []
    for phase in phases:
        left, right = share(phase.starts_at), share(phase.due_at)
        late = share(phase.closed_at) if phase.closed_at is not None and phase.closed_at > phase.due_at else None
        if phase.state == OVERDUE:
            late = share(at)
        bars.append(
            {
                "label": str(NUMBERS[phase.no - 1]) if phase.no <= len(NUMBERS) else str(phase.no),
                "x": left,
                "width": round(max(right - left, 1.0), 2),
                "middle": round((left + right) / 2, 2),
                "state": phase.state,
                "late_x": right,
                "late_width": round(late - right, 2) if late is not None and late > right else 0,
                "sentence": _sentence(phase),
            }
        )
    today = share(at) if start <= at <= max([end, *ends]) else None
    return {"bars": bars, "today": today, "text": gettext("{all}", all=[bar["sentence"] for bar in bars])}


def _sentence(phase: PhaseShown) -> str:
    return gettext(
        "第 {n} 阶段“{name}”，{start}至{end}，{state}",
        n=phase.no,
        name=phase.name,
        start=words.day(phase.starts_at),
        end=words.until(phase.due_at),
        state=STATES[phase.state],
    )


def _phase(one: PhaseShown) -> dict[str, Any]:
    return {
        "label": str(NUMBERS[one.no - 1]) if one.no <= len(NUMBERS) else str(one.no),
        "name": one.name,
        "tasks": list(one.tasks),
        "state": BADGES[one.state],
        "state_words": str(STATES[one.state]),
        "starts": words.day(one.starts_at),
        "ends": words.until(one.due_at),
        "due": due(one.due_at) if one.state in (RUNNING, OVERDUE) else None,
        "working_days": one.working_days,
        "warnings": [str(each) for each in one.warnings],
        "opened": words.when(one.opened_at) if one.opened_at else None,
        "closed": words.until(one.closed_at) if one.closed_at else None,
        "wait_until": words.day(one.wait_until) if one.wait_until else None,
        "late_reason": one.late_reason,
    }


def _figures(board: Board, links: Links, chosen: str | None) -> list[dict[str, Any]]:
    programme = board.programme.id if board.programme else None
    return [
        {
            "key": one.key,
            "label": str(one.label),
            "number": one.number,
            "href": url_for("rollout.index", programme=programme, figure=one.key) + "#cases",
            "chosen": one.key == chosen,
            "bad": one.key in ("late", "escalated") and one.number > 0,
            "cases": [_case(case, links) for case in one.cases] if one.key == chosen else [],
        }
        for one in board.figures
    ]


def _case(case: BoardCase, links: Links) -> dict[str, Any]:
    row = f"#stream-{case.stream_id}" if case.stream_id else None
    return {"label": str(case.label), "href": links.href(case.instance_id, case.task_id), "row": row}


def _stream(one: StreamShown, links: Links, own: bool) -> dict[str, Any]:
    return {
        "id": one.id,
        "region": one.region,
        "responsible": one.responsible,
        "phone": one.phone,
        "own": own,
        "phases": [_stream_phase(phase) for phase in one.phases],
        "late": one.overdue_days,
        "overdue": any(phase.state == OVERDUE for phase in one.phases),
        "escalated_to": str(one.escalated_to) if one.escalated_to else None,
        "blocking": [
            {
                "what": str(each.what),
                "who": str(each.who),
                "since": words.day(each.since) if each.since else None,
                "href": links.href(each.instance_id, each.task_id),
            }
            for each in one.blocking
        ],
        "units": [
            {
                "name": each.name,
                "status": str(each.status_words),
                "returns": each.returns,
                "href": links.href(each.instance_id),
            }
            for each in one.units
        ],
        "decisions": [
            {
                "kind": str(each.kind_words),
                "reason": each.reason,
                "units": list(each.units),
                "until": words.day(each.wait_until) if each.wait_until else None,
                "at": words.when(each.decided_at),
            }
            for each in one.decisions
        ],
        "received": [str(RECIPIENT[who]) for who in one.received],
    }


def _stream_phase(one: StreamPhase) -> dict[str, Any]:
    if one.overdue_days:
        late = (
            gettext("超期 {n} 个工作日", n=one.overdue_days)
            if one.state == OVERDUE
            else gettext("晚了 {n} 个工作日", n=one.overdue_days)
        )
    else:
        late = ""
    return {
        "label": str(NUMBERS[one.no - 1]) if one.no <= len(NUMBERS) else str(one.no),
        "state": BADGES[one.state],
        "state_words": str(STATES[one.state]),
        "late": late,
        "ended": words.day(words.last_day(one.ended_at)) if one.ended_at else None,
        "told": [
            {"to": str(each.to), "at": words.day(each.at)}
            for each in one.escalated
            if each.level in ("archives_bureau", "provincial_hrss")
        ],
    }
