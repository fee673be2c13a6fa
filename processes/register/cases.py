"""What meetings, notices, certificates and appointments need to know of a case, in one reading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, select

from engine.errors import NotFound
from forms.i18n import T, Text
from processes.register.application_tables import application
from processes.register.notices import NoticeItem, QuotaItem
from processes.register.people import person
from processes.register.units import unit

TITLE_WORDS: dict[str, Text] = {
    "archives_clerk": T("管理员"),
    "assistant_archivist": T("助理馆员"),
    "archivist": T("馆员"),
    "associate_research_archivist": T("副研究馆员"),
    "research_archivist": T("研究馆员"),
}
POST_LEVEL = {  # which row of a unit's quota a title counts in
    "archives_clerk": "junior",
    "assistant_archivist": "junior",
    "archivist": "intermediate",
    "associate_research_archivist": "deputy_senior",
    "research_archivist": "full_senior",
}
LEVEL_WORDS: dict[str, Text] = {
    "full_senior": T("正高级"),
    "deputy_senior": T("副高级"),
    "intermediate": T("中级"),
    "junior": T("初级"),
}
CHANNEL_WORDS: dict[str, Text] = {
    "normal": T("正常申报"),
    "exceptional": T("破格"),
    "introduced_high_level": T("引进高层次人才"),
    "urgently_needed": T("急需紧缺人才"),
    "aid_qinghai": T("援青"),
    "hardship_grassroots": T("艰苦边远和基层一线"),
    "high_education_recognition": T("在青高学历认定"),
}


@dataclass(frozen=True)
class Case:
    """One application with its person and unit."""

    application_id: str
    person_id: str
    account: str
    name: str
    unit_code: str
    unit_name: str
    region_code: str
    target_title: str
    appointment_mode: str
    quota_exempt: bool
    status: str


def case_facts(connection: Connection, application_id: str) -> Case:
    """Raises `NotFound`."""
    found = cases_facts(connection, [application_id])
    if not found:
        raise NotFound(T("没有这份申报。"))
    return found[application_id]


def cases_facts(connection: Connection, application_ids: Iterable[str]) -> dict[str, Case]:
    """Application id -> its case, in one reading; ids that are none are left out."""
    rows = connection.execute(
        select(
            application,
            person.c.account,
            person.c.name.label("person_name"),
            unit.c.name.label("unit_name"),
        )
        .join(person, person.c.id == application.c.person_id)
        .join(unit, unit.c.code == application.c.unit_code)
        .where(application.c.id.in_(list(application_ids)))
    ).mappings()
    return {
        row["id"]: Case(
            application_id=row["id"],
            person_id=row["person_id"],
            account=row["account"],
            name=row["person_name"],
            unit_code=row["unit_code"],
            unit_name=row["unit_name"],
            region_code=row["region_code"],
            target_title=row["target_title"],
            appointment_mode=row["appointment_mode"],
            quota_exempt=row["quota_exempt"],
            status=row["status"],
        )
        for row in rows
    }


def title_words(title: str | None) -> str:
    """A title in Chinese, as documents and notices write it."""
    return TITLE_WORDS[title].to("zh") if title else "—"


def shown_row(item: NoticeItem) -> dict[str, Any]:
    """A notice's item as one row of a table, in Chinese words: exactly what the public will read."""
    return {
        **asdict(item),
        "current_title": title_words(item.current_title),
        "target_title": title_words(item.target_title),
        "channel": CHANNEL_WORDS[item.channel].to("zh"),
        "works": "；".join(item.works) or "—",
    }


def shown_posts(item: QuotaItem) -> dict[str, Any]:
    """A notice's row of posts in Chinese words: exactly what will be read."""
    return {**asdict(item), "level": LEVEL_WORDS[item.level].to("zh")}
