"""What each case is about, in a few words, for lists that hold many cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Row,
    Select,
    String,
    Table,
    cast,
    literal,
    null,
    select,
    union_all,
)

from engine.store import tables
from engine.store.packed import unpack
from forms.i18n import T, Text
from processes.dates import day
from processes.register.application_tables import application
from processes.register.cases import TITLE_WORDS
from processes.register.committee_tables import review_meeting
from processes.register.notice_tables import publicity_item, publicity_notice
from processes.register.objection_tables import objection
from processes.register.people import person
from processes.register.rollout_tables import programme, unit_verification
from processes.register.units import unit

if TYPE_CHECKING:
    from engine.queries.reading import Reading

ROLLOUT = ("P01_reform_rollout", "P02_phase_task_region", "P18_summary_report")


@dataclass(frozen=True)
class Subjects:
    """Instance id -> what it is about (`卓玛·才让，申报副研究馆员，西宁演示区档案馆`); instances without a record are left out.
    One statement, whatever they are about.

    Ask only for instances that the reader has been shown by a query of the engine: rights are not checked again.
    """

    instance_ids: tuple[str, ...]

    def answer(self, reading: Reading) -> dict[str, Text]:
        if not self.instance_ids:
            return {}
        rows = reading.connection.execute(union_all(*self._parts()))
        return {row.instance_id: _said(row) for row in rows}

    def _parts(self) -> list[Select[Any]]:
        """One register each, all with the same columns."""
        wanted = self.instance_ids
        return [
            _part("case", application, person.c.name, application.c.target_title, unit.c.name)
            .join(person, person.c.id == application.c.person_id)
            .join(unit, unit.c.code == application.c.unit_code)
            .where(application.c.instance_id.in_(wanted)),
            _part("objection", objection, publicity_notice.c.title, n=publicity_item.c.position)
            .join(publicity_notice, publicity_notice.c.id == objection.c.notice_id)
            .outerjoin(publicity_item, publicity_item.c.id == objection.c.item_id)
            .where(objection.c.instance_id.in_(wanted)),
            _part("meeting", review_meeting, review_meeting.c.place, on=review_meeting.c.held_on).where(
                review_meeting.c.instance_id.in_(wanted)
            ),
            _part("posts", unit_verification, unit.c.name)
            .join(unit, unit.c.code == unit_verification.c.unit_code)
            .where(unit_verification.c.instance_id.in_(wanted)),
            _part("programme", programme, programme.c.name).where(programme.c.instance_id.in_(wanted)),
        ]


def _part(
    kind: str,
    table: Table,
    one: ColumnElement[Any],
    two: ColumnElement[Any] | None = None,
    three: ColumnElement[Any] | None = None,
    *,
    n: ColumnElement[Any] | None = None,
    on: ColumnElement[Any] | None = None,
) -> Select[Any]:
    def typed(column: ColumnElement[Any] | None, type_: Any) -> ColumnElement[Any]:
        return cast(null() if column is None else column, type_)

    return select(
        literal(kind).label("kind"),
        table.c.instance_id.label("instance_id"),
        typed(one, String).label("one"),
        typed(two, String).label("two"),
        typed(three, String).label("three"),
        typed(n, Integer).label("n"),
        (typed(None, Date) if on is None else on).label("held_on"),
    ).select_from(table)


def _said(row: Row[Any]) -> Text:
    match row.kind:
        case "case":
            return _case(row.one, row.two, row.three)
        case "objection":
            return _objection(row.one, row.n)
        case "meeting":
            return T("{day} 评审会议，{place}", day=day(row.held_on), place=row.one)
        case "posts":
            return T("{unit}，核定岗位", unit=row.one)
    return Text(row.one)


def _objection(title: str, position: int | None) -> Text:
    if position is None:
        return T("对《{title}》的异议", title=title)
    return T("对《{title}》第 {n} 项的异议", title=title, n=position)


@dataclass(frozen=True)
class TaskSubjects:
    """Task id -> the region or department a step of a programme is about: one programme has ten of the same step.

    Ask only for tasks that the reader has been shown by a query of the engine: rights are not checked again.
    """

    task_ids: tuple[str, ...]

    def answer(self, reading: Reading) -> dict[str, str]:
        task = tables.task
        query = select(task.c.id, task.c.data).where(task.c.id.in_(self.task_ids), task.c.definition_key.in_(ROLLOUT))
        found = {}
        for row in reading.connection.execute(query) if self.task_ids else ():
            data = unpack(row.data)
            name = (data.get("stream") or {}).get("region_name") or data.get("region_name")
            if name:
                found[row.id] = str(name)
        return found


def _case(name: str, title: str | None, unit_name: str) -> Text:
    if title is None:
        return T("{name}，{unit}", name=name, unit=unit_name)
    return T("{name}，申报{title}，{unit}", name=name, title=TITLE_WORDS[title], unit=unit_name)
