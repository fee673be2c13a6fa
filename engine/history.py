"""The append-only history: every line carries the hash of the line before it, one chain per instance.

    hash = sha256(prev_hash || canonical JSON of the line)          both hashes in hex

The office's own lines (deployments, accounts, refusals without an instance) hang on chains with names of their own.

What one transaction adds stands in one row: the canonical JSON of its lines, folded, and the hash of the last of them. The
hashes between are recomputed whenever lines are read, from the hash of the row before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, insert, select, update

from engine.store import tables as t
from engine.store.packed import fold, unfold
from engine.store.upsert import execute_each, insert_new
from forms.i18n import Text

MOST = 200  # lines in one row, so that a page of a long history unfolds little more than it shows
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


@dataclass(frozen=True)
class Told:
    """A line as it stands in a history."""

    stream: str
    seq: int
    at: datetime
    kind: str
    revision: int | None
    actor: str | None
    definition_key: str | None
    element_id: str | None
    name: str | None
    task_id: str | None
    data: Mapping[str, Any]
    text: Text | None
    hash: str  # hex


_ADD = insert(t.event)


def append(connection: Connection, stream: str, head: Head, now: datetime, lines: Sequence[Line]) -> Head:
    """Write lines at the end of a chain whose `head` the caller holds under a lock; returns the new end."""
    rows = []
    for some in _sheets(lines):
        bodies = []
        for line in some:
            body = canonical(
                {
                    "stream": stream,
                    "seq": head.events + 1,
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
            head = Head(head.events + 1, link(head.hash, body))
            bodies.append(body)
        rows.append(sheet(stream, head, now, some[0].revision, bodies))
    if rows:
        execute_each(connection, _ADD, rows)
    return head


def sheet(stream: str, head: Head, at: datetime, revision: int | None, bodies: Sequence[bytes]) -> dict[str, Any]:
    """The row of these lines (canonical JSON, which has no line break in it), of which the last one is `head`."""
    return {
        "stream": stream,
        "seq": head.events,
        "lines": len(bodies),
        "at": at,
        "revision": revision,
        "hash": bytes.fromhex(head.hash),
        "folded": fold(b"\n".join(bodies)),
    }


def _sheets(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    for _, group in groupby(lines, key=lambda line: line.revision):
        same = list(group)
        for start in range(0, len(same), MOST):
            yield same[start : start + MOST]


def read(connection: Connection, stream: str, first: int = 1, last: int | None = None) -> list[Told]:
    """Lines `first` to `last` of one history (both counted, from 1), oldest first. One statement."""
    event = t.event.c
    # The row before the first one wanted tells where the chain stood.
    before = select(func.max(event.seq)).where(event.stream == stream, event.seq < first).scalar_subquery()
    query = select(t.event).where(event.stream == stream, event.seq >= func.coalesce(before, 0))
    if last is not None:
        query = query.where(event.seq - event.lines < last)
    told = _told(connection.execute(query.order_by(event.seq)))
    return [line for line in told if line.seq >= first and (last is None or line.seq <= last)]


def every(connection: Connection) -> Iterator[Told]:
    """All lines of all histories, one history after the other."""
    event = t.event
    query = select(event).order_by(event.c.stream, event.c.seq).execution_options(yield_per=1000)
    return _told(connection.execute(query))


def _told(rows: Iterable[Row[Any]]) -> Iterator[Told]:
    """The lines of consecutive rows. The hashes of the first row's lines are not told, unless it begins its chain."""
    end: tuple[str, str] | None = None  # stream and hash of the last line seen
    for row in rows:
        known = row.seq == row.lines or (end is not None and end[0] == row.stream)
        hashed = GENESIS if row.seq == row.lines else end[1] if end is not None else ""
        for body in unfold(row.folded).split(b"\n"):
            hashed = link(hashed, body) if known else ""
            told = orjson.loads(body)
            text = Text.load(told.pop("text")) if told["text"] else None
            yield Told(
                **{name: told[name] for name in _PLAIN},
                at=datetime.fromisoformat(told["at"]),
                text=text,
                hash=hashed,
            )
        end = (row.stream, row.hash.hex())


_PLAIN = ("stream", "seq", "kind", "revision", "actor", "definition_key", "element_id", "name", "task_id", "data")


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
    """Recompute one chain, line by line. Returns what is wrong, None when all holds."""
    event = t.event
    rows = connection.execute(
        select(event).where(event.c.stream == stream).order_by(event.c.seq).execution_options(yield_per=1000)
    )
    head = Head()
    for row in rows:
        if row.seq - row.lines != head.events:
            return f"{stream}: line {head.events + 1} is missing"
        try:
            bodies = unfold(row.folded).split(b"\n")
        except ValueError:
            return f"{stream}: lines {head.events + 1} to {row.seq} cannot be read"
        if len(bodies) != row.lines:
            return f"{stream}: row {row.seq} holds {len(bodies)} lines, {row.lines} were written"
        for body in bodies:
            head = Head(head.events + 1, link(head.hash, body))
            wrong = _differing(row, head.events, body)
            if wrong:
                return f"{stream}: line {head.events} and its columns differ ({', '.join(wrong)})"
        if row.hash.hex() != head.hash:
            return f"{stream}: line {row.seq} does not continue the chain"
    kept_head = _head(connection, stream)
    if kept_head is not None and kept_head != head:
        return f"{stream}: the chain ends at {head.events}, {kept_head.events} lines were written"
    return None


def _differing(row: Row[Any], seq: int, body: bytes) -> list[str]:
    try:
        told = orjson.loads(body)
        written = (told["stream"], told["seq"], datetime.fromisoformat(told["at"]), told["revision"])
    except (KeyError, TypeError, ValueError):
        return ["body"]
    columns = {"stream": row.stream, "seq": seq, "at": row.at, "revision": row.revision}
    return [name for (name, value), said in zip(columns.items(), written, strict=True) if value != said]


def _head(connection: Connection, stream: str) -> Head | None:
    for table, column in ((t.instance, t.instance.c.id), (t.chain, t.chain.c.stream)):
        row = connection.execute(select(table.c.events, table.c.head).where(column == stream)).first()
        if row is not None:
            return Head(row.events, row.head)
    return None
