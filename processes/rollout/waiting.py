"""Who is blocking: the open tasks of a programme's instance by stream, and the units that have not answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, select

from engine.queries.reading import Reading
from engine.store import tables as t
from engine.store.packed import unpack
from forms.i18n import T, Text
from processes.register.rollout_tables import UNIT_SETTLED
from processes.rollout.board import Blocking, StreamPhase, UnitShown

WHOLE = ""  # tasks that belong to no stream
DECIDES = "waive_or_wait"  # a question about the stream, not work of it
UNIT_HAS: Mapping[str, Text] = {
    "declaring": T("单位人事"),
    "verifying": T("属地主管部门"),
    "publicising": T("单位人事（公示未结束）"),
}


@dataclass(frozen=True)
class OpenTask:
    """An open task: its element and name, whose lane it is, and the stream it belongs to."""

    id: str
    instance_id: str
    element_id: str
    name: Text
    who: Text
    created_at: datetime
    due_at: datetime | None


def open_tasks(reading: Reading, instance_id: str | None) -> dict[str, list[OpenTask]]:
    """Stream id (`WHOLE` for none) -> the open tasks of the programme's instance."""
    found: dict[str, list[OpenTask]] = defaultdict(list)
    if instance_id is None:
        return found
    query = select(t.task).where(t.task.c.instance_id == instance_id, t.task.c.state == "open")
    for row in reading.connection.execute(query.order_by(t.task.c.created_at, t.task.c.id)).mappings():
        data = unpack(row["data"])
        stream_id = data.get("stream_id") or (data.get("stream") or {}).get("stream_id") or WHOLE
        who = Text(row["lane"]) if row["lane"] else T("有关部门")
        found[stream_id].append(
            OpenTask(
                row["id"],
                instance_id,
                row["element_id"],
                Text(row["name"]),
                who,
                row["created_at"],
                row["due_at"],
            )
        )
    return found


def blocking(
    reading: Reading,
    programme: RowMapping,
    open_phases: Sequence[StreamPhase],
    units: Sequence[UnitShown],
    tasks: Sequence[OpenTask],
    everything: Mapping[str, Sequence[OpenTask]],
) -> tuple[Blocking, ...]:
    """What stands between a stream and the end of the phases it is in; empty where nothing is open."""
    if not open_phases:
        return ()
    waits = [
        Blocking(task.name, task.who, task.created_at, task.instance_id, task.id)
        for task in tasks
        if task.element_id != DECIDES
    ]
    missing = [one for one in units if one.status not in UNIT_SETTLED]
    own = _first_tasks(reading, [one.instance_id for one in missing if one.instance_id])
    waits += [
        Blocking(
            T("{unit}的岗位还没有核定", unit=one.name),
            UNIT_HAS[one.status],
            one.asked_at,
            one.instance_id,
            own.get(one.instance_id or ""),
        )
        for one in missing
    ]
    if not waits and programme["instance_id"] is not None and programme["cycle_closed_at"] is None:
        closing = next((task for task in everything.get(WHOLE, ()) if task.element_id == "close_review"), None)
        if closing is not None:
            waits.append(
                Blocking(T("等待首次评审结束"), closing.who, closing.created_at, closing.instance_id, closing.id)
            )
    return tuple(waits)


def _first_tasks(reading: Reading, instance_ids: Sequence[str]) -> dict[str, str]:
    """Instance id -> its oldest open task."""
    if not instance_ids:
        return {}
    query = (
        select(t.task.c.instance_id, t.task.c.id)
        .where(t.task.c.instance_id.in_(instance_ids), t.task.c.state == "open")
        .order_by(t.task.c.created_at.desc(), t.task.c.id.desc())
    )
    return {row.instance_id: row.id for row in reading.connection.execute(query)}
