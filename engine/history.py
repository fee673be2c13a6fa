"""The append-only history: every line carries the hash of the line before it, one chain per instance.

    hash = sha256(prev_hash || canonical JSON of the line)

The office's own lines (deployments, accounts, refusals without an instance) hang on chains with names of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select, update

from engine.store import tables as t
from engine.store.upsert import insert_new
from forms.i18n import Text

GENESIS = "0" * 64
OFFICE = "system"  # the stream of what belongs to no instance


@dataclass(frozen=True)
class Line:
    """What happened. `data` is plain JSON; `text` a sentence for people where the kind alone does not say it."""

    kind: str
    actor: str | None = None  # username
    definition_key: str | None = None
    element_id: str | None = None
    name: str | None = None
    task_id: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    text: Text | None = None
    revision: int | None = None  # of the instance after the step, where the line belongs to one


@dataclass(frozen=True)
class Head:
    """Where a chain ends: how many lines it has and the hash of the last."""

    events: int = 0
    hash: str = GENESIS


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: equal values give equal bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)


def link(prev_hash: str, body: bytes) -> str:
    return hashlib.sha256(prev_hash.encode() + body).hexdigest()


def append(connection: Connection, stream: str, head: Head, now: datetime, lines: Sequence[Line]) -> Head:
    """Write lines at the end of a chain whose `head` the caller holds under a lock; returns the new end."""
    rows = []
    for line in lines:
        seq = head.events + 1
        body = canonical(
            {
                "stream": stream,
                "seq": seq,
                "at": now,
                "kind": line.kind,
                "revision": line.revision,
                "actor": line.actor,
                "definition_key": line.definition_key,
                "element_id": line.element_id,
                "name": line.name,
                "task_id": line.task_id,
                "data": line.data,
                "text": line.text.dump() if line.text else None,
            }
        )
        new = Head(seq, link(head.hash, body))
        rows.append(
            {
                "stream": stream,
                "seq": seq,
                "at": now,
                "actor": line.actor,
                "kind": line.kind,
                "revision": line.revision,
                "definition_key": line.definition_key,
                "element_id": line.element_id,
                "name": line.name,
                "task_id": line.task_id,
                "body": body.decode(),
                "prev_hash": head.hash,
                "hash": new.hash,
            }
        )
        head = new
    if rows:
        connection.execute(insert(t.event), rows)
    return head


def append_to(connection: Connection, stream: str, now: datetime, lines: Sequence[Line]) -> None:
    """Write lines to a chain that is no instance's, making it if it is new. One writer at a time per chain."""
    chain = t.chain
    found = connection.execute(
        select(chain.c.events, chain.c.head).where(chain.c.stream == stream).with_for_update()
    ).first()
    if found is None:
        # Two first writers: the insert of the second waits, does nothing, and the lock below sees the first's end.
        connection.execute(insert_new(connection, chain).values(stream=stream, events=0, head=GENESIS))
        found = connection.execute(
            select(chain.c.events, chain.c.head).where(chain.c.stream == stream).with_for_update()
        ).one()
    head = append(connection, stream, Head(found.events, found.head), now, lines)
    connection.execute(update(chain).where(chain.c.stream == stream).values(events=head.events, head=head.hash))


def append_to_instance(connection: Connection, instance_id: str, now: datetime, lines: Sequence[Line]) -> bool:
    """Write lines to an instance's chain without moving its state; False where there is no such instance."""
    instance = t.instance
    found = connection.execute(
        select(instance.c.events, instance.c.head).where(instance.c.id == instance_id).with_for_update()
    ).first()
    if found is None:
        return False
    head = append(connection, instance_id, Head(found.events, found.head), now, lines)
    connection.execute(update(instance).where(instance.c.id == instance_id).values(events=head.events, head=head.hash))
    return True


def verify(connection: Connection, stream: str) -> str | None:
    """Recompute one chain. Returns what is wrong, None when all holds."""
    event = t.event
    rows = connection.execute(
        select(event).where(event.c.stream == stream).order_by(event.c.seq).execution_options(yield_per=1000)
    )
    head = Head()
    for row in rows:
        if row.seq != head.events + 1:
            return f"{stream}: line {head.events + 1} is missing"
        if row.prev_hash != head.hash or row.hash != link(head.hash, row.body.encode()):
            return f"{stream}: line {row.seq} does not continue the chain"
        told = orjson.loads(row.body)
        kept = {name: getattr(row, name) for name in ("stream", "seq", "kind", "actor", "definition_key", "element_id")}
        kept |= {"revision": row.revision, "name": row.name, "task_id": row.task_id}
        differing = [name for name, value in kept.items() if told[name] != value]
        if differing or datetime.fromisoformat(told["at"]) != row.at:
            return f"{stream}: line {row.seq} and its columns differ ({', '.join(differing or ['at'])})"
        head = Head(row.seq, row.hash)
    kept_head = _head(connection, stream)
    if kept_head is not None and kept_head != head:
        return f"{stream}: the chain ends at {head.events}, {kept_head.events} lines were written"
    return None


def _head(connection: Connection, stream: str) -> Head | None:
    for table, column in ((t.instance, t.instance.c.id), (t.chain, t.chain.c.stream)):
        row = connection.execute(select(table.c.events, table.c.head).where(column == stream)).first()
        if row is not None:
            return Head(row.events, row.head)
    return None
