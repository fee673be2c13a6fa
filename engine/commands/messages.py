"""Messages between instances and from outside: who receives one, and what is kept for who will wait next.

A receiver is found by what its event declares (`correlation`): every declared value must be carried by the message. An
event that declares nothing is found by the message's values being those of its instance's variables. Where the message
names a business key, the instance must have it; with a business key alone the message's name is enough.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, false, insert, or_, select, update

from engine.bpmn.model import WaitingMessage
from engine.commands.anchors import anchors
from engine.commands.step import Step
from engine.jobs import queue
from engine.store import tables as t
from engine.store.metadata import new_id
from engine.store.packed import unpack

if TYPE_CHECKING:
    from engine.commands.case import Case


@dataclass(frozen=True)
class Receiver:
    instance_id: str
    waiting_id: str


def send(
    case: Case, name: str, correlation: Mapping[str, Any], business_key: str | None, variables: Mapping[str, Any]
) -> None:
    """Keep a message with the step that sends it; a job delivers it in a transaction of its own."""
    message_id = store(
        case.step, name, correlation, business_key, variables, state="pending", source_instance_id=case.id
    )
    put_delivery(case.step, message_id, case.id)


def store(
    step: Step,
    name: str,
    correlation: Mapping[str, Any],
    business_key: str | None,
    variables: Mapping[str, Any],
    *,
    state: str,
    source_instance_id: str | None = None,
    sent_by: str | None = None,
) -> str:
    message_id = new_id()
    step.connection.execute(
        insert(t.message).values(
            id=message_id,
            name=name,
            business_key=business_key,
            correlation=dict(correlation),
            variables=dict(variables),
            state=state,
            source_instance_id=source_instance_id,
            sent_by=sent_by,
            created_at=step.now,
        )
    )
    rows = [{"message_id": message_id, "anchor": value} for value in anchors(correlation)]
    if rows:
        step.connection.execute(insert(t.message_anchor), rows)
    return message_id


def put_delivery(step: Step, message_id: str, instance_id: str | None) -> None:
    key = f"{queue.DELIVER}:{message_id}"
    step.put_job(queue.DELIVER, key, {"message_id": message_id}, instance_id=instance_id)


def receivers(
    connection: Connection, name: str, correlation: Mapping[str, Any], business_key: str | None
) -> list[Receiver]:
    """Who waits for this message now, longest waiting instance first; none for a message that names nobody."""
    if not correlation and business_key is None:
        return []
    waiting, instance = t.waiting_message, t.instance
    query = (
        select(waiting.c.id, waiting.c.instance_id, waiting.c.correlation, instance.c.business_key)
        .join(instance, instance.c.id == waiting.c.instance_id)
        .where(waiting.c.message == name, instance.c.state.in_(("active", "incident")))
        .order_by(instance.c.started_at, instance.c.id, waiting.c.id)
    )
    if correlation:
        query = query.where(or_(waiting.c.anchor.in_(anchors(correlation)), waiting.c.anchor.is_(None)))
    if business_key is not None:
        query = query.where(instance.c.business_key == business_key)
    found = []
    for row in connection.execute(query):
        declared = row.correlation
        if not correlation or carries(correlation, declared or variables_of(connection, row.instance_id), declared):
            found.append(Receiver(row.instance_id, row.id))
    return found


def carries(correlation: Mapping[str, Any], values: Mapping[str, Any], declared: Mapping[str, Any]) -> bool:
    """Does a message with these values mean a receiver? All that was declared must be carried; where nothing was
    declared, all that is carried must be so in the receiver."""
    names = declared or correlation
    return all(name in correlation and name in values and correlation[name] == values[name] for name in names)


def variables_of(connection: Connection, instance_id: str) -> Mapping[str, Any]:
    packed = connection.scalar(
        select(t.instance_state.c.variables).where(t.instance_state.c.instance_id == instance_id)
    )
    values: Mapping[str, Any] = unpack(packed) if packed is not None else {}
    return values


def keep_or_queue(
    step: Step,
    message_id: str,
    name: str,
    correlation: Mapping[str, Any],
    business_key: str | None,
    tried: Collection[str] = (),
) -> None:
    """Nobody waited a moment ago: under the name's lock look once more (leaving out who was `tried` and did not take
    it), then keep the message for the next to wait.

    The lock makes this and `wake_kept` see each other; it is taken last, so that it never waits for an instance."""
    step.engine.store.lock_name(step.connection, f"message/{name}")
    if any(r.waiting_id not in tried for r in receivers(step.connection, name, correlation, business_key)):
        put_delivery(step, message_id, None)
        return
    step.connection.execute(update(t.message).where(t.message.c.id == message_id).values(state="kept"))


def wake_kept(case: Case, new: Sequence[WaitingMessage]) -> None:
    """An instance has begun to wait: kept messages meant for it are delivered next."""
    if not new:
        return
    connection = case.step.connection
    for name in sorted({waiting.message for waiting in new}):
        case.step.engine.store.lock_name(connection, f"message/{name}")
    message = t.message
    for waiting in new:
        meant: ColumnElement[bool] = (
            false() if case.business_key is None else message.c.business_key == case.business_key
        )
        if waiting.correlation:
            named = select(t.message_anchor.c.message_id).where(
                t.message_anchor.c.anchor.in_(anchors(waiting.correlation))
            )
            meant = or_(meant, message.c.id.in_(named))
        else:
            meant = or_(meant, message.c.business_key.is_(None))
        kept = connection.execute(
            select(message)
            .where(message.c.state == "kept", message.c.name == waiting.message, meant)
            .order_by(message.c.created_at)
        ).all()
        for row in kept:
            if row.business_key is not None and row.business_key != case.business_key:
                continue
            values = waiting.correlation or variables_of(connection, case.id)
            if not row.correlation or carries(row.correlation, values, waiting.correlation):
                put_delivery(case.step, row.id, case.id)
                break
