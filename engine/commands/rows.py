"""The picture of a run as rows: what is new is written, what is gone is closed, what stays is left alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, Row, Table, bindparam, delete, insert, literal, null, select, union_all, update

from engine import filters, policy
from engine.bpmn.model import OpenTask, Picture, WaitingMessage
from engine.commands.anchors import first_anchor
from engine.commands.step import Step
from engine.jobs import queue
from engine.policy import OWNER, Candidate, TaskFacts
from engine.registry import Actor
from engine.store import tables as t
from engine.store.metadata import Id, new_id
from engine.store.packed import pack, unpack
from engine.store.upsert import execute_each, insert_new

if TYPE_CHECKING:
    from engine.commands.case import Case

CHUNK = 500  # ids in one statement


@dataclass(frozen=True)
class Offered:
    """An open task, and who may see it."""

    id: str
    element_id: str
    created_at: datetime
    assignee: str | None
    owner: str | None
    candidates: tuple[Candidate, ...]

    def seen_by(self, actor: Actor) -> bool:
        facts = TaskFacts(True, self.assignee, self.owner, None, self.candidates, frozenset())
        return policy.allows(actor, "task.read", facts)


@dataclass(frozen=True)
class Standing:
    """What an instance waits for according to its rows, before a command changes it."""

    tasks: Mapping[str, Offered]  # open ones
    drafts: frozenset[str]  # tasks with a draft of somebody's
    timers: Mapping[str, datetime]
    messages: frozenset[str]
    incidents: frozenset[str]  # unresolved
    scopes: frozenset[str]


NOTHING = Standing({}, frozenset(), {}, frozenset(), frozenset(), frozenset())  # of an instance that just begins

_OF: BindParameter[str] = bindparam("instance", type_=Id)
_NONE = (null(),) * 6
# Of a task: element_id, assignee, owner, and one of its candidates (the task comes once for each).
_OFFER = (
    t.task.c.element_id,
    t.task.c.assignee,
    t.task.c.owner,
    *(t.task_candidate.c[n] for n in ("kind", "value", "scope")),
)
_OPEN = (t.task.c.instance_id == _OF) & t.task_open
_STANDING = union_all(
    select(literal("task").label("what"), t.task.c.id, t.task.c.created_at.label("at"), *_OFFER)
    .outerjoin_from(t.task, t.task_candidate, t.task_candidate.c.task_id == t.task.c.id)
    .where(_OPEN),
    select(literal("draft"), t.task_draft.c.task_id, null(), *_NONE)
    .join_from(t.task_draft, t.task, t.task.c.id == t.task_draft.c.task_id)
    .where(_OPEN),
    select(literal("timer"), t.timer.c.id, t.timer.c.due_at, *_NONE).where(t.timer.c.instance_id == _OF),
    select(literal("message"), t.waiting_message.c.id, null(), *_NONE).where(t.waiting_message.c.instance_id == _OF),
    select(literal("incident"), t.incident.c.id, null(), *_NONE).where(
        t.incident.c.instance_id == _OF, t.incident.c.state != "resolved"
    ),
    select(literal("scope"), t.instance_scope.c.scope, null(), *_NONE).where(t.instance_scope.c.instance_id == _OF),
)


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_CLOSE = (
    update(t.task)
    .where(t.task.c.id.in_(_IDS))
    .values(
        state=bindparam("state"),
        closed_at=bindparam("closed_at"),
        completed_by=bindparam("completed_by"),
        revision=t.task.c.revision + 1,
    )
)
_NO_LONGER = {table: delete(table).where(table.c.id.in_(_IDS)) for table in (t.timer, t.waiting_message)}
_NEW_TASK, _NEW_OFFER, _NEW_TIMER = insert(t.task), insert(t.task_candidate), insert(t.timer)


def standing(step: Step, instance_id: str) -> Standing:
    """One statement, because every step begins with it; ask it under the instance's lock."""
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in step.connection.execute(_STANDING, {"instance": instance_id}):
        found[row.what].append(row)

    def ids(what: str) -> frozenset[str]:
        return frozenset(row.id for row in found[what])

    timers = {row.id: row.at for row in found["timer"]}
    return Standing(_offered(found["task"]), ids("draft"), timers, ids("message"), ids("incident"), ids("scope"))


