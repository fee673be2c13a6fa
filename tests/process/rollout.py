"""A province for the rollout: ten streams, a unit in two of them, and the verbs of a programme's days."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from engine.commands.complete_task import CompleteTask
from engine.engine import Engine
from engine.identity.tables import account
from engine.queries.task_view import TaskForm
from engine.registry import Actor
from engine.store.metadata import new_id
from processes.demo.small import REGIONS
from processes.publicity.handlers import HANDLERS as PUBLICITY
from processes.register import units
from processes.register.rollout_tables import programme_stream, unit_verification
from processes.rollout.board import Board, StreamShown
from processes.rollout.handlers import HANDLERS as ROLLOUT
from processes.rollout.queries import RolloutBoard
from processes.rules.workdays import local_day
from tests.process.stage import OFFICE, Stage, person, registry, shipped

HRSS, HRSS2 = person("provincial_hrss", "provincial_hrss"), person("provincial_hrss2", "provincial_hrss")
ARCHIVES, MANAGER = person("archives_bureau", "archives_bureau"), person("manager", "manager")
REGION = {code: person(f"region-{code}", "local_authority", scope=f"region:{code}") for code in REGIONS}
UNITS = {"u01": "xining", "u04": "golog", "u03": "xining"}  # u03 has no post management
HR = {code: person(f"hr-{code}", "unit_hr", scope=f"unit:{code}") for code in UNITS}
LEADER = {code: person(f"leader-{code}", "unit_leader", scope=f"unit:{code}") for code in UNITS}
PHONE = "13909711234"
POSTS = [
    {"approved": 1, "occupied": 0},
    {"approved": 3, "occupied": 1},
    {"approved": 6, "occupied": 3},
    {"approved": 8, "occupied": 5},
]
LONG = (
    "各地区报来的总结一致反映，岗位核定与首次评审的时间衔接偏紧，基层单位对新的评审条件理解不一，艰苦边远地区专业技术人员偏少，"
    "申报材料的准备不够充分，公示与异议处理的衔接还不够顺畅，个别单位的岗位设置批复多年没有更新，需要逐项改进。"
)


class Rollout(Stage):
    """One engine with the rollout's diagrams, and what a programme's people do."""

    instance: str = ""

    @property
    def programme(self) -> str:
        return str(self.variable(self.instance, "programme_id"))

    def register(self, months: tuple[str, str, str] = ("2020-12", "2021-02", "2021-03"), **values: Any) -> None:
        """Start P01 and register the programme; the short February is confirmed."""
        self.instance = self.start("P01_reform_rollout", HRSS)
        shown = self.form(self.instance, "register_programme", HRSS)
        given = {
            "name": "青海省深化档案专业人员职称制度改革",
            "year": int(months[1][:4]),
            "base_docs": "《青海省深化档案专业人员职称制度改革实施方案》",
            "phases": [{**row, "month": month} for row, month in zip(shown["phases"], months, strict=True)],
            "regions": [
                {**row, "responsible": f"{row['region_name']}责任人", "phone": PHONE} for row in shown["regions"]
            ],
            "schedule_confirmed": True,
            **values,
        }
        self.do(self.instance, "register_programme", HRSS, **given)

    def issue(self, *kinds: str, actor: Actor = ARCHIVES) -> None:
        """The province issues these documents today."""
        rows = [
            {
                "kind": kind,
                "name": f"文件 {kind}",
                "doc_no": f"青人社〔2020〕{kind}",
                "issued_on": local_day(self.now).isoformat(),
                "file": [self.attach(actor)],
                "publish_public": True,
            }
            for kind in kinds
        ]
        self.do(self.instance, "issue_documents", actor, documents=rows)

    def of(self, region: str) -> str:
        """The stream of a region."""
        where = (programme_stream.c.region_code == region, programme_stream.c.programme_id == self.programme)
        return str(self.rows(programme_stream, *where)[0]["id"])

    def region_does(self, region: str, element: str, **variables: Any) -> None:
        """The authority of a region completes its own open task."""
        self.complete(self.region_task(region, element), REGION[region], **variables)

    def region_task(self, region: str, element: str) -> str:
        for task in self.tasks(self.instance, REGION[region], element):
            return task.id
        raise AssertionError(f"no open {element} for {region}; open: {self.open(self.instance)}")

    def brief(self, region: str) -> None:
        today = local_day(self.now).isoformat()
        activity = {"channel": "training", "held_on": today, "audience": ["staff"], "reached": 40}
        self.region_does(region, "publicise_policy", briefings=[activity])
        remark = {"source": "staff", "category": "posts", "issue": "岗位如何核定？", "reply": "按批复核定。"}
        self.region_does(region, "collect_feedback", feedback=[remark])
        self.region_does(region, "confirm_done", briefing_done=True)

    def unit_instance(self, unit: str) -> str:
        (row,) = self.rows(unit_verification, unit_verification.c.unit_code == unit)
        return str(row["instance_id"])

    def declare(self, unit: str) -> None:
        instance = self.unit_instance(unit)
        posts = [
            {**given, **row}
            for given, row in zip(self.form(instance, "declare_posts", HR[unit])["posts"], POSTS, strict=True)
        ]
        self.do(
            instance, "declare_posts", HR[unit], post_managed="yes", posts=posts, approval_doc=[self.attach(HR[unit])]
        )

    def agree(self, unit: str, **values: Any) -> None:
        instance, actor = self.unit_instance(unit), REGION[UNITS[unit]]
        shown = self.form(instance, "verify_posts", actor)
        self.do(
            instance,
            "verify_posts",
            actor,
            **{"verified_posts": shown["verified_posts"], "decision": "approve", **values},
        )

    def publicise(self, unit: str) -> None:
        """The quota notice, prepared and approved; its window runs from now."""
        instance = self.unit_instance(unit)
        self.do(
            instance,
            "prepare_notice",
            HR[unit],
            title="岗位数额公示",
            body="现将核定的岗位数额予以公示。",
            min_workdays=5,
            contact_phone="0971-6120000",
            contact_email="renshi@example.cn",
            board_photo=[self.attach(HR[unit])],
        )
        self.do(instance, "approve_notice", LEADER[unit], decision="approve")

    def sum_up(self, region: str) -> None:
        """A region writes its summary and both recipients receive it."""
        self.write(region)
        for element, actor in (("receive_archives", ARCHIVES), ("receive_hrss", HRSS)):
            self.receive(region, element, actor)

    def write(self, region: str) -> None:
        problems = [{"problem": "基层申报材料准备不足", "countermeasures": "提前培训\n逐单位辅导"}]
        self.region_does(region, "write_summary", done="完成岗位核定和首次评审。", problems=problems)
        self.region_does(region, "region_merge", merged=True)

    def receive(self, region: str, element: str, actor: Actor, **values: Any) -> None:
        (task,) = self.of_stream(element, actor, region)
        self.complete(task, actor, **{"decision": "receive", **values})

    def of_stream(self, element: str, actor: Actor, region: str) -> list[str]:
        """Open tasks of that element that are about one region's stream."""
        found = []
        for task in self.tasks(self.instance, actor, element):
            data = self.engine.ask(TaskForm(task_id=task.id, actor=actor)).data
            if self.of(region) in (data.get("stream_id"), (data.get("stream") or {}).get("stream_id")):
                found.append(task.id)
        return found

    def complete(self, task_id: str, actor: Actor, **variables: Any) -> None:
        self.engine.run(CompleteTask(task_id=task_id, actor=actor, variables=variables))
        self.engine.work()

    def board(self, actor: Actor = HRSS) -> Board:
        return self.engine.ask(RolloutBoard(actor))

    def stream(self, region: str, actor: Actor = HRSS) -> StreamShown:
        return next(stream for stream in self.board(actor).streams if stream.region_code == region)


