"""One case put right by hand takes two persons: a process owner proposes, another of the same or a higher office confirms.

What is proposed is a list of steps, each a mapping:
    {"kind": "move", "token", "to"}              the token goes to another step of its scope (element id), which begins anew
    {"kind": "set", "token", "name", "value"}    a variable of what the token shares; `value` is JSON
    {"kind": "retry", "token"}                   a failed step is tried again
They are done in this order, in one transaction, when the second person confirms, and only if the case stands where it stood.
Rules: `engine.bpmn.surgery`; what is never touched: `engine.bpmn.guard`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from engine.bpmn import surgery
from engine.bpmn.drive import Run
from engine.bpmn.guard import Guard
from engine.commands.allowed import require
from engine.commands.case import Case
from engine.commands.held import display_name
from engine.commands.proposals import Kind, checked
from engine.commands.step import Step
from engine.errors import Conflict, Invalid
from engine.registry import Actor
from engine.store import tables as t
from engine.store.metadata import new_id
from forms.i18n import T

MOST_STEPS = 20
REPAIR = Kind(
    "repair",
    t.repair,
    Case.lock_to_run,
    missing=T("没有这个修正申请。"),
    own=T("修正要由另一人确认，提出的人不能自己确认。"),
    settled=T("这个修正申请已经处理过了。"),
)


@dataclass(frozen=True)
class ProposeRepair:
    """A process owner wants one case put right. Tried on a copy of its state first, so that what cannot be done is refused at once.

    `revision`: of the instance as the owner saw it, None for no check. Answers `{"id", "steps": as kept}`. Raises Forbidden,
    NotFound, Invalid (`reason`, `steps`), Refused (REPAIR_REFUSED, BAD_DATA, DATA_LIMIT), Conflict (MOVED_ON, PROPOSED_ALREADY,
    ended, suspended)."""

    instance_id: str
    actor: Actor
    reason: str
    steps: Sequence[Mapping[str, Any]]
    revision: int | None = None

    def execute(self, step: Step) -> dict[str, Any]:
        require(self.actor, "repair.propose")
        case = Case.lock_to_run(step, self.instance_id, self.actor)
        case.require_moving()
        if self.revision not in (None, case.revision):
            raise _moved_on()
        reason = checked(self.reason)
        run, _services = case.load()
        told = _apply(case, run, guard_of(case), self.steps)
        table = t.repair
        mine = (table.c.instance_id == case.id) & (table.c.status == "proposed")
        if (row := step.connection.execute(select(table).where(mine)).first()) is not None:
            if row.revision == case.revision:
                raise Conflict(
                    T("已经有人提出修正这件事，请先处理那一个。"),
                    code="PROPOSED_ALREADY",
                    by=display_name(step.connection, row.proposed_by),
                    at=row.proposed_at,
                )
            # The case has gone on since: nobody can confirm that one any more.
            step.connection.execute(update(table).where(table.c.id == row.id).values(status="lapsed"))
        made = new_id()
        step.connection.execute(
            insert(table).values(
                id=made,
                instance_id=case.id,
                revision=case.revision,
                steps=told,
                reason=reason,
                status="proposed",
                proposed_by=self.actor.username,
                proposed_at=step.now,
            )
        )
        case.note("repair_proposed", data={"repair": made, "reason": reason, "steps": told})
        case.save(moved=False)
        return {"id": made, "steps": told}


@dataclass(frozen=True)
class ConfirmRepair:
    """The second person agrees: it is done, and the case runs on from there. Answers `{"id", "state", "revision"}` of the case.

    Raises Forbidden (also who proposed it), NotFound, Conflict (DECIDED_ALREADY, MOVED_ON, ended, suspended), Refused (what a
    rule refuses on the way; nothing has changed then)."""

    repair_id: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        row, case = REPAIR.opened(step, self.repair_id, self.actor, "cancellation.decide")
        case.require_moving()
        if row.revision != case.revision:
            raise _moved_on()
        run, services = case.load()
        told = _apply(case, run, guard_of(case), row.steps)
        REPAIR.decide(step, row, "confirmed", self.actor)
        case.note(
            "repaired", data={"repair": row.id, "reason": row.reason, "steps": told, "proposed_by": row.proposed_by}
        )
        case.settle(run, services)
        case.save()
        return case.summary()


@dataclass(frozen=True)
class DropRepair:
    """The second person does not agree, or who proposed it takes it back. Answers `{"status"}`.

    Raises Forbidden, NotFound, Invalid (`reason`), Conflict (DECIDED_ALREADY)."""

    repair_id: str
    actor: Actor
    reason: str

    def execute(self, step: Step) -> dict[str, Any]:
        return REPAIR.drop(step, self.repair_id, self.actor, self.reason)


def guard_of(case: Case) -> Guard:
    registry = case.step.engine.registry
    return Guard(case.release.bpmn, registry.protected, registry.handlers)


def _apply(case: Case, run: Run, guard: Guard, steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Do the steps in memory; answers them with what they change, as they are kept and shown."""
    if not 0 < len(steps) <= MOST_STEPS:
        raise Invalid({"steps": [T("请至少写一项要修正的内容，最多 {n} 项。", n=MOST_STEPS)]})
    told = []
    for number, each in enumerate(steps):
        given = {name: each.get(name) for name in ("kind", "token", "to", "name")}
        if any(value is not None and not isinstance(value, str) for value in given.values()):
            raise _unknown(number)
        token = given["token"] or ""
        if given["kind"] == "move":
            old, new = surgery.move(run, guard, token, given["to"] or "")
            told.append(
                {
                    "kind": "move",
                    "token": token,
                    "definition_key": old.process,
                    "at": old.id,
                    "at_name": old.name,
                    "to": new.id,
                    "to_name": new.name,
                }
            )
        elif given["kind"] == "set" and "value" in each:
            name = given["name"] or ""
            had, before = surgery.set_variable(run, guard, token, name, each["value"])
            told.append(
                {"kind": "set", "token": token, "name": name, "value": each["value"], "had": had, "before": before}
            )
        elif given["kind"] == "retry":
            element = surgery.retry(run, token)
            case.retrying.add(token)
            told.append({"kind": "retry", "token": token, "element": element.id, "element_name": element.name})
        else:
            raise _unknown(number)
    if all(each["kind"] == "retry" for each in told):
        raise Invalid({"steps": [T("只是重试不需要另一人确认，请直接用“重试”。")]})
    return told


def _unknown(number: int) -> Invalid:
    return Invalid({"steps": [T("第 {n} 项看不懂：应为移动、改变量或重试。", n=number + 1)]})


def _moved_on() -> Conflict:
    return Conflict(
        T("提出以后这件事又往前走了，修正没有执行。请看它现在停在哪里，需要的话重新提出。"),
        code="MOVED_ON",
        by=None,
        at=None,
    )
