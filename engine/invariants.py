"""What must hold in every database at every moment between two transactions. Empty lists mean that it does.

I2  every revision of an instance is in its history, and no other
I3  an effect has one row per key, and what was sent has been asked for
I4  no timer fired twice for one due instant
I5  whatever runs waits for something: a person, a time, a message, a job or an incident
I6  the open task rows are the tasks that the saved state is waiting for, both ways; so are timers and messages
I7  every chain of history verifies, and its end stands where it should

Also that no version of a file in the studio was taken away, and that a change stands where its release does.

What must hold in the office's own tables (I8 and on) the office brings in its registry.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, distinct, exists, func, not_, or_, select, true, union

from engine import history
from engine.bpmn.drive import Run
from engine.bpmn.model import OnlyLooking
from engine.bpmn.picture import picture
from engine.commands.case import CODEC, state_signed
from engine.commands.services import Functions
from engine.store import tables as t
from engine.studio import holds as studio

if TYPE_CHECKING:
    from engine.engine import Engine

OPEN = ("active", "incident", "suspended")


def check(connection: Connection, engine: Engine) -> list[str]:
    """All that is broken, in words for an operator. Reads every open instance and the whole history."""
    return [
        *revisions(connection),
        *effects(connection),
        *timers(connection),
        *stuck(connection),
        *states(connection, engine),
        *chains(connection),
        *studio.versions(connection),
        *studio.changes(connection),
        *(found for holds in engine.registry.invariants for found in holds(connection)),
    ]


def revisions(connection: Connection) -> list[str]:
    instance, event = t.instance, t.event
    told = (
        select(
            event.c.stream, func.count(distinct(event.c.revision)).label("n"), func.max(event.c.revision).label("top")
        )
        .where(event.c.revision.is_not(None))
        .group_by(event.c.stream)
        .subquery()
    )
    rows = connection.execute(
        select(instance.c.id, instance.c.revision, told.c.n, told.c.top)
        .outerjoin(told, told.c.stream == instance.c.id)
        .where(
            or_(
                func.coalesce(told.c.n, 0) != instance.c.revision,
                func.coalesce(told.c.top, 0) != instance.c.revision,
            )
        )
    )
    return [f"I2 {row.id}: revision {row.revision}, history tells {row.n or 0} up to {row.top or 0}" for row in rows]


def effects(connection: Connection) -> list[str]:
    effect = t.effect
    rows = connection.execute(
        select(effect.c.key).where(effect.c.sent_at.is_not(None), effect.c.sent_at < effect.c.created_at)
    )
    return [f"I3 effect {row.key}: sent before it was asked for" for row in rows]


def timers(connection: Connection) -> list[str]:
    seen = Counter(
        (line.stream, line.task_id, line.data.get("due"))
        for line in history.every(connection)
        if line.kind == "timer_fired"
    )
    return [f"I4 {stream}: timer {task} due {due} fired {n} times" for (stream, task, due), n in seen.items() if n > 1]


def stuck(connection: Connection) -> list[str]:
    instance = t.instance
    offered = or_(
        exists().where(t.task.c.instance_id == instance.c.id, t.task.c.state == "open"),
        exists().where(t.timer.c.instance_id == instance.c.id),
        exists().where(t.waiting_message.c.instance_id == instance.c.id),
    )
    watched = or_(
        exists().where(t.job.c.instance_id == instance.c.id),
        exists().where(t.incident.c.instance_id == instance.c.id, t.incident.c.state != "resolved"),
    )
    rows = connection.execute(
        select(instance.c.id, instance.c.state).where(instance.c.state.in_(OPEN), not_(or_(offered, watched)))
    )
    found = [f"I5 {row.id}: {row.state}, and nothing will ever move it" for row in rows]
    ended = connection.execute(select(instance.c.id).where(not_(instance.c.state.in_(OPEN)), offered))
    return found + [f"I5 {row.id}: ended, but something of it still waits" for row in ended]


def states(connection: Connection, engine: Engine) -> list[str]:
    """Every saved state is ours, and waits for exactly what the rows say."""
    instance, state = t.instance, t.instance_state
    keys = engine.settings.keys_for("state")
    found = []
    for row in connection.execute(
        select(instance, state.c.codec, state.c.blob, state.c.mac).outerjoin(
            state, state.c.instance_id == instance.c.id
        )
    ).all():
        if row.blob is None:
            found.append(f"I6 {row.id}: no saved state")
        elif row.codec != CODEC or not state_signed(keys, row.mac, row.id, row.deployment_id, row.revision, row.blob):
            found.append(f"I6 {row.id}: the saved state is not what we wrote")
        elif row.state in OPEN:
            found += _differences(connection, engine, row)
    return found


def _differences(connection: Connection, engine: Engine, row: Row[Any]) -> list[str]:
    release = engine.releases.get(connection, row.deployment_id)
    services = OnlyLooking(engine.now(), Functions(engine.registry, connection, engine.now()))
    seen = picture(Run.load(release.bpmn, row.definition_key, row.blob, services, release.limits).workflow)
    pairs = (
        ("task", t.task, {task.id for task in seen.tasks}, t.task.c.state == "open"),
        ("timer", t.timer, {timer.id for timer in seen.timers}, true()),
        ("message", t.waiting_message, {message.id for message in seen.messages}, true()),
    )
    found = []
    for name, table, wanted, condition in pairs:
        kept = set(connection.scalars(select(table.c.id).where(table.c.instance_id == row.id, condition)))
        found += [f"I6 {row.id}: {name} {each} is in the state, not in the rows" for each in sorted(wanted - kept)]
        found += [f"I6 {row.id}: {name} {each} is in the rows, not in the state" for each in sorted(kept - wanted)]
    return found


def chains(connection: Connection) -> list[str]:
    streams = union(select(t.instance.c.id), select(t.chain.c.stream), select(t.event.c.stream).distinct())
    return [
        f"I7 {wrong}" for stream in connection.scalars(streams).all() if (wrong := history.verify(connection, stream))
    ]
