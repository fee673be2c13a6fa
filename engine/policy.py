"""Who may see and do what. Default deny: `allows` says yes to what is written here and to nothing else.

    facts    what the decision needs to know of one resource, as values
    allows   the decision over one resource
    *_filter the same decision as a condition in SQL, so that a list never holds what its reader may not see

A membership's scope narrows a group to one unit or region. A candidate group without scope is offered to the group
everywhere; one with a scope to members of that scope and to members everywhere. Scopes also open the instances that
belong to them (`instance_scope`): give a scope only to those who look after the unit, not to those who belong to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.registry import Actor

ADMIN, OWNER, MANAGER, INSPECTOR = "admin", "process_owner", "manager", "inspector"
READERS = frozenset({ADMIN, OWNER, MANAGER, INSPECTOR})  # read every task and every instance


@dataclass(frozen=True)
class Candidate:
    """One line of a task's offer."""

    kind: str  # group | user
    value: str
    scope: str | None = None


def matches(actor: Actor, candidates: Iterable[Candidate]) -> bool:
    """Is the task offered to this actor?"""
    for candidate in candidates:
        if candidate.kind == "user":
            if candidate.value == actor.username:
                return True
        elif candidate.value in actor.groups:
            scopes = actor.scopes(candidate.value)
            if candidate.scope is None or None in scopes or candidate.scope in scopes:
                return True
    return False
