"""Acts around one application: a case wherever a scenario needs it, the posts of its unit, the rules in force."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from engine.errors import Refused
from engine.scenarios.kit import Act
from engine.scenarios.scene import Scene
from engine.store.metadata import new_id
from forms.i18n import T
from processes.publicity.commands import ImportCalendar
from processes.register import applications, people, units
from processes.register.application_tables import application, representative_work, review_cycle
from processes.register.cases import POST_LEVEL
from processes.register.policies import set_parameter
from processes.rules.workdays import end_of_day


def case(
    scene: Scene,
    candidate: str = "c-001",
    status: str = "queued_for_meeting",
    target: str = "associate_research_archivist",
    channel: str = "normal",
    **values: Any,
) -> Mapping[str, Any]:
    """An application at rest in that status, with one representative work; `values` are further columns of it.

    Answers application_id, candidate_account, person_id, unit_code, region_code, target_title, cycle_id: what P04 hands on.
    """
    with scene.transaction() as connection:
        row = _person(connection, candidate)
        cycle = _cycle(connection)
        application_id = applications.open_application(
            connection, person_row=row, cycle=cycle, instance_id=new_id(), actor=candidate, now=scene.now
        )
        declared = {"status": status, "target_title": target, "track": "artisan", "channel": channel, **values}
        connection.execute(update(application).where(application.c.id == application_id).values(**declared))
        work = {"id": new_id(), "application_id": application_id, "position": 1, "kind": "standard", "file": []}
        connection.execute(insert(representative_work).values(**work, title="档案数字化作业规范", confidential=False))
        kept = applications.get_application(connection, application_id)
    return {
        "application_id": application_id,
        "candidate_account": candidate,
        "person_id": row["id"],
        "unit_code": kept["unit_code"],
        "region_code": kept["region_code"],
        "target_title": target,
        "cycle_id": cycle.id,
    }


def posts(scene: Scene, unit: str, level: str = "deputy_senior", **values: Any) -> None:
    """Change a unit's posts of this year: approved, occupied, reserved, special_occupied."""
    table = units.post_quota
    with scene.transaction() as connection:
        where = (table.c.unit_code == unit, table.c.post_level == level)
        if connection.execute(update(table).where(*where).values(**values)).rowcount == 0:
            raise Refused(T("单位 {unit} 没有这一层级的岗位。", unit=unit), code="NO_QUOTA")


def reserve(scene: Scene, application_id: str) -> None:
    """Hold a post of the case's unit for it."""
    with scene.transaction() as connection:
        row = applications.get_application(connection, application_id)
        level = POST_LEVEL[row["target_title"]]
        quota = units.lock_quota(connection, row["unit_code"], scene.now.year, level, scene.now)
        units.reserve(connection, units.check_published(quota), application_id, scene.now)


def policy(scene: Scene, name: str, value: Any) -> None:
    """A parameter in force from now on."""
    now = scene.now
    with scene.transaction() as connection:
        set_parameter(
            connection, name, value, effective_from=now, source_doc="演示文件", actor="process_owner", now=now
        )


def calendar(scene: Scene, year: int) -> None:
    """A calendar of that year without holidays beyond Saturdays and Sundays."""
    scene.run(ImportCalendar(year, [], [], "测试日历", scene.actor("admin")))


def _person(connection: Connection, candidate: str) -> RowMapping:
    row = connection.execute(select(people.person).where(people.person.c.account == candidate)).mappings().first()
    if row is None:
        raise Refused(T("没有“{who}”这个人。", who=candidate), code="NO_SUCH_PERSON")
    return row


def _cycle(connection: Connection) -> applications.Cycle:
    """The demo's cycle, also where the scenario plays after its last day."""
    row = connection.execute(select(review_cycle).order_by(review_cycle.c.year.desc())).mappings().first()
    assert row is not None
    last: date = row["apply_to"]
    return applications.Cycle(row["id"], row["year"], row["cutoff_date"], last, end_of_day(last))


ACTS: Mapping[str, Act] = {"case": case, "posts": posts, "reserve": reserve, "policy": policy, "calendar": calendar}