def _offered(rows: Iterable[Row[Any]]) -> dict[str, Offered]:
    offers: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        offers[row.id].append(row)
    return {
        key: Offered(
            key,
            of[0].element_id,
            of[0].at,
            of[0].assignee,
            of[0].owner,
            tuple(Candidate(row.kind, row.value, row.scope) for row in of if row.kind is not None),
        )
        for key, of in offers.items()
    }


def sync(case: Case, before: Standing, picture: Picture) -> list[Offered]:
    """Answers the tasks that are open now, the oldest first."""
    new = _sync_tasks(case, before, picture)
    _sync_timers(case, before.timers, picture)
    wanted = {task.id for task in picture.tasks}
    kept = [task for key, task in before.tasks.items() if key in wanted]
    return sorted([*kept, *new], key=lambda task: (task.created_at, task.id))


def clear(case: Case) -> None:
    """A cancelled instance offers and awaits nothing any more."""
    open_ids = case.step.connection.scalars(
        select(t.task.c.id).where(t.task.c.instance_id == case.id, t.task.c.state == "open")
    ).all()
    _close(case, open_ids, open_ids)
    for table in (t.timer, t.waiting_message, t.instance_value):
        case.step.connection.execute(delete(table).where(table.c.instance_id == case.id))
    mine = (t.job.c.instance_id == case.id) & t.job.c.kind.in_((queue.TIMERS, queue.RETRY))
    # One that has begun waits for this instance, and finds nothing to do: whoever waited for it here would wait for ever.
    idle = select(t.job.c.id).where(mine).with_for_update(skip_locked=True)
    case.step.connection.execute(delete(t.job).where(t.job.c.id.in_(idle)))


def sync_waiting(case: Case, kept: frozenset[str], picture: Picture) -> list[WaitingMessage]:
    """Answers those that are new."""
    wanted = {waiting.id: waiting for waiting in picture.messages}
    _delete(case, t.waiting_message, kept - wanted.keys())
    new = [waiting for key, waiting in wanted.items() if key not in kept]
    if new:
        case.step.connection.execute(
            insert(t.waiting_message),
            [
                {
                    "id": waiting.id,
                    "instance_id": case.id,
                    "definition_key": waiting.definition_key,
                    "element_id": waiting.element_id,
                    "name": waiting.element_name,
                    "message": waiting.message,
                    "correlation": dict(waiting.correlation),
                    "anchor": first_anchor(waiting.correlation),
                }
                for waiting in new
            ],
        )
    return new


def sync_scopes(case: Case, kept: frozenset[str], variables: Mapping[str, Any]) -> None:
    """The scopes an instance belongs to, as its process says."""
    wanted = case.release.scopes_of(case.definition_key, variables, case.step.now)
    if wanted is None:
        return
    scope = t.instance_scope
    for gone in kept - wanted:
        case.step.connection.execute(delete(scope).where(scope.c.instance_id == case.id, scope.c.scope == gone))
    if wanted - kept:
        case.step.connection.execute(
            insert(scope), [{"instance_id": case.id, "scope": value} for value in sorted(wanted - kept)]
        )


def sync_values(case: Case, before: bytes | None, picture: Picture) -> None:
    """What the case can be found by, as its process says (`engine/filters.py`); nothing of one that has ended. `before`:
    the variables as they were kept, so that nothing is asked where nothing changed."""
    properties = case.release.bpmn.info(case.definition_key).properties
    names = filters.declared(properties)
    if not names:
        return
    wanted = {} if picture.completed else filters.values(names, picture.variables)
    kept = filters.values(names, unpack(before)) if before is not None else {}
    value = t.instance_value
    gone = sorted(name for name, text in kept.items() if wanted.get(name) != text)
    if gone:
        mine = (value.c.instance_id == case.id) & value.c.name.in_(gone)
        case.step.connection.execute(delete(value).where(mine))
    new = {name: text for name, text in wanted.items() if kept.get(name) != text}
    if new:
        hidden = filters.outsiders(properties)
        case.step.connection.execute(
            insert(value),
            [{"instance_id": case.id, "name": name, "value": new[name], "outsiders": hidden} for name in sorted(new)],
        )