def made(engine: Engine) -> Rollout:
    """The ten regions, three units, accounts, and the rollout's and publicity's diagrams deployed."""
    stage = Rollout(engine)
    now = engine.now()
    people = [OFFICE, HRSS, HRSS2, ARCHIVES, MANAGER, *REGION.values(), *HR.values(), *LEADER.values()]
    with engine.store.transaction() as connection:
        rows = [
            {"id": new_id(), "username": a.username, "name": a.name, "created_at": now, "password_at": now}
            for a in people
        ]
        connection.execute(insert(account), rows)
        for code, (name, kind) in REGIONS.items():
            connection.execute(insert(units.region).values(code=code, name=name, kind=kind))
        for number, (code, region) in enumerate(UNITS.items(), 1):
            connection.execute(
                insert(units.unit).values(
                    code=code,
                    name=f"演示单位{number}",
                    uscc=f"91630000DEMO00000{number}",
                    region_code=region,
                    kind="public_institution" if code != "u03" else "enterprise",
                    ownership="public",
                    post_managed=code != "u03",
                    civil_servant_law=False,
                    hardship=False,
                    created_at=now,
                )
            )
    stage.deploy(shipped("rollout", "publicity"))
    return stage


def handlers() -> Any:
    known = {handler.topic for handler in PUBLICITY}
    return registry([handler for handler in ROLLOUT if handler.topic not in known])
