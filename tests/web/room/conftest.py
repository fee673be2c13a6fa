"""A real meeting of the demo province, brought to each of its stages once, and copied for every test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import insert

from engine.clock import FixedClock
from engine.config import Settings
from engine.engine import Engine
from engine.registry import Actor
from engine.store.metadata import new_id
from processes import demo, office
from processes.committee.commands import DeclareRecusal
from processes.demo.committee import NAMES
from processes.publicity.objections import FileObjection
from processes.register.application_tables import recusal_request
from processes.register.expert_tables import expert
from processes.register.experts import relate
from processes.register.notice_tables import publicity_notice
from processes.register.objection_tables import objection
from tests.process.province import MORNING, Province
from tests.process.sitting import Hands, Sitting, plan
from tests.process.test_s01_whole_path import publish_result
from tests.web.pages.conftest import Browser
from web.app import create_app

SECRET, PASSWORD = "test-" * 10, "demo-zhiping"
DAY = "2026-09-22"
PREPARING, CHECKING_IN, VOTING, ANNOUNCED, SEALED = "preparing", "checking_in", "voting", "announced", "sealed"
ON_THE_ROLL = NAMES[:25]
READER = "expert-01"  # of the group that reads both cases
LISTENER = "expert-05"  # on the roll, in no group
RECUSED = "expert-08"  # from the first case
OUTSIDER = "expert-32"  # a reserve nobody has called
PUBLISHED = "published"
OBJECTOR, PHONE = "演示·实名人", "13900007777"
SAID = "此人申报的第二项业绩系他人完成，档案室有当时的验收单为证。"
QUESTION = "请说明第二项业绩由谁完成。"
PRESENT = 20  # the first twenty seats; so 21 to 25 are absent


@dataclass
class Hall:
    """The meeting at one stage. `cases`: (application, name of the candidate), in the order of the list."""

    province: Province
    sitting: Sitting
    app: Flask
    browsers: dict[str, Browser] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/meetings/{self.sitting.meeting_id}"

    @property
    def cases(self) -> list[tuple[str, str]]:
        return [(row["application_id"], row["name"]) for row in self.sitting.candidates]

    def case_path(self, number: int) -> str:
        return f"{self.path}/cases/{self.cases[number][0]}"

    def seat(self, number: int) -> str:
        """The id of the expert of the account `expert-NN`."""
        return str(self.province.rows(expert, expert.c.account == f"expert-{number:02}")[0]["id"])

    def actor(self, username: str) -> Actor:
        return self.province.actor(username)

    def enter(self, username: str) -> Browser:
        """A browser logged in as that account."""
        return Browser(self.app.test_client()).log_in(username, PASSWORD)

    def at(self, username: str, path: str = "") -> Browser:
        """The same, with a page of the meeting open."""
        browser = self.browsers.setdefault(username, self.enter(username))
        browser.open(self.path + path)
        return browser


@dataclass
class Stages:
    """Folders with the database and the files of each stage, and the instance of the meeting."""

    folder: Path
    instance: str = ""
    clocks: dict[str, datetime] = field(default_factory=dict)

    def engine(self, folder: Path, now: datetime) -> Engine:
        settings = Settings(f"sqlite:///{folder / 'z.db'}", folder, SECRET, attachments_url=str(folder / "files"))
        return Engine(settings, office.registry(), clock=FixedClock(now))

    def copy(self, stage: str, to: Path) -> Engine:
        shutil.copytree(self.folder / stage, to, dirs_exist_ok=True)
        return self.engine(to, self.clocks[stage])


def hands(province: Province) -> Hands:
    return Hands(*(province.actor(name) for name in ("committee_office", "committee_office2", "chair", "supervisor")))


def begin(stages: Stages) -> None:
    """Two candidates on the list, a relation found, a request made, groups confirmed."""
    folder = stages.folder / PREPARING
    folder.mkdir()
    engine = stages.engine(folder, datetime.fromisoformat(MORNING))
    engine.create_schema()
    list(demo.load(engine))
    province = Province(engine)
    province.queued_in("c-020", "u05", "yushu")
    case = province.queued_in("c-001", "u01", "xining")
    application_id = province.application(case)["id"]
    with engine.store.transaction() as connection:
        seven = province.rows(expert, expert.c.account == "expert-07")[0]["id"]
        relate(
            connection,
            seven,
            "mentor_student",
            person_id=province.person_id("c-001"),
            source="detected",
            by=None,
            now=province.now,
        )
        for name in (NAMES[8], "演示·查无此人"):
            row = {"id": new_id(), "application_id": application_id, "name": name, "unit": None, "reason": "有过纠纷"}
            connection.execute(insert(recusal_request).values(**row))
    province.until("2026-09-14T09:00:00")
    sitting = plan(province, DAY, hands(province))
    first = sitting.candidates[0]["application_id"]
    engine.run(DeclareRecusal(sitting.meeting_id, first, "interest", province.actor(RECUSED)))
    sitting.arrange()
    sitting.do("group_arrangement", sitting.hands.office, groups_checked=True)
    stages.instance = sitting.instance
    stages.clocks[PREPARING] = province.now
    engine.stop()


def go_on(stages: Stages, before: str, stage: str, play: Callable[[Sitting], None]) -> None:
    engine = stages.copy(before, stages.folder / stage)
    province = Province(engine)
    play(Sitting(province, stages.instance, hands(province)))
    stages.clocks[stage] = province.now
    engine.stop()


def gather(sitting: Sitting) -> None:
    sitting.write_opinions()
    sitting.do("write_group_opinion", sitting.hands.office, opinions_checked=True)
    sitting.stage.until(f"{DAY}T09:00:00")


def open_first(sitting: Sitting) -> None:
    sitting.arrive(PRESENT)
    sitting.begin()
    sitting.open_round()


def decide(sitting: Sitting) -> None:
    """The first passes, the second fails."""
    sitting.ballots(len(sitting.voters()))
    sitting.close()
    sitting.vote(5, 10)
    sitting.announce()


def seal(sitting: Sitting) -> None:
    sitting.do("sign_minutes", sitting.hands.office, discussion="逐一介绍、评议并表决。", signature="演示记录")
    sitting.do("countersign_minutes", sitting.hands.supervisor, signature="演示监督")


def publish(sitting: Sitting) -> None:
    """The result is public, somebody objects by name, the investigator asks the unit and the candidate."""
    province = sitting.stage
    assert isinstance(province, Province)
    publish_result(province, sitting.instance)
    province.until("2026-09-29T10:00:00")
    notice = province.rows(publicity_notice, publicity_notice.c.kind == "result")[0]
    filed = FileObjection(notice["id"], 1, ["false_performance"], SAID, real_name=True, name=OBJECTOR, phone=PHONE)
    province.engine.run(filed)
    province.engine.work()
    case = province.rows(objection)[0]["instance_id"]
    asked = {"investigator": "investigator", "question": QUESTION}
    province.do(case, "assign_investigator", province.actor("investigator"), **asked)


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Stages:
    made = Stages(tmp_path_factory.mktemp("meeting"))
    begin(made)
    go_on(made, PREPARING, CHECKING_IN, gather)
    go_on(made, CHECKING_IN, VOTING, open_first)
    go_on(made, VOTING, ANNOUNCED, decide)
    go_on(made, ANNOUNCED, SEALED, seal)
    go_on(made, SEALED, PUBLISHED, publish)
    return made


def hall_of(stages: Stages, stage: str, folder: Path) -> Hall:
    engine = stages.copy(stage, folder)
    province = Province(engine)
    sitting = Sitting(province, stages.instance, hands(province))
    return Hall(province, sitting, create_app(engine, wall=FixedClock(stages.clocks[stage])))


@pytest.fixture
def hall(stages: Stages, tmp_path: Path) -> Iterator[Callable[[str], Hall]]:
    """`hall(VOTING)`: the meeting as it stands while the first round runs."""
    made: list[Hall] = []

    def open_(stage: str) -> Hall:
        made.append(hall_of(stages, stage, tmp_path / stage))
        return made[-1]

    yield open_
    for one in made:
        one.province.engine.stop()
