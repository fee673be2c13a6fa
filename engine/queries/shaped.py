"""From rows to the shapes of `views`: what several queries share. Each function runs a fixed number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, literal, select, union_all

from engine import policy
from engine.bpmn.elements import split_names
from engine.identity.tables import account
from engine.policy import Candidate
from engine.queries.reading import MOST_RESULTS, Reading
from engine.queries.views import IncidentItem, InstanceItem, TaskItem, TimerItem
from engine.registry import Actor
from engine.store import tables as t
from forms.i18n import Text

TASK_COLUMNS = (
    *(column for column in t.task.c if column.key != "data"),
    t.instance.c.business_key.label("business_key"),
    t.instance.c.state.label("instance_state"),
    t.definition.c.name.label("process_name"),
    account.c.name.label("assignee_name"),
)
INSTANCE_COLUMNS = (
    *t.instance.c,
    t.definition.c.name.label("definition_name"),
    t.definition.c.version.label("definition_version"),
)


def tasks() -> Select[Any]:
    """Tasks with what a line of the work list says of their instance."""
    return (
        select(*TASK_COLUMNS)
        .join(t.instance, t.instance.c.id == t.task.c.instance_id)
        .join(t.definition, t.definition.c.id == t.instance.c.definition_id)
        .outerjoin(account, account.c.username == t.task.c.assignee)
    )


def instances() -> Select[Any]:
    return select(*INSTANCE_COLUMNS).join(t.definition, t.definition.c.id == t.instance.c.definition_id)


def count(connection: Connection, query: Select[Any]) -> int:
    """How many rows a list has in all."""
    return connection.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0


def limited(query: Select[Any], first: int, most: int) -> Select[Any]:
    return query.offset(max(first, 0)).limit(min(max(most, 0), MOST_RESULTS))


def contains(column: ColumnElement[Any], wanted: str) -> ColumnElement[bool]:
    """Is the text somewhere in the column? Signs that LIKE knows are taken as they are."""
    return func.lower(column).contains(wanted.lower(), autoescape=True)


def names(connection: Connection, usernames: Iterable[str | None]) -> Mapping[str, str]:
    """Display names by username; one statement, or none."""
    wanted = sorted({username for username in usernames if username})
    if not wanted:
        return {}
    rows = connection.execute(select(account.c.username, account.c.name).where(account.c.username.in_(wanted)))
    return {row.username: row.name for row in rows}


def offers(connection: Connection, rows: Sequence[Row[Any]]) -> Mapping[str, list[Candidate]]:
    """Whom each task is offered to; one statement."""
    candidate = t.task_candidate
    found: dict[str, list[Candidate]] = defaultdict(list)
    if rows:
        query = (
            select(candidate)
            .where(candidate.c.task_id.in_([row.id for row in rows]))
            .order_by(candidate.c.kind, candidate.c.value)
        )
        for row in connection.execute(query):
            found[row.task_id].append(Candidate(row.kind, row.value, row.scope))
    return found


def concerns(
    connection: Connection, rows: Sequence[Row[Any]]
) -> tuple[Mapping[str, list[Candidate]], Mapping[str, frozenset[str]]]:
    """Whom each task is offered to, and who may not do it because they did a step before it (`notSameActorAs`); one
    statement for both, or none."""
    if not rows:
        return {}, {}
    candidate, task = t.task_candidate.c, t.task.c
    offered = select(candidate.kind, candidate.task_id.label("of"), candidate.value, candidate.scope).where(
        candidate.task_id.in_([row.id for row in rows])
    )
    named = {row.id: set(split_names(row.properties.get("notSameActorAs"))) for row in rows}
    concerned = [row for row in rows if named[row.id]]
    done = select(literal("done"), task.instance_id, task.element_id, task.completed_by).where(
        task.instance_id.in_({row.instance_id for row in concerned}),
        task.element_id.in_(set().union(*named.values())),
        task.state == "completed",
    )
    query = union_all(offered, done) if concerned else offered
    candidates: dict[str, list[Candidate]] = defaultdict(list)
    doers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in connection.execute(query.order_by("kind", "value")):
        if row.kind == "done":
            if row.scope:
                doers[row.of, row.value].add(row.scope)
        else:
            candidates[row.of].append(Candidate(row.kind, row.value, row.scope))
    barred = {
        row.id: frozenset(who for element in named[row.id] for who in doers.get((row.instance_id, element), ()))
        for row in concerned
    }
    return candidates, barred


def task_items(reading: Reading, actor: Actor, rows: Sequence[Row[Any]]) -> list[TaskItem]:
    """Rows of `tasks()` as lines of the work list; one statement."""
    offered, barred = concerns(reading.connection, rows)
    return [task_item(reading, actor, row, offered.get(row.id, []), barred.get(row.id, frozenset())) for row in rows]


def task_item(
    reading: Reading,
    actor: Actor,
    row: Row[Any],
    candidates: Sequence[Candidate],
    barred: frozenset[str],
) -> TaskItem:
    facts = policy.TaskFacts.of(row, candidates, barred)
    moving = row.instance_state in ("active", "incident")
    return TaskItem(
        id=row.id,
        element_id=row.element_id,
        name=row.name,
        form_key=row.form_key,
        process_instance_id=row.instance_id,
        business_key=row.business_key,
        definition_key=row.definition_key,
        process_name=row.process_name,
        lane=row.lane,
        scope=row.scope,
        candidate_groups=tuple(c.value for c in candidates if c.kind == "group"),
        candidate_users=tuple(c.value for c in candidates if c.kind == "user"),
        assignee=row.assignee,
        assignee_name=row.assignee_name or row.assignee,
        state=row.state,
        created_at=row.created_at,
        due_at=row.due_at,
        follow_up_at=row.follow_up_at,
        overdue=row.state == "open" and row.due_at is not None and row.due_at <= reading.now,
        suspended=row.instance_state == "suspended",
        may_act=moving and policy.allows(actor, "task.complete", facts),
        revision=row.revision,
    )


def instance_item(row: Row[Any], known: Mapping[str, str]) -> InstanceItem:
    return InstanceItem(
        id=row.id,
        definition_id=row.definition_id,
        definition_key=row.definition_key,
        definition_name=row.definition_name,
        definition_version=row.definition_version,
        deployment_id=row.deployment_id,
        business_key=row.business_key,
        state=row.state,
        revision=row.revision,
        started_by=row.started_by,
        started_by_name=known.get(row.started_by, row.started_by),
        started_at=row.started_at,
        ended_at=row.ended_at,
        end_element=row.end_element,
        reason=row.reason,
    )


def timer_item(row: Row[Any]) -> TimerItem:
    return TimerItem(row.id, row.element_id, row.name, row.definition_key, row.due_at)


def incident_item(row: Row[Any]) -> IncidentItem:
    """Of a row of `incident` with the instance's `business_key`."""
    return IncidentItem(
        id=row.id,
        process_instance_id=row.instance_id,
        business_key=row.business_key,
        definition_key=row.definition_key,
        element_id=row.element_id,
        task_id=row.task_id,
        code=row.code,
        message=Text.load(row.text),
        facts=row.facts,
        state=row.state,
        attempts=row.attempts,
        created_at=row.created_at,
        changed_at=row.changed_at,
        retry_at=row.retry_at,
        resolved_by=row.resolved_by,
    )


def incidents() -> Select[Any]:
    """Incidents with what of their instance is needed to show them; `root_key` is the process it was started with."""
    instance = t.instance.c
    columns = (instance.business_key, instance.deployment_id, instance.definition_key.label("root_key"))
    return select(t.incident, *columns).join(t.instance, instance.id == t.incident.c.instance_id)
