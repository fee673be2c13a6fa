"""Who reads which notice: the public the province's, a unit's people their own, staff all."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, or_

from engine.policy import READERS
from engine.registry import Actor
from processes.register.notice_tables import publicity_notice
from processes.register.people import person_of

STAFF = frozenset({"committee_office", "archives_bureau", "provincial_hrss", "supervisor", "investigator"})


def is_staff(actor: Actor) -> bool:
    return not actor.groups.isdisjoint(STAFF | READERS)


def readable(connection: Connection, actor: Actor) -> ColumnElement[bool]:
    """A notice inside a unit is for those who work there or look after it, and for those who look after all units."""
    if is_staff(actor):
        return publicity_notice.c.id.is_not(None)
    scopes = {m.scope for m in actor.memberships if m.scope is not None}
    person = person_of(connection, actor.username)
    if person is not None:
        scopes.add(f"unit:{person['unit_code']}")
    return or_(publicity_notice.c.scope == "province", publicity_notice.c.publisher_scope.in_(sorted(scopes)))
