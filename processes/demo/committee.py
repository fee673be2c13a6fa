"""The demo's experts and committees' seats: 33 fictional people, a few of them related to candidates. Nobody in it is real.

Presiding is a role of the accounts `chair` and `vice_chair`; votes are the members'.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, select

from engine.commands.step import Step
from processes.register.committee_tables import committee
from processes.register.experts import NewExpert, Seat, add_expert, relate, seat_members
from processes.register.people import person

TERM = date(2024, 3, 15), date(2027, 3, 14)
NAMES = (
    *("演示·郭嘉慧", "演示·旦增罗布", "演示·马延寿", "演示·苏雅拉", "演示·沈知远", "演示·白玛央金", "演示·魏国栋"),
    *("演示·冯晓岚", "演示·韩玉山", "演示·多杰才旦", "演示·吕静文", "演示·石振业", "演示·哈丽玛", "演示·邓思齐"),
    *("演示·仁青卓玛", "演示·贺长青", "演示·唐慕云", "演示·切羊措", "演示·方立诚", "演示·喇秀兰", "演示·段学军"),
    *("演示·格日勒图", "演示·曹映雪", "演示·罗藏尖措", "演示·薛广平", "演示·尹若兰", "演示·索南旺堆", "演示·田景行"),
    *("演示·范素芬", "演示·才仁吉", "演示·蒋伯钧", "演示·丁香兰", "演示·鲁维新"),
)
# Sector and employer in turn; only two work in a unit of the demo and so stand back from its candidates.
PLACES: Sequence[tuple[str, str]] = (
    ("archives", "青海演示省级档案馆"),
    ("university", "高原演示大学"),
    ("research", "演示历史文献研究所"),
    ("enterprise", "演示盐湖工业集团"),
    ("public_institution", "演示省图书馆"),
    ("central_unit", "演示铁路局档案处"),
)
EMPLOYED = {27: "u02", 30: "u05"}  # expert's number -> unit
FULL_SENIOR = 18  # of the 33; the others are deputy senior
SENIOR, RESERVES, INTERMEDIATE, JUNIOR = range(1, 26), range(26, 34), range(1, 16), range(16, 23)


class Related(NamedTuple):
    expert: int
    kind: str
    candidate: str
    note: str


RELATIONS = (
    Related(7, "mentor_student", "c-018", "研究生导师"),
    Related(11, "co_author", "c-016", "合著论文"),
    Related(19, "kin", "c-014", "表兄妹"),
    Related(23, "former_unit", "c-001", "曾在同一单位工作"),
    Related(28, "interest", "c-008", "合作承揽项目"),
)


def load(step: Step) -> None:
    """Experts, their relations, and the seats of the three committees, into a register that holds units and candidates."""
    connection = step.connection
    ids = {number: add_expert(connection, _expert(number), now=step.now) for number in range(1, len(NAMES) + 1)}
    for one in RELATIONS:
        account = connection.execute(select(person.c.id).where(person.c.account == one.candidate)).scalar_one()
        relate(
            connection,
            ids[one.expert],
            one.kind,
            person_id=account,
            source="declared",
            note=one.note,
            by=f"expert-{one.expert:02d}",
            now=step.now,
        )
    for code, members, reserves in (
        ("senior", SENIOR, RESERVES),
        ("intermediate", INTERMEDIATE, ()),
        ("junior", JUNIOR, ()),
    ):
        _seat(connection, code, [ids[number] for number in members], [ids[number] for number in reserves])


def _seat(connection: Connection, code: str, members: Sequence[str], reserves: Sequence[str]) -> None:
    """The first member is the chair, the next two are vice-chairs."""
    committee_id = connection.execute(select(committee.c.id).where(committee.c.code == code)).scalar_one()
    roles = ("chair", "vice_chair", "vice_chair", *("member",) * (len(members) - 3))
    seats = [Seat(expert_id, role) for expert_id, role in zip(members, roles, strict=True)]
    seat_members(connection, committee_id, [*seats, *(Seat(expert_id, seat="reserve") for expert_id in reserves)])


def _expert(number: int) -> NewExpert:
    sector, place = PLACES[number % len(PLACES)]
    return NewExpert(
        account=f"expert-{number:02d}",
        name=NAMES[number - 1],
        title="research_archivist" if number <= FULL_SENIOR else "associate_research_archivist",
        unit_name=place,
        unit_code=EMPLOYED.get(number),
        sector=sector,
        term_from=TERM[0],
        term_to=TERM[1],
        specialties=("standard", "restoration") if number % 2 else ("research_report", "technical_plan"),
        tracks=("artisan",) if number % 2 else ("academic",),
    )
