"""Who may see and do what. Default deny: `allows` says yes to what is written here and to nothing else.

    facts     what the decision needs to know of one resource, as values
    allows    the decision over one resource
    *_filter  the same decision as a condition in SQL, so that a list never holds what its reader may not see

A membership's scope narrows a group to one unit or region. A candidate group without scope is offered to the group
everywhere; one with a scope to members of that scope and to members everywhere, save the scope of one person, which is
that member's alone: colleagues share their desk, applicants do not share their cases. Scopes also open the instances that
belong to them (`instance_scope`): give a scope only to those who look after the unit, not to those who belong to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, true

from engine.registry import Actor
from engine.store import tables as t

ADMIN, OWNER, MANAGER, INSPECTOR = "admin", "process_owner", "manager", "inspector"
READERS = frozenset({ADMIN, OWNER, MANAGER, INSPECTOR})  # read every task and every instance
PERSON = "person:"  # a scope of exactly one account, "person:c-001": being a member everywhere does not open it


@dataclass(frozen=True)
class Candidate:
    """One line of a task's offer."""

    kind: str  # group | user
    value: str
    scope: str | None = None


@dataclass(frozen=True)
class TaskFacts:
    open: bool
    assignee: str | None
    owner: str | None  # who delegated it
    completed_by: str | None
    candidates: tuple[Candidate, ...]
    barred: frozenset[str]  # who did a step that the same person may not do (four eyes)

    @classmethod
    def of(cls, row: Any, candidates: Iterable[Candidate], barred: frozenset[str]) -> TaskFacts:
        """From a task's row: what a command judges and what a list shows must not differ."""
        return cls(
            open=row.state == "open",
            assignee=row.assignee,
            owner=row.owner,
            completed_by=row.completed_by,
            candidates=tuple(candidates),
            barred=barred,
        )


@dataclass(frozen=True)
class InstanceFacts:
    started_by: str | None
    scopes: frozenset[str]
    took_part: bool  # a task of it was offered to, assigned to or done by the actor


@dataclass(frozen=True)
class StartFacts:
    starter_groups: frozenset[str]


@dataclass(frozen=True)
class DeploymentFacts:
    uploaded_by: str
    four_eyes: bool


@dataclass(frozen=True)
class CancellationFacts:
    """Ending somebody's case. `overseers`: the offices above (`Registry.overseers`) that may be the second person too."""

    proposed_by: str
    overseers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ReleaseFacts:
    """A proposed release that changes a rule set. `signers`: the groups that sign it (`Registry.rule_signers`)."""

    proposed_by: str
    signers: frozenset[str] = frozenset()


def allows(actor: Actor, action: str, facts: Any = None) -> bool:
    """May `actor` do `action` to what `facts` describe? An action that is not known is forbidden."""
    match action, facts:
        case ("task.read", TaskFacts()):
            return _reads(actor) or _is_theirs(actor, facts) or matches(actor, facts.candidates)
        case ("task.claim" | "task.complete" | "task.draft", TaskFacts()):
            return facts.open and actor.username not in facts.barred and may_take(actor, facts)
        case ("task.unclaim", TaskFacts()):
            return facts.open and (actor.username == facts.assignee or OWNER in actor.groups)
        case ("task.delegate", TaskFacts()):
            return facts.open and may_take(actor, facts)
        case ("task.assign", TaskFacts()):
            return facts.open and (may_take(actor, facts) or not actor.groups.isdisjoint({OWNER, ADMIN}))
        case ("instance.read", InstanceFacts()):
            own = actor.username == facts.started_by or facts.took_part
            return _reads(actor) or own or not _scopes(actor).isdisjoint(facts.scopes)
        case ("process.start", StartFacts()):
            return OWNER in actor.groups or not actor.groups.isdisjoint(facts.starter_groups)
        case ("deployment.activate", DeploymentFacts()):
            return OWNER in actor.groups and not (facts.four_eyes and actor.username == facts.uploaded_by)
        case ("release.sign", ReleaseFacts()):
            return actor.username != facts.proposed_by and not actor.groups.isdisjoint(facts.signers)
        case ("release.withdraw", ReleaseFacts()):
            return not actor.groups.isdisjoint({OWNER, *facts.signers})
        case ("release.review", ReleaseFacts()):
            return _reads(actor) or not actor.groups.isdisjoint(facts.signers)
        case ("cancellation.decide", CancellationFacts()):
            return actor.username != facts.proposed_by and not actor.groups.isdisjoint({OWNER, *facts.overseers})
        case ("cancellation.withdraw", CancellationFacts()):
            return actor.username == facts.proposed_by and OWNER in actor.groups
        case (
            (
                "deployment.create"
                | "instance.suspend"
                | "instance.resume"
                | "instance.cancel"
                | "instance.migrate"
                | "incident.retry"
                | "repair.propose"
                | "job.retry"
                | "message.publish"
                | "studio.edit"
            ),
            None,
        ):
            return OWNER in actor.groups
        case ("deployment.read" | "incident.read" | "operation.read" | "statistics.read" | "studio.read", None):
            return _reads(actor)
        case ("definition.read" | "decision.evaluate", None):
            return True  # diagrams, forms and tables are the office's published rules; every account may read them
        case ("clock.move" | "account.manage", None):
            return ADMIN in actor.groups
    return False


