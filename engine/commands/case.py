"""One instance, locked for one transaction: load its state, let it run, turn the picture into rows."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Row, Table, bindparam, delete, insert, select, update

from engine import faults, history
from engine.bpmn.drive import Run
from engine.bpmn.model import Happening, Picture
from engine.commands import incidents, messages, rows
from engine.commands.services import StepServices, Wishes
from engine.commands.step import Step
from engine.errors import Conflict, NotFound, Refused
from engine.history import GENESIS, Head, Line
from engine.jobs import queue
from engine.registry import Actor
from engine.releases import LoadedRelease
from engine.store import tables as t
from engine.store.metadata import new_id, ordered_id
from engine.store.packed import pack
from forms.i18n import T

# Built once: they begin every step.
_LOCK = select(t.instance).where(t.instance.c.id == bindparam("instance")).with_for_update()
_WITH_STATE = (
    select(t.instance, *(column.label(f"state_{column.name}") for column in t.instance_state.c))
    .join_from(t.instance, t.instance_state, t.instance_state.c.instance_id == t.instance.c.id)
    .where(t.instance.c.id == bindparam("instance"))
    .with_for_update(of=[t.instance, t.instance_state])
)
# A task with its instance and the saved state, in one round trip. All three are locked, the instance first: whoever waited
# for the lock then reads all three as they are after the wait, not as they were before it (a row that is only joined would
# be the old one). Everybody else who changes a task or a state holds the instance, so nobody waits in a ring.
_OF_TASK = (
    select(
        t.instance,
        *(column.label(f"task_{column.name}") for column in t.task.c),
        *(column.label(f"state_{column.name}") for column in t.instance_state.c),
    )
    .join_from(t.instance, t.task, t.task.c.instance_id == t.instance.c.id)
    .join(t.instance_state, t.instance_state.c.instance_id == t.instance.c.id)
    .where(t.task.c.id == bindparam("task"))
    .with_for_update(of=[t.instance, t.task, t.instance_state])
)
_STATE = select(t.instance_state).where(t.instance_state.c.instance_id == bindparam("instance"))
# They end every step.
_NEW_STATE = insert(t.instance_state)
_NEXT_STATE = update(t.instance_state).where(t.instance_state.c.instance_id == bindparam("instance"))
_NEXT_STATE = _NEXT_STATE.values({name: bindparam(name) for name in ("codec", "blob", "mac", "variables", "active")})
_ROW = ("state", "revision", "ended_at", "end_element", "reason", "events", "head")
_SAVE = (
    update(t.instance)
    .where(t.instance.c.id == bindparam("instance"), t.instance.c.revision == bindparam("expected"))
    .values({name: bindparam(name) for name in _ROW})
)

CODEC = 1  # how `blob` is written; another number is refused, never guessed


class Case:
    """Everything a command does to an instance goes through here; `lock` or `create` one, `save` it at the end."""

    def __init__(self, step: Step, row: Row[Any] | SimpleNamespace, actor: Actor | None) -> None:
        self.step = step
        self.actor = actor  # None for timers and messages
        self.id: str = row.id
        self.deployment_id: str = row.deployment_id
        self.definition_id: str = row.definition_id
        self.definition_key: str = row.definition_key
        self.business_key: str | None = row.business_key
        self.started_by: str | None = row.started_by
        self.state: str = row.state
        self.revision: int = row.revision
        self.reason: str | None = row.reason
        self.lines: list[Line] = []
        self.completed: set[str] = set()  # tasks a person finishes in this command
        self.retrying: set[str] = set()  # failed steps that are tried again in this command
        self.strict = actor is not None  # a rule's refusal refuses the whole command
        self.fired = 0  # timers, in this command
        self._head = Head(row.events, row.head)
        self._ended_at: datetime | None = row.ended_at
        self._end_element: str | None = row.end_element
        self._variables: bytes | None = None
        self._kept: SimpleNamespace | None = None  # the saved state, where the lock read it
        self._standing: rows.Standing | None = None
        self.offered: list[rows.Offered] | None = None  # the open tasks after this command's step
        step.stream = self.id

    @classmethod
    def lock(cls, step: Step, instance_id: str, actor: Actor | None) -> Case:
        """The instance, for this transaction alone. Raises NotFound."""
        row = step.connection.execute(_LOCK, {"instance": instance_id}).first()
        if row is None:
            raise NotFound(T("没有这个流程实例。"))
        return cls(step, row, actor)

    @classmethod
    def lock_to_run(cls, step: Step, instance_id: str, actor: Actor | None) -> Case:
        """As `lock`, the saved state with it, for a command that lets the instance run. Raises NotFound."""
        row = step.connection.execute(_WITH_STATE, {"instance": instance_id}).first()
        if row is None:
            raise NotFound(T("没有这个流程实例。"))
        case = cls(step, row, actor)
        case._kept = _part(row, t.instance_state, "state_")
        return case

    @classmethod
    def lock_of_task(cls, step: Step, task_id: str, actor: Actor) -> tuple[Case, SimpleNamespace] | None:
        """The instance a task belongs to, and the task's row; None where there is no such task."""
        row = step.connection.execute(_OF_TASK, {"task": task_id}).first()
        if row is None:
            return None
        case = cls(step, row, actor)
        case._kept = _part(row, t.instance_state, "state_")
        return case, _part(row, t.task, "task_")

    @classmethod
    def create(
        cls,
        step: Step,
        *,
        deployment_id: str,
        definition_id: str,
        definition_key: str,
        business_key: str | None,
        actor: Actor | None,
        instance_id: str | None = None,
    ) -> Case:
        """A new instance; `start` lets it run."""
        row_id = instance_id or ordered_id(step.now)
        row = {
            "id": row_id,
            "deployment_id": deployment_id,
            "definition_id": definition_id,
            "definition_key": definition_key,
            "business_key": business_key,
            "state": "active",
            "revision": 0,
            "started_by": actor.username if actor else None,
            "started_at": step.now,
            "ended_at": None,
            "end_element": None,
            "reason": None,
            "events": 0,
            "head": GENESIS,
        }
        step.connection.execute(insert(t.instance).values(row))
        case = cls(step, SimpleNamespace(**row), actor)
        case._standing = rows.NOTHING
        step.stream = None  # a refused start leaves no instance to write on
        return case

    @property
    def standing(self) -> rows.Standing:
        """What it waited for when this command began."""
        if self._standing is None:
            self._standing = rows.standing(self.step, self.id)
        return self._standing

    @property
    def release(self) -> LoadedRelease:
        return self.step.engine.releases.get(self.step.connection, self.deployment_id)

    @property
    def moving(self) -> bool:
        return self.state in ("active", "incident")

    def require_moving(self) -> None:
        """Raises Conflict for an instance that has ended or stands still."""
        if self.moving:
            return
        said = {
            "suspended": T("流程已暂停，恢复后才能办理。"),
            "completed": T("流程已经结束。"),
            "cancelled": T("流程已经终止。"),
        }
        raise Conflict(said[self.state], code=f"INSTANCE_{self.state.upper()}", by=None, at=self._ended_at)

    def start(self, variables: Mapping[str, Any]) -> Picture:
        services = StepServices(self.step, self, self.actor)
        release = self.release
        run = Run.start(release.bpmn, self.definition_key, variables, services, release.limits, refuse=self.strict)
        self.note("started", data={"business_key": self.business_key})
        return self.settle(run, services, fresh=True)

    def load(self) -> tuple[Run, StepServices]:
        """The running state, verified. Raises Refused (STATE_DAMAGED) for one that is not what we wrote."""
        faults.point("before_load")
        row = self._kept or self.step.connection.execute(_STATE, {"instance": self.id}).one()
        if row.codec != CODEC or not self._signed(row.mac, self.revision, row.blob):
            raise Refused(T("流程状态与保存时不一致，已拒绝读取。"), code="STATE_DAMAGED")
        self._variables = row.variables
        services = StepServices(self.step, self, self.actor)
        release = self.release
        run = Run.load(release.bpmn, self.definition_key, row.blob, services, release.limits, refuse=self.strict)
        faults.point("after_load")
        return run, services

    def settle(self, run: Run, services: StepServices, *, fresh: bool = False) -> Picture:
        """Run to the next wait state and write down where that is. Raises Refused where a rule refuses a person."""
        before = self.standing
        standing = incidents.standing(self.step, self.id) if before.incidents else {}
        faults.point("before_run")
        picture = run.advance()
        faults.point("after_run")
        if services.broken is not None:
            raise services.broken
        self.revision += 1
        self.lines += [self._line(happening) for happening in picture.happenings]
        self.fired += sum(happening.kind == "timer_fired" for happening in picture.happenings)
        faults.point("before_outbox")
        self._carry_out(services.wishes, picture)
        faults.point("after_outbox")
        faults.point("before_save")
        self.offered = rows.sync(self, before, picture)
        messages.wake_kept(self, rows.sync_waiting(self, before.messages, picture))
        unresolved = incidents.sync(self, standing, picture.failures, services.passing)
        # Of what has ended nothing runs on: its variables are kept for reading, its tokens are not.
        self._write_state(b"" if picture.completed else run.dump(), picture, fresh=fresh)
        if picture.completed:
            self._end("completed", picture.end_elements[-1] if picture.end_elements else None)
        else:
            self.state = "incident" if unresolved else "active"
        self._kept = self._standing = None  # both told what was before
        return picture

    def transfer(self, deployment_id: str, definition_id: str) -> None:
        """From here on it belongs to another release: `settle` follows with its state there. What it can be found by is written
        anew, as that release says."""
        self.deployment_id, self.definition_id = deployment_id, definition_id
        belongs = {"deployment_id": deployment_id, "definition_id": definition_id}
        self.step.connection.execute(update(t.instance).where(t.instance.c.id == self.id).values(belongs))
        self.step.connection.execute(delete(t.instance_value).where(t.instance_value.c.instance_id == self.id))
        self._variables = None

    def cancel(self, reason: str) -> None:
        """End it for good; its rows go, its state stays for the record."""
        self.revision += 1
        self.reason = reason
        rows.clear(self)
        incidents.resolve_all(self)
        self._resign()
        self._end("cancelled", None)

    def suspend(self, reason: str) -> None:
        self.revision += 1
        self.reason, self.state = reason, "suspended"
        self._resign()

    def resume(self) -> None:
        self.revision += 1
        self.reason = None
        self.state = "incident" if incidents.any_open(self.step, self.id) else "active"
        self._resign()
        self.step.stirred = True

    def note(self, kind: str, **what: Any) -> None:
        """A line of this command's own, by whoever acts."""
        self.lines.append(Line(kind, self.actor.username if self.actor else None, **what))

    def save(self, *, moved: bool = True) -> None:
        """Write the lines and the row; last thing a command does. `moved`: the state went on to a new revision."""
        stamp = self.revision if moved else None
        lines = [_stamped(line, stamp) for line in self.lines]
        self._head = history.append(self.step.connection, self.id, self._head, self.step.now, lines)
        changed = self.step.connection.execute(
            _SAVE,
            {
                "instance": self.id,
                "expected": self.revision - (1 if moved else 0),
                "state": self.state,
                "revision": self.revision,
                "ended_at": self._ended_at,
                "end_element": self._end_element,
                "reason": self.reason,
                "events": self._head.events,
                "head": self._head.hash,
            },
        )
        if changed.rowcount != 1:
            raise Conflict(T("流程刚刚被别人推进，请刷新后再试。"), by=None, at=None)
        faults.point("after_save")

    def summary(self) -> dict[str, Any]:
        return {"id": self.id, "state": self.state, "revision": self.revision}

    def _carry_out(self, wishes: Wishes, picture: Picture) -> None:
        self.lines += wishes.lines
        for message in wishes.messages:
            messages.send(self, message.name, message.correlation, message.business_key, message.variables)
        for out in picture.outgoing:
            messages.send(self, out.name, out.correlation, out.business_key, out.variables)
        for key, variables, business_key in wishes.starts:
            job = new_id()
            payload = {"instance_id": job, "key": key, "variables": dict(variables), "business_key": business_key}
            self.step.put_job(queue.START, f"{queue.START}:{job}", payload, instance_id=self.id)
        for kind, key, content in wishes.effects:
            rows.add_effect(self, kind, key, content)

    def _line(self, happening: Happening) -> Line:
        return Line(
            happening.kind,
            self.actor.username if self.actor else None,
            happening.definition_key,
            happening.element_id,
            happening.name,
            happening.task_id,
            dict(happening.data),
        )

    def _end(self, state: str, element: str | None) -> None:
        self.state, self._ended_at, self._end_element = state, self.step.now, element

    def _write_state(self, blob: bytes, picture: Picture, *, fresh: bool) -> None:
        variables = pack(dict(picture.variables))
        values = {
            "codec": CODEC,
            "blob": blob,
            "mac": self._mac(self.revision, blob),
            "variables": variables,
            "active": [
                {"element_id": a.element_id, "name": a.name, "definition_key": a.definition_key, "count": a.count}
                for a in picture.active
            ],
        }
        if fresh:
            self.step.connection.execute(_NEW_STATE, {"instance_id": self.id, **values})
        else:
            self.step.connection.execute(_NEXT_STATE, {"instance": self.id, **values})
        if variables != self._variables:
            rows.sync_scopes(self, self.standing.scopes, picture.variables)
        if variables != self._variables or picture.completed:
            rows.sync_values(self, self._variables, picture)

    def _resign(self) -> None:
        """The state as it is belongs to a new revision."""
        state = t.instance_state
        row = self.step.connection.execute(
            select(state.c.blob, state.c.mac).where(state.c.instance_id == self.id)
        ).one()
        if not self._signed(row.mac, self.revision - 1, row.blob):
            raise Refused(T("流程状态与保存时不一致，已拒绝读取。"), code="STATE_DAMAGED")
        self.step.connection.execute(
            update(state).where(state.c.instance_id == self.id).values(mac=self._mac(self.revision, row.blob))
        )

    def _mac(self, revision: int, blob: bytes) -> bytes:
        """Over the state and where it belongs, so that an old one or another instance's cannot be put in its place."""
        return state_mac(self.step.engine.settings.key_for("state"), self.id, self.deployment_id, revision, blob)

    def _signed(self, mac: bytes, revision: int, blob: bytes) -> bool:
        keys = self.step.engine.settings.keys_for("state")
        return state_signed(keys, mac, self.id, self.deployment_id, revision, blob)


def state_mac(key: bytes, instance_id: str, deployment_id: str, revision: int, blob: bytes) -> bytes:
    place = f"{CODEC}|{instance_id}|{deployment_id}|{revision}|".encode()
    return hmac.new(key, place + blob, hashlib.sha256).digest()


def state_signed(
    keys: Iterable[bytes], mac: bytes, instance_id: str, deployment_id: str, revision: int, blob: bytes
) -> bool:
    """Whether one of the installation's secrets signed it: a secret that was replaced still vouches for what it wrote."""
    return any(hmac.compare_digest(mac, state_mac(key, instance_id, deployment_id, revision, blob)) for key in keys)


def _stamped(line: Line, revision: int | None) -> Line:
    return Line(**{**line.__dict__, "revision": revision})


def _part(row: Row[Any], table: Table, prefix: str) -> SimpleNamespace:
    """The columns of one table out of a row of several."""
    return SimpleNamespace(**{column.name: getattr(row, prefix + column.name) for column in table.c})