def add_effect(case: Case, kind: str, key: str, payload: Mapping[str, Any]) -> None:
    """An effect is kept once per key; it is sent where somebody carries its kind."""
    effect_id = new_id()
    row = insert_new(case.step.connection, t.effect).values(
        id=effect_id, kind=kind, key=key, payload=dict(payload), instance_id=case.id, created_at=case.step.now
    )
    if case.step.connection.execute(row).rowcount and kind in case.step.engine.senders:
        case.step.put_job(queue.EFFECT, f"{queue.EFFECT}:{effect_id}", {"effect_id": effect_id}, instance_id=case.id)


def _sync_tasks(case: Case, before: Standing, picture: Picture) -> list[Offered]:
    """Answers those that are new."""
    connection = case.step.connection
    wanted = {task.id: task for task in picture.tasks}
    gone = before.tasks.keys() - wanted.keys()
    _close(case, gone, gone & before.drafts)
    new = [task for key, task in wanted.items() if key not in before.tasks]
    if not new:
        return []
    execute_each(connection, _NEW_TASK, [_task_row(case, task) for task in new])
    offers = {task.id: tuple(_candidates(case, task)) for task in new}
    candidates = [
        {"task_id": key, "kind": each.kind, "value": each.value, "scope": each.scope}
        for key, offer in offers.items()
        for each in offer
    ]
    if candidates:
        execute_each(connection, _NEW_OFFER, candidates)
    return [Offered(task.id, task.element_id, case.step.now, task.assignee, None, offers[task.id]) for task in new]


def _close(case: Case, gone: Iterable[str], drafts: Iterable[str]) -> None:
    """End open tasks. `drafts`: those of them for which somebody may have kept a draft."""
    gone = set(gone)
    done = gone & case.completed
    who = case.actor.username if case.actor else None
    for state, ids, by in (("completed", done, who), ("cancelled", gone - done, None)):
        for some in _chunks(ids):
            case.step.connection.execute(
                _CLOSE, {"ids": some, "state": state, "closed_at": case.step.now, "completed_by": by}
            )
    for some in _chunks(drafts):
        case.step.connection.execute(delete(t.task_draft).where(t.task_draft.c.task_id.in_(some)))


def _task_row(case: Case, task: OpenTask) -> dict[str, Any]:
    return {
        "id": task.id,
        "instance_id": case.id,
        "definition_key": task.definition_key,
        "element_id": task.element_id,
        "name": task.name or task.element_id,
        "form_key": task.form_key,
        "lane": task.lane,
        "scope": task.scope,
        "state": "open",
        "assignee": task.assignee,
        "assigned_at": case.step.now if task.assignee else None,
        "created_at": case.step.now,
        "due_at": task.due_at,
        "follow_up_at": task.follow_up_at,
        "revision": 1,
        "properties": dict(task.properties),
        "data": pack(dict(task.data)),
    }


def _candidates(case: Case, task: OpenTask) -> Iterator[Candidate]:
    groups, users = set(task.candidate_groups), set(task.candidate_users)
    if not groups and not users and task.assignee is None:
        # Offered to whoever started the instance; what a message started goes to the process owners.
        if case.started_by:
            users = {case.started_by}
        else:
            groups = {OWNER}
    for group in sorted(groups):
        yield Candidate("group", group, task.scope)
    for user in sorted(users):
        yield Candidate("user", user)


def _sync_timers(case: Case, kept: Mapping[str, datetime], picture: Picture) -> None:
    timer = t.timer
    connection = case.step.connection
    wanted = {pending.id: pending for pending in picture.timers}
    _delete(case, timer, kept.keys() - wanted.keys())
    new = [pending for key, pending in wanted.items() if key not in kept]
    if new:
        execute_each(
            connection,
            _NEW_TIMER,
            [
                {
                    "id": pending.id,
                    "instance_id": case.id,
                    "definition_key": pending.definition_key,
                    "element_id": pending.element_id,
                    "name": pending.name,
                    "due_at": pending.due_at,
                }
                for pending in new
            ],
        )
    for key, pending in wanted.items():
        if key in kept and kept[key] != pending.due_at:
            connection.execute(update(timer).where(timer.c.id == key).values(due_at=pending.due_at))
    if wanted:
        case.step.stirred = True  # the background looks when the next of all timers is due


def _delete(case: Case, table: Table, gone: Iterable[str]) -> None:
    for some in _chunks(gone):
        case.step.connection.execute(_NO_LONGER[table], {"ids": some})


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]