def matches(actor: Actor, candidates: Iterable[Candidate]) -> bool:
    """Is the task offered to this actor?"""
    for candidate in candidates:
        if candidate.kind == "user":
            if candidate.value == actor.username:
                return True
        elif candidate.value in actor.groups:
            if candidate.scope is not None and candidate.scope.startswith(PERSON):
                if candidate.scope == PERSON + actor.username:
                    return True
                continue
            scopes = actor.scopes(candidate.value)
            if candidate.scope is None or None in scopes or candidate.scope in scopes:
                return True
    return False


def may_take(actor: Actor, facts: TaskFacts) -> bool:
    """Assigned to the actor, delegated by them, or unassigned and offered to them."""
    if facts.assignee is None:
        return matches(actor, facts.candidates)
    return actor.username in (facts.assignee, facts.owner)


def task_filter(actor: Actor) -> ColumnElement[bool]:
    """Rows of `task` that `allows(actor, "task.read", …)`."""
    if _reads(actor):
        return true()
    me = actor.username
    task = t.task.c
    return or_(task.assignee == me, task.owner == me, task.completed_by == me, task.id.in_(_offered(actor)))


def open_to(actor: Actor) -> ColumnElement[bool]:
    """Open tasks the actor could take now (four eyes aside): assigned to them, or unassigned and offered."""
    task = t.task.c
    return and_(
        t.task_open,
        or_(
            task.assignee == actor.username,
            task.owner == actor.username,
            and_(task.assignee.is_(None), task.id.in_(_offered(actor))),
        ),
    )


def instance_filter(actor: Actor) -> ColumnElement[bool]:
    """Rows of `instance` that `allows(actor, "instance.read", …)`."""
    if _reads(actor):
        return true()
    instance = t.instance.c
    mine = select(t.task.c.instance_id).where(took_part(actor))
    conditions = [instance.started_by == actor.username, instance.id.in_(mine)]
    if scopes := _scopes(actor):
        scope = t.instance_scope.c
        conditions.append(instance.id.in_(select(scope.instance_id).where(scope.scope.in_(sorted(scopes)))))
    return or_(*conditions)


def took_part(actor: Actor) -> ColumnElement[bool]:
    """Rows of `task` that were offered to, assigned to or done by the actor."""
    me = actor.username
    task = t.task.c
    return or_(task.assignee == me, task.owner == me, task.completed_by == me, task.id.in_(_offered(actor)))


def _offered(actor: Actor) -> Any:
    candidate = t.task_candidate.c
    offers: list[ColumnElement[bool]] = [and_(candidate.kind == "user", candidate.value == actor.username)]
    everywhere = sorted(group for group in actor.groups if None in actor.scopes(group))
    if everywhere:
        shared = or_(candidate.scope.is_(None), candidate.scope.not_like(f"{PERSON}%"))
        offers.append(and_(candidate.kind == "group", candidate.value.in_(everywhere), shared))
    if actor.groups:
        mine = candidate.scope == PERSON + actor.username
        offers.append(and_(candidate.kind == "group", candidate.value.in_(sorted(actor.groups)), mine))
    for group in sorted(actor.groups - set(everywhere)):
        scopes = sorted(scope for scope in actor.scopes(group) if scope is not None)
        fits = or_(candidate.scope.is_(None), candidate.scope.in_(scopes))
        offers.append(and_(candidate.kind == "group", candidate.value == group, fits))
    return select(candidate.task_id).where(or_(*offers))


def _reads(actor: Actor) -> bool:
    return not actor.groups.isdisjoint(READERS)


def _is_theirs(actor: Actor, facts: TaskFacts) -> bool:
    return actor.username in (facts.assignee, facts.owner, facts.completed_by)


def _scopes(actor: Actor) -> frozenset[str]:
    return frozenset(m.scope for m in actor.memberships if m.scope is not None)
