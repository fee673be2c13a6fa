"""The demo's two programmes: that of 2020-12 to 2021-03 as completed history, and one of 2026 that runs.

`load` writes the history into the register (no instances); `play_present` plays the running one through its forms.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert

from engine.commands.step import Step
from engine.store.metadata import new_id
from processes.demo import small
from processes.demo.play import OfficeDay
from processes.register import rollout_tables as r
from processes.rules.workdays import QINGHAI, local_day

YEAR = 2026
MONTHS = ("2026-04", "2026-06", "2026-12")
LATE, NEVER = "haibei", "golog"  # who publicises the policy late, and who has not done so by June

PAST: Sequence[tuple[int, str, str, str, tuple[str, ...]]] = (
    (
        1,
        "安排部署",
        "2020-12",
        "2021-01-01",
        ("印发《实施方案》和《评审条件（试行）》", "向有关部门和档案人员宣传改革精神、政策规定和工作程序"),
    ),
    (
        2,
        "组织实施",
        "2021-02",
        "2021-03-01",
        ("核定专业技术岗位结构比例、岗位数额和岗位层级", "开展首次评审：考核推荐、专家评审、择优聘用"),
    ),
    (
        3,
        "全面总结",
        "2021-03",
        "2021-04-01",
        ("总结改革工作，对问题与不足提出对策建议", "书面报送省档案局和省人力资源社会保障厅"),
    ),
)
PROBLEMS = (
    "一是岗位核定与首次评审挤在同一个月，扣除公示后余下的工作日不足，个别州未能按期完成；二是基层单位对新的评审条件理解不一，"
    "申报材料返工较多；三是艰苦边远地区高级岗位少、人员少，单独组织考核推荐有困难；四是公示期间的异议处理没有统一的时限要求。"
)
MEASURES = (
    "一是今后把岗位核定提前到评审年度开始前两个月办理，按工作日倒排时间；二是统一编写评审条件解读和材料清单，逐州开展培训；"
    "三是对艰苦边远地区按规定适当放宽年限，并由州级主管部门统一组织推荐；四是明确异议受理、调查和答复的工作日数，纳入督办。"
)


def on(day: str, clock: str = "10:00") -> datetime:
    """An instant of Qinghai's clock."""
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), QINGHAI)


def load(step: Step) -> None:
    """The programme of 2021 as it was: phases, ten streams, Golog late in phase 2 and escalated, everything received."""
    programme_id = new_id()
    _put(
        step,
        r.programme,
        id=programme_id,
        name="青海省深化档案专业人员职称制度改革",
        year=2021,
        base_docs=["《青海省深化档案专业人员职称制度改革实施方案》"],
        registered_by="provincial_hrss",
        registered_at=on("2020-12-01", "09:00"),
        status="completed",
        cycle_closed_by="committee_office",
        cycle_closed_at=on("2021-02-26"),
        completed_at=on("2021-03-31", "16:00"),
    )
    for no, name, month, due, tasks in PAST:
        opened = on("2020-12-01", "09:00") if no == 1 else on(f"{month}-01", "00:00")
        _put(
            step,
            r.programme_phase,
            id=new_id(),
            programme_id=programme_id,
            no=no,
            name=name,
            month=month,
            tasks=list(tasks),
            starts_at=on(f"{month}-01", "00:00"),
            due_at=on(due, "00:00"),
            opened_at=opened,
            closed_at=on(("2020-12-28", "2021-03-12", "2021-03-26")[no - 1], "17:00"),
        )
    for kind, name, doc_no in (
        ("plan", "青海省深化档案专业人员职称制度改革实施方案", "青人社演示〔2020〕1号"),
        ("conditions", "青海省档案系列专业技术职务任职资格评审条件（试行）", "青人社演示〔2020〕2号"),
    ):
        _put(
            step,
            r.issued_document,
            id=new_id(),
            programme_id=programme_id,
            kind=kind,
            name=name,
            doc_no=doc_no,
            issued_on=date(2020, 12, 4),
            file=[],
            publish_public=True,
            recorded_by="archives_bureau",
            recorded_at=on("2020-12-04"),
        )
    for position, code in enumerate(small.REGIONS, 1):
        _past_stream(step, programme_id, position, code)
    _put(
        step,
        r.programme_report,
        programme_id=programme_id,
        achievements="全省十个地区和部门完成岗位核定、首次评审和择优聘用，评审结果全部公示。",
        problems=PROBLEMS,
        countermeasures=MEASURES,
        stats={"received": len(small.REGIONS), "waived": 0, "streams": []},
        file=[],
        written_by="archives_bureau",
        written_at=on("2021-03-29"),
        accepted_by="provincial_hrss",
        accepted_at=on("2021-03-31", "16:00"),
    )


