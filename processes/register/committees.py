"""Committees and their filing (R-60 to R-64): who may review what, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, insert, select

from engine.errors import Refused
from engine.store.metadata import new_id
from forms.i18n import T
from processes.dates import day
from processes.register.committee_tables import committee
from processes.register.policies import parameter
from processes.rules.terms import filing_valid_until
from processes.rules.votes import is_committee_size


def file_committee(
    connection: Connection,
    *,
    code: str,
    name: str,
    level: str,
    basis: str,
    organizer: str,
    size: int,
    scope_titles: Sequence[str],
    filing_no: str,
    filed_on: date,
    valid_until: date,
    now: datetime,
    min_size_waiver_doc: str | None = None,
) -> str:
    """Keep a committee that was approved and filed; returns its id.

    Raises `Refused`: `EVEN_SIZE`, `TOO_SMALL` (without a waiver document), `FILING_TOO_LONG`.
    """
    if parameter(connection, "committee.odd", now) and not is_committee_size(size):
        raise Refused(T("评委会人数须为单数，现为 {size} 人。", size=size), code="EVEN_SIZE")
    least = parameter(connection, f"committee.{level}.{basis}.min", now)
    if size < least and not min_size_waiver_doc:
        raise Refused(
            T("评委会不得少于 {least} 人，现为 {size} 人；确需减少的，须有同意文件。", least=least, size=size),
            code="TOO_SMALL",
        )
    longest = filing_valid_until(filed_on, parameter(connection, "filing.max_years", now))
    if valid_until > longest:
        raise Refused(T("核准备案最长有效至 {day}。", day=day(longest)), code="FILING_TOO_LONG")
    committee_id = new_id()
    connection.execute(
        insert(committee).values(
            id=committee_id,
            code=code,
            name=name,
            series="archives",
            level=level,
            basis=basis,
            organizer=organizer,
            size=size,
            min_size_waiver_doc=min_size_waiver_doc,
            scope_titles=list(scope_titles),
            filing_no=filing_no,
            filed_on=filed_on,
            valid_until=valid_until,
            created_at=now,
        )
    )
    return committee_id


def check_filing(filed: RowMapping, held_on: date) -> None:
    """A review outside the filing's validity is not recognised (R-61). Raises `Refused` `FILING_EXPIRED`."""
    if not filed["filed_on"] <= held_on <= filed["valid_until"]:
        raise Refused(
            T(
                "{name}的核准备案有效期是 {begin} 至 {end}，{day} 不能开会评审。请先办理备案。",
                name=filed["name"],
                begin=day(filed["filed_on"]),
                end=day(filed["valid_until"]),
                day=day(held_on),
            ),
            code="FILING_EXPIRED",
        )


def committees(connection: Connection) -> Sequence[RowMapping]:
    """All of them, newest filing first."""
    return (
        connection.execute(select(committee).order_by(committee.c.filed_on.desc(), committee.c.code)).mappings().all()
    )
