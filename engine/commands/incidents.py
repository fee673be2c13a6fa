"""Incidents: steps that could not be done. What may pass by itself is tried again; the rest waits for a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, insert, select, update

from engine import history
from engine.bpmn.model import Failure
from engine.commands.step import Step
from engine.history import Line
from engine.jobs import backoff, queue
from engine.store import tables as t
from engine.store.metadata import new_id
from forms.i18n import Text

if TYPE_CHECKING:
    from engine.commands.case import Case


def standing(step: Step, instance_id: str) -> dict[str, Row[Any]]:
    """What is unresolved in an instance, by failed step."""
    incident = t.incident
    rows = step.connection.execute(
        select(incident).where(incident.c.instance_id == instance_id, incident.c.state != "resolved")
    )
    return {row.task_id or row.id: row for row in rows}


def sync(case: Case, before: Mapping[str, Row[Any]], failures: Sequence[Failure], passing: Collection[str]) -> bool:
    """Open, count and resolve incidents by what fails now; answers whether one waits for a person."""
    failing = {failure.task_id: failure for failure in failures}
    waits = False
    for task_id, failure in failing.items():
        row = before.get(task_id)
        if row is None:
            waits |= _open(case, failure, task_id in passing)
        elif task_id in case.retrying:
            waits |= _again(case, row, failure, task_id in passing)
        else:
            waits |= row.state == "open"
    for task_id, row in before.items():
        if row.task_id is None:
            waits |= row.state == "open"
        elif task_id not in failing:
            resolve(case, row)
    return waits


def resolve(case: Case, row: Row[Any]) -> None:
    incident = t.incident
    case.step.connection.execute(
        update(incident)
        .where(incident.c.id == row.id)
        .values(
            state="resolved",
            changed_at=case.step.now,
            retry_at=None,
            resolved_by=case.actor.username if case.actor else None,
        )
    )
    case.note(
        "incident_resolved",
        definition_key=row.definition_key,
        element_id=row.element_id,
        task_id=row.task_id,
        data={"incident": row.id},
    )


def resolve_all(case: Case) -> None:
    for row in standing(case.step, case.id).values():
        resolve(case, row)


def any_open(step: Step, instance_id: str) -> bool:
    return any(row.state == "open" for row in standing(step, instance_id).values())


def open_for_job(step: Step, instance_id: str, job_id: str, code: str, text: Text, facts: Mapping[str, Any]) -> None:
    """A job of an instance was given up: its state is as it was, a person decides."""
    instance = t.instance
    row = step.connection.execute(select(instance).where(instance.c.id == instance_id).with_for_update()).one()
    incident_id = new_id()
    step.connection.execute(
        insert(t.incident).values(
            id=incident_id,
            instance_id=instance_id,
            job_id=job_id,
            definition_key=row.definition_key,
            code=code,
            text=text.dump(),
            facts=dict(facts),
            state="open",
            attempts=facts.get("attempts", 1),
            created_at=step.now,
            changed_at=step.now,
        )
    )
    if row.state == "active":
        step.connection.execute(update(instance).where(instance.c.id == instance_id).values(state="incident"))
    line = Line("incident_opened", data={"incident": incident_id, "code": code, **facts}, text=text)
    history.append_to_instance(step.connection, instance_id, step.now, [line])


def _open(case: Case, failure: Failure, passing: bool) -> bool:
    incident_id = new_id()
    state, retry_at = _plan(case, incident_id, 1, passing)
    case.step.connection.execute(
        insert(t.incident).values(
            id=incident_id,
            instance_id=case.id,
            task_id=failure.task_id,
            definition_key=failure.definition_key,
            element_id=failure.element_id,
            code=failure.code,
            text=failure.text.dump(),
            facts=dict(failure.facts),
            state=state,
            attempts=1,
            created_at=case.step.now,
            changed_at=case.step.now,
            retry_at=retry_at,
        )
    )
    _note(case, "incident_opened", incident_id, failure, 1)
    return state == "open"


def _again(case: Case, row: Row[Any], failure: Failure, passing: bool) -> bool:
    attempts = row.attempts + 1
    state, retry_at = _plan(case, row.id, attempts, passing)
    case.step.connection.execute(
        update(t.incident)
        .where(t.incident.c.id == row.id)
        .values(
            code=failure.code,
            text=failure.text.dump(),
            facts=dict(failure.facts),
            state=state,
            attempts=attempts,
            changed_at=case.step.now,
            retry_at=retry_at,
        )
    )
    _note(case, "incident_retried", row.id, failure, attempts)
    return state == "open"


def _plan(case: Case, incident_id: str, attempts: int, passing: bool) -> tuple[str, Any]:
    wait = backoff.pause(attempts, incident_id) if passing else None
    if wait is None:
        return "open", None
    retry_at = case.step.now + wait
    case.step.put_job(
        queue.RETRY,
        f"{queue.RETRY}:{incident_id}:{attempts}",
        {"incident_id": incident_id},
        run_at=retry_at,
        instance_id=case.id,
    )
    return "retrying", retry_at


def _note(case: Case, kind: str, incident_id: str, failure: Failure, attempts: int) -> None:
    case.note(
        kind,
        definition_key=failure.definition_key,
        element_id=failure.element_id,
        task_id=failure.task_id,
        data={"incident": incident_id, "code": failure.code, "attempts": attempts},
        text=failure.text,
    )
