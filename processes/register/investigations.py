"""What is found about an objection: who looks into it, until when, what everybody said, and what was concluded (R-94 to
R-97). A row belongs to its objection; texts stand here and nowhere in process data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, exists, insert, or_, select, update

from engine.errors import Refused
from engine.identity.tables import account, membership
from engine.store import tables as t
from forms.i18n import T
from processes.dates import instant
from processes.register.application_tables import application
from processes.register.notice_tables import get_notice, notice_items, publicity_item
from processes.register.objection_tables import investigation, objection
from processes.register.objections import investigation_of, set_status
from processes.register.people import person

SUBSTANTIATED = frozenset({"proven", "partly_proven"})
OUTCOMES = {"cancel": "upheld", "redo": "redo", "continue": "not_upheld"}


def open_case(
    connection: Connection,
    objection_id: str,
    *,
    due_at: datetime,
    latest_at: datetime,
    opened_by: str | None,
    now: datetime,
) -> None:
    """Open the file; from now on the objection is being investigated."""
    connection.execute(
        insert(investigation).values(
            objection_id=objection_id,
            opened_at=now,
            opened_by=opened_by,
            due_at=due_at,
            latest_at=max(due_at, latest_at),
        )
    )
    set_status(connection, objection_id, "investigating")


def handled_by(connection: Connection, row: RowMapping) -> frozenset[str]:
    """User names of everybody who had a hand in what is objected to: the notice, the case it is against, its candidate.
    Whoever is among them looks into nothing (P07)."""
    notice = get_notice(connection, row["notice_id"])
    cases = select(application.c.instance_id, person.c.account).join(person, person.c.id == application.c.person_id)
    cases = cases.join(publicity_item, publicity_item.c.application_id == application.c.id)
    if row["item_id"] is not None:
        cases = cases.where(publicity_item.c.id == row["item_id"])
    else:
        cases = cases.where(publicity_item.c.notice_id == notice["id"])
    found = connection.execute(cases).all()
    instances = [notice["instance_id"], *(each.instance_id for each in found)]
    done = select(t.task.c.completed_by).where(t.task.c.instance_id.in_(instances), t.task.c.completed_by.is_not(None))
    names = {notice["prepared_by"], notice["approved_by"], *(each.account for each in found)}
    return frozenset(name for name in (*names, *connection.execute(done).scalars()) if name is not None)


def investigators(
    connection: Connection, offers: Sequence[tuple[str, str]], barred: frozenset[str]
) -> list[RowMapping]:
    """Accounts (`username`, `name`) of the groups with the scope given, or everywhere, but for the barred; by name."""
    theirs = or_(*((membership.c.group_key == group) & membership.c.scope.in_(("", scope)) for group, scope in offers))
    query = (
        select(account.c.username, account.c.name)
        .where(
            ~account.c.disabled,
            exists().where(membership.c.account_id == account.c.id, theirs),
        )
        .order_by(account.c.name, account.c.username)
    )
    return [row for row in connection.execute(query).mappings() if row["username"] not in barred]


def opened_at(connection: Connection, objection_id: str) -> datetime:
    """When the case was opened; aware, UTC. Raises Refused (NOT_OPENED)."""
    at: datetime = _found(connection, objection_id)["opened_at"]
    return at


def assign(connection: Connection, objection_id: str, investigator: str, question: str | None) -> None:
    _update(connection, objection_id, investigator=investigator, question=question)


def keep_statement(connection: Connection, objection_id: str, whose: str, text: str, now: datetime) -> None:
    """`whose`: unit or candidate."""
    _update(connection, objection_id, **{f"{whose}_statement": text, f"{whose}_stated_at": now})


def extend(
    connection: Connection,
    objection_id: str,
    due_at: datetime,
    *,
    latest_at: datetime,
    reason: str,
    by: str,
    now: datetime,
) -> None:
    """A later end, never an earlier one and never beyond the longest, `latest_at` (R-96). Raises Refused (TOO_LONG,
    SHORTENED)."""
    row = _found(connection, objection_id)
    if due_at > latest_at:
        raise Refused(T("调查最迟在 {at} 前结束，不能再延长。", at=instant(latest_at)), code="TOO_LONG")
    if due_at <= row["due_at"]:
        raise Refused(T("延长后的期限应晚于现在的期限 {at}。", at=instant(row["due_at"])), code="SHORTENED")
    values = {"due_at": due_at, "latest_at": max(due_at, row["latest_at"])}
    _update(connection, objection_id, **values, extended_by=by, extended_at=now, extension_reason=reason)


def conclude(
    connection: Connection,
    row: RowMapping,
    *,
    finding: str,
    facts: str,
    evidence: Sequence[str],
    proposal: str,
    articles: str,
    by: str,
    now: datetime,
) -> None:
    """Keep the conclusion, in place of one that was sent back. `row`: of the objection. Raises Refused:
    NOT_SUBSTANTIATED, NAME_THE_ITEM (a whole notice cannot be cancelled), REDO_TOO_LATE."""
    notice = get_notice(connection, row["notice_id"])
    if finding not in SUBSTANTIATED and proposal != "continue":
        raise Refused(T("不属实或无法核实的，处理建议只能是“继续”。"), code="NOT_SUBSTANTIATED")
    whole = row["item_id"] is None and notice["kind"] != "quota"
    if whole and proposal == "cancel":
        raise Refused(
            T("这份异议针对整份公示，不能一并取消；公示有误的选“退回重做”，某一项有问题的请按那一项立案。"),
            code="NAME_THE_ITEM",
        )
    if whole and proposal == "redo" and _is_settled(connection, notice):
        raise Refused(T("这份公示已经办结，不能整份重做；请按有问题的那一项立案。"), code="REDO_TOO_LATE")
    _update(
        connection,
        row["id"],
        finding=finding,
        facts=facts,
        evidence=list(evidence),
        proposal=proposal,
        articles=articles,
        concluded_by=by,
        concluded_at=now,
    )


def _is_settled(connection: Connection, notice: RowMapping) -> bool:
    """Whether a notice has done its work: somebody was told that nothing stands against them, or it closed and nobody is
    held any more. Who was withdrawn or upheld in it leaves room for doing it again for all the others."""
    rows = notice_items(connection, notice["id"])
    cleared = any(row["outcome"] == "clear" and row["told_at"] is not None for row in rows)
    return cleared or (notice["status"] == "closed" and not any(row["hold"] for row in rows))


def sign(connection: Connection, objection_id: str, *, by: str, now: datetime) -> str:
    """The second person's signature; returns the outcome: upheld, redo, not_upheld. Raises Refused (FOUR_EYES)."""
    row = _found(connection, objection_id)
    if by in (row["concluded_by"], row["investigator"]):
        raise Refused(T("结论须由调查人员以外的人签署。"), code="FOUR_EYES")
    outcome = OUTCOMES[row["proposal"]]
    _update(connection, objection_id, signed_by=by, signed_at=now, outcome=outcome)
    return outcome


def owe_reply(connection: Connection, objection_id: str, due_at: datetime) -> None:
    _update(connection, objection_id, reply_due_at=due_at)


def reply(connection: Connection, objection_id: str, text: str, *, by: str, now: datetime) -> None:
    _update(connection, objection_id, reply=text, replied_by=by, replied_at=now)


def must_be_redone(connection: Connection, notice_id: str) -> bool:
    """Whether a signed investigation found the notice as a whole to be wrong: it is recalled, whoever published it."""
    found = (
        exists()
        .where(objection.c.notice_id == notice_id, objection.c.item_id.is_(None))
        .where(investigation.c.objection_id == objection.c.id, investigation.c.outcome == "redo")
    )
    return bool(connection.execute(select(found)).scalar()) and get_notice(connection, notice_id)["kind"] != "quota"


def _found(connection: Connection, objection_id: str) -> RowMapping:
    row = investigation_of(connection, objection_id)
    if row is None:
        raise Refused(T("这份异议还没有开始调查。"), code="NOT_OPENED")
    return row


def _update(connection: Connection, objection_id: str, **values: Any) -> None:
    connection.execute(update(investigation).where(investigation.c.objection_id == objection_id).values(**values))
