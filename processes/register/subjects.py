"""What each case is about, in a few words, for lists that hold many cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

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

    Ask only for instances that the reader has been shown by a query of the engine: rights are not checked again.
    """

    instance_ids: tuple[str, ...]

    def answer(self, reading: Reading) -> dict[str, Text]:
        if not self.instance_ids:
            return {}
        cases = (
            select(application.c.instance_id, person.c.name, application.c.target_title, unit.c.name.label("unit_name"))
            .join(person, person.c.id == application.c.person_id)
            .join(unit, unit.c.code == application.c.unit_code)
            .where(application.c.instance_id.in_(self.instance_ids))
        )
        meetings = select(review_meeting.c.instance_id, review_meeting.c.held_on, review_meeting.c.place).where(
            review_meeting.c.instance_id.in_(self.instance_ids)
        )
        found = {
            row.instance_id: _case(row.name, row.target_title, row.unit_name)
            for row in reading.connection.execute(cases)
        }
        against = (
            select(objection.c.instance_id, publicity_notice.c.title, publicity_item.c.position)
            .join(publicity_notice, publicity_notice.c.id == objection.c.notice_id)
            .outerjoin(publicity_item, publicity_item.c.id == objection.c.item_id)
            .where(objection.c.instance_id.in_(self.instance_ids))
        )
        for row in reading.connection.execute(against):
            found[row.instance_id] = _objection(row.title, row.position)
        for row in reading.connection.execute(meetings):
            found[row.instance_id] = T("{day} 评审会议，{place}", day=day(row.held_on), place=row.place)
        posts = (
            select(unit_verification.c.instance_id, unit.c.name)
            .join(unit, unit.c.code == unit_verification.c.unit_code)
            .where(unit_verification.c.instance_id.in_(self.instance_ids))
        )
        for verified in reading.connection.execute(posts):
            found[verified.instance_id] = T("{unit}，核定岗位", unit=verified.name)
        named = select(programme.c.instance_id, programme.c.name).where(programme.c.instance_id.in_(self.instance_ids))
        for one in reading.connection.execute(named):
            found[one.instance_id] = Text(one.name)
        return found


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