def _past_stream(step: Step, programme_id: str, position: int, code: str) -> None:
    name, late, stream_id = small.REGIONS[code][0], code == NEVER, new_id()
    _put(
        step,
        r.programme_stream,
        id=stream_id,
        programme_id=programme_id,
        position=position,
        region_code=code,
        responsible=f"演示·{name}负责人",
        phone=None,
    )
    second = on("2021-03-12", "17:00") if late else on("2021-02-26", "17:00")
    third = on("2021-03-26", "17:00") if late else on("2021-03-15") + timedelta(days=position)
    for no, begun, ended in (
        (1, on("2020-12-01", "09:00"), on("2020-12-18") + timedelta(days=position)),
        (2, on("2021-02-01", "00:00"), second),
        (3, second, third),
    ):
        values = {"status": "done", "started_at": begun, "ended_at": ended}
        _put(step, r.stream_phase, id=new_id(), stream_id=stream_id, phase_no=no, **values)
    for level, days, at in (
        ("remind", -10, "2021-02-09"),
        ("remind_lead", -3, "2021-02-24"),
        *(
            (("overdue", 1, "2021-03-01"), ("archives_bureau", 3, "2021-03-03"), ("provincial_hrss", 7, "2021-03-09"))
            if late
            else ()
        ),
    ):
        values = {"level": level, "days": days, "at": on(at, "00:00"), "due_at": on("2021-03-01", "00:00")}
        _put(step, r.escalation, id=new_id(), stream_id=stream_id, phase_no=2, **values)
    for row in small.UNITS:
        if row.region == code:
            _past_unit(step, stream_id, row, second)
    _past_summary(step, stream_id, code, third)


def _past_unit(step: Step, stream_id: str, row: small.UnitRow, by: datetime) -> None:
    posts = [{"level": level, "approved": n, "occupied": taken} for level, (n, taken) in row.posts.items()]
    _put(
        step,
        r.unit_verification,
        id=new_id(),
        stream_id=stream_id,
        unit_code=row.code,
        status="verified" if posts else "no_posts",
        declared=posts or None,
        special_posts=0,
        approval_doc=[],
        returns=0,
        verified_by=f"region-{row.region}" if posts else None,
        asked_at=on("2021-02-01", "00:00"),
        settled_at=by - timedelta(days=2),
    )


def _past_summary(step: Step, stream_id: str, code: str, at: datetime) -> None:
    summary_id = new_id()
    _put(
        step,
        r.summary_report,
        id=summary_id,
        stream_id=stream_id,
        done="完成岗位核定、首次评审和择优聘用。",
        problems=[{"problem": "岗位核定时间偏紧。", "countermeasures": ["今后提前两个月核定岗位。"]}],
        stats={},
        file=[],
        written_by=f"region-{code}",
        written_at=at - timedelta(days=2),
        sent_by=f"region-{code}",
        sent_at=at - timedelta(days=1),
    )
    for recipient in r.RECIPIENTS:
        values = {"sent_at": at - timedelta(days=1), "received_by": recipient, "received_at": at, "returns": 0}
        _put(step, r.summary_receipt, id=new_id(), summary_id=summary_id, recipient=recipient, **values)


def _put(step: Step, table: Any, **values: Any) -> None:
    step.connection.execute(insert(table).values(**values))


def play_present(day: OfficeDay) -> str:
    """Play the programme of 2026 through its forms; answers its instance. Begin before 2026-04-01: days that have passed
    are not turned back, their steps happen now.

    Registered on 04-01, documents on 04-03, publicity by eight streams in April, Haibei on 05-07, Golog not at all: on
    06-01 phase 2 opens with phase 1 still late there.
    """
    day.until("2026-04-01T09:00")
    instance = _register(day)
    day.until("2026-04-03T10:00")
    _issue(day, instance)
    for number, code in enumerate(small.REGIONS):
        if code not in (LATE, NEVER):
            day.until(f"2026-04-{13 + number:02d}T10:00")
            _brief(day, instance, code)
    day.until("2026-05-07T10:00")
    _brief(day, instance, LATE)
    return instance


def _register(day: OfficeDay) -> str:
    hrss = day.actor("provincial_hrss")
    instance = day.start("P01_reform_rollout", hrss)
    shown = day.form(instance, "register_programme", hrss)
    day.do(
        instance,
        "register_programme",
        hrss,
        name="青海省档案专业人员职称制度改革深化年（演示）",
        year=YEAR,
        base_docs="《青海省深化档案专业人员职称制度改革实施方案》",
        phases=[{**row, "month": month} for row, month in zip(shown["phases"], MONTHS, strict=True)],
        regions=[
            {**row, "responsible": f"演示·{row['region_name']}负责人", "phone": f"0971-61200{number:02d}"}
            for number, row in enumerate(shown["regions"], 1)
        ],
        schedule_confirmed=True,
    )
    return instance


def _issue(day: OfficeDay, instance: str) -> None:
    bureau = day.actor("archives_bureau")
    names = (("plan", "2026年实施方案（演示）"), ("conditions", "2026年评审条件（演示）"))
    rows = [
        {
            "kind": kind,
            "name": name,
            "doc_no": f"青人社演示〔2026〕{number}号",
            "issued_on": local_day(day.now).isoformat(),
            "file": [day.attach(bureau)],
            "publish_public": True,
        }
        for number, (kind, name) in enumerate(names, 1)
    ]
    day.do(instance, "issue_documents", bureau, documents=rows)


def _brief(day: OfficeDay, instance: str, code: str) -> None:
    who, today = day.actor(f"region-{code}"), local_day(day.now).isoformat()
    activity = {"channel": "training", "held_on": today, "audience": ["staff", "units"], "reached": 60}
    remark = {"source": "unit", "category": "posts", "issue": "岗位核定需要哪些材料？", "reply": "岗位设置批复即可。"}
    day.do(instance, "publicise_policy", who, briefings=[activity])
    day.do(instance, "collect_feedback", who, feedback=[remark])
    day.do(instance, "confirm_done", who, briefing_done=True)
