"""Two programmes as rows for the board: one of 2021, over, and one in the middle of its second phase."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from engine.identity.crypto import Keyring
from engine.store.metadata import new_id
from processes.register import rollout_tables as r
from processes.register.units import region, unit

NAMES = ("安排部署", "核定岗位，开展首次评审", "全面总结")
REGIONS = (
    ("xining", "西宁市"),
    ("golog", "果洛藏族自治州"),
    ("yushu", "玉树藏族自治州"),
    ("provincial", "省直单位"),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T00:00:00+08:00")


def add_programme(
    connection: Connection,
    name: str,
    months: tuple[tuple[str, str, str], ...],
    *,
    secret: str,
    done: bool,
    late: str | None = None,
    instance_id: str | None = None,
) -> str:
    """`months`: (month, starts, due) of three phases. Not `done`: the second phase runs; the region `late` had two notes to
    the archives bureau. Answers the programme's id."""
    programme_id, starts = new_id(), at(months[0][1])
    connection.execute(
        insert(r.programme).values(
            id=programme_id,
            name=name,
            year=int(months[1][0][:4]),
            base_docs=["青海省深化档案专业人员职称制度改革实施方案"],
            instance_id=instance_id,
            registered_by="provincial_hrss",
            registered_at=starts,
            status="completed" if done else "running",
            completed_at=at(months[2][2]) if done else None,
        )
    )
    for no, (month, begin, due) in enumerate(months, 1):
        opened = at(begin) if done or no < 3 else None
        connection.execute(
            insert(r.programme_phase).values(
                id=new_id(),
                programme_id=programme_id,
                no=no,
                name=NAMES[no - 1],
                month=month,
                tasks=["印发实施方案", "宣传解读"]
                if no == 1
                else ["核定岗位数额", "开展评审"]
                if no == 2
                else ["总结上报"],
                starts_at=at(begin),
                due_at=at(due),
                opened_at=opened,
                closed_at=at(due) if done or no == 1 else None,
            )
        )
    for position, (code, _) in enumerate(REGIONS, 1):
        _stream(connection, programme_id, position, code, months, secret=secret, done=done, late=code == late)
    return programme_id


def _stream(
    connection: Connection,
    programme_id: str,
    position: int,
    code: str,
    months: tuple[tuple[str, str, str], ...],
    *,
    secret: str,
    done: bool,
    late: bool,
) -> None:
    stream_id = new_id()
    phone = Keyring(secret).encrypt("0971-0000000", table="programme_stream", row=stream_id, column="phone")
    connection.execute(
        insert(r.programme_stream).values(
            id=stream_id,
            programme_id=programme_id,
            position=position,
            region_code=code,
            responsible=f"演示·负责人{position}",
            phone=None if done else phone,
        )
    )
    for no, (_, begin, due) in enumerate(months, 1):
        over = done or no == 1
        running = not over and no == 2
        row: dict[str, Any] = {"status": "done" if over else "running" if running else "pending"}
        connection.execute(
            insert(r.stream_phase).values(
                id=new_id(),
                stream_id=stream_id,
                phase_no=no,
                started_at=at(begin) if over or running else None,
                ended_at=at(due) if over else None,
                **row,
            )
        )
    if late:
        for level, days in (("overdue", 0), ("archives_bureau", 3)):
            connection.execute(
                insert(r.escalation).values(
                    id=new_id(),
                    stream_id=stream_id,
                    phase_no=2,
                    level=level,
                    due_at=at(months[1][2]),
                    at=at("2026-06-10"),
                    days=days,
                )
            )
    if not done:
        for one in connection.execute(select(unit.c.code).where(unit.c.region_code == code)):
            connection.execute(
                insert(r.unit_verification).values(
                    id=new_id(),
                    stream_id=stream_id,
                    unit_code=one.code,
                    status="verifying",
                    special_posts=0,
                    approval_doc=[],
                    returns=1,
                    asked_at=at(months[1][1]),
                )
            )


def two(connection: Connection, secret: str) -> tuple[str, str]:
    """The programme that is over and the one that runs."""
    known = set(connection.execute(select(region.c.code)).scalars())
    for code, name in REGIONS:
        if code not in known:
            kind = "provincial_direct" if code == "provincial" else "prefecture"
            connection.execute(insert(region).values(code=code, name=name, kind=kind))
    past = add_programme(
        connection,
        "2021年职称制度改革",
        (
            ("2020-12", "2020-12-01", "2021-01-01"),
            ("2021-02", "2021-02-01", "2021-03-01"),
            ("2021-03", "2021-03-01", "2021-04-01"),
        ),
        secret=secret,
        done=True,
    )
    present = add_programme(
        connection,
        "2026年度深化改革",
        (
            ("2026-04", "2026-04-01", "2026-05-01"),
            ("2026-05", "2026-05-01", "2026-06-01"),
            ("2026-07", "2026-07-01", "2026-08-01"),
        ),
        secret=secret,
        done=False,
        late="golog",
    )
    return past, present


def add_units(connection: Connection, programme_id: str, number: int) -> None:
    """More units of Xining whose posts are being verified."""
    stream = r.programme_stream.c
    where = stream.programme_id == programme_id, stream.region_code == "xining"
    stream_id = connection.execute(select(stream.id).where(*where)).scalar_one()
    for nth in range(number):
        connection.execute(
            insert(unit).values(
                code=f"w{nth:02d}",
                name=f"演示单位{nth}",
                uscc=f"{nth:018d}",
                region_code="xining",
                kind="public_institution",
                ownership="public",
                post_managed=True,
                civil_servant_law=False,
                hardship=False,
                created_at=at("2026-01-01"),
            )
        )
        connection.execute(
            insert(r.unit_verification).values(
                id=new_id(),
                stream_id=stream_id,
                unit_code=f"w{nth:02d}",
                status="verifying",
                special_posts=0,
                approval_doc=[],
                returns=0,
                asked_at=at("2026-05-01"),
            )
        )
