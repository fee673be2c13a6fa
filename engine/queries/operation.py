"""What an operator looks at beside the incidents: jobs that were given up, cases proposed to be ended, what a retry of many did."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, literal, or_, select

from engine import policy
from engine.commands.allowed import require
from engine.errors import NotFound
from engine.jobs.queue import RETRY_MANY
from engine.queries import shaped
from engine.queries.proposals import proposals
from engine.queries.reading import Page, Reading
from engine.registry import Actor
from engine.store import tables as t
from forms.i18n import T, Text


@dataclass(frozen=True)
class JobItem:
    """A piece of background work. `state`: waiting (due, or for later), running (somebody holds it), failed (given up)."""

    id: str
    key: str
    kind: str
    process_instance_id: str | None
    state: str
    run_at: datetime
    created_at: datetime
    attempts: int
    code: str | None  # why it was given up
    message: Text | None


@dataclass(frozen=True)
class JobList:
    """Jobs, the longest waiting first; `state` None means all. Those that are an incident of a case are left out where
    `loose`: they are tried again there. Raises Forbidden."""

    actor: Actor
    state: str | None = None
    loose: bool = False
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[JobItem]:
        require(self.actor, "operation.read")
        job = t.job.c
        held = job.lease_until.is_not(None) & (job.lease_until >= reading.engine.wall.now())
        query = select(t.job)
        if self.state == "failed":
            query = query.where(job.failed)
        elif self.state == "running":
            query = query.where(~job.failed, held)
        elif self.state == "waiting":
            free = or_(job.lease_until.is_(None), job.lease_until < reading.engine.wall.now())
            query = query.where(~job.failed, free)
        if self.loose:
            stands = select(t.incident.c.id).where(t.incident.c.job_id == job.id, t.incident.c.state != "resolved")
            query = query.where(~stands.exists())
        rows = reading.connection.execute(
            shaped.limited(query.order_by(job.run_at, job.id), self.first_result, self.max_results)
        ).all()
        wall = reading.engine.wall.now()
        items = [
            JobItem(
                row.id,
                row.key,
                row.kind,
                row.instance_id,
                "failed" if row.failed else "running" if row.lease_until and row.lease_until >= wall else "waiting",
                row.run_at,
                row.created_at,
                row.attempts,
                row.problem["code"] if row.problem else None,
                Text.load(row.problem["text"]) if row.problem else None,
            )
            for row in rows
        ]
        return Page(items, shaped.count(reading.connection, query))


@dataclass(frozen=True)
class CancellationItem:
    """`by`, `decided_by`: display names. `may_decide`, `may_withdraw`: the reader."""

    id: str
    process_instance_id: str
    definition_key: str
    business_key: str | None
    instance_state: str
    reason: str
    status: str  # proposed, confirmed, rejected, withdrawn
    by: str
    at: datetime
    decided_by: str | None
    decided_at: datetime | None
    answer: str | None
    may_decide: bool
    may_withdraw: bool


@dataclass(frozen=True)
class Cancellations:
    """Proposals to end a case, the newest first: those that wait for the second person, or of one case all of them.

    For overseers of the office and those who read everything. Two statements. Raises Forbidden."""

    actor: Actor
    process_instance_id: str | None = None

    def answer(self, reading: Reading) -> list[CancellationItem]:
        found = proposals(reading, self.actor, t.cancellation, self.process_instance_id)
        return [CancellationItem(**shown) for _row, shown in found]


@dataclass(frozen=True)
class RetriedItem:
    """One of many. `state`: waiting, worked, failed (it stands again), skipped (nothing to be tried any more, and why),
    stuck (its own job was given up)."""

    incident_id: str
    process_instance_id: str
    definition_key: str
    element_id: str | None
    business_key: str | None
    state: str
    at: datetime | None
    message: Text | None


@dataclass(frozen=True)
class RetriedMany:
    """`counts`: by state of the items. `items`: what did not work, the first 200. `by`: a display name."""

    id: str
    code: str
    reason: str
    by: str
    at: datetime
    counts: dict[str, int]
    items: tuple[RetriedItem, ...]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def over(self) -> bool:
        return not self.counts.get("waiting")


@dataclass(frozen=True)
class RetryBatch:
    """What came of trying many again. Four statements. Raises NotFound."""

    actor: Actor
    batch_id: str

    def answer(self, reading: Reading) -> RetriedMany:
        batches = _batches(reading, t.retry_batch.c.id == self.batch_id, 1)
        if not batches or not policy.allows(self.actor, "incident.read"):
            raise NotFound(T("没有这次重试。"))
        item, incident, instance = t.retry_item.c, t.incident.c, t.instance.c
        rows = reading.connection.execute(
            select(
                t.retry_item,
                incident.instance_id,
                incident.definition_key,
                incident.element_id,
                instance.business_key,
                t.job.c.failed.label("stuck"),
            )
            .join(t.incident, incident.id == item.incident_id)
            .join(t.instance, instance.id == incident.instance_id)
            .outerjoin(t.job, t.job.c.key == _KEY)
            .where(item.batch_id == self.batch_id, or_(item.state.in_(("failed", "skipped")), t.job.c.failed))
            .order_by(item.at, item.incident_id)
            .limit(200)
        )
        items = tuple(
            RetriedItem(
                row.incident_id,
                row.instance_id,
                row.definition_key,
                row.element_id,
                row.business_key,
                "stuck" if row.stuck and row.state == "waiting" else row.state,
                row.at,
                Text.load(row.text) if row.text else None,
            )
            for row in rows
        )
        return replace(batches[0], items=items)


@dataclass(frozen=True)
class RetryBatches:
    """The last five, without their items. Three statements. Raises Forbidden."""

    actor: Actor

    def answer(self, reading: Reading) -> list[RetriedMany]:
        require(self.actor, "incident.read")
        return _batches(reading, None, 5)


# The key of the job that tries one of them (`engine.commands.retry_many.job_key`).
_KEY = literal(f"{RETRY_MANY}:") + t.retry_item.c.batch_id + ":" + t.retry_item.c.incident_id


def _batches(reading: Reading, condition: ColumnElement[bool] | None, most: int) -> list[RetriedMany]:
    table, item = t.retry_batch, t.retry_item.c
    query = select(table).order_by(table.c.asked_at.desc(), table.c.id).limit(most)
    if condition is not None:
        query = query.where(condition)
    rows = reading.connection.execute(query).all()
    known = shaped.names(reading.connection, (row.asked_by for row in rows))
    counts: dict[str, dict[str, int]] = {row.id: {} for row in rows}
    counted = (
        select(item.batch_id, item.state, t.job.c.failed.label("stuck"), func.count().label("n"))
        .outerjoin(t.job, t.job.c.key == _KEY)
        .where(item.batch_id.in_(list(counts)))
        .group_by(item.batch_id, item.state, t.job.c.failed)
    )
    for row in reading.connection.execute(counted) if rows else ():
        state = "stuck" if row.stuck and row.state == "waiting" else row.state
        counts[row.batch_id][state] = counts[row.batch_id].get(state, 0) + row.n
    return [
        RetriedMany(
            row.id, row.code, row.reason, known.get(row.asked_by, row.asked_by), row.asked_at, counts[row.id], ()
        )
        for row in rows
    ]
