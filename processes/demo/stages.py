"""Cases on their way: one at each stage, played through the same commands that people use, before the demo's morning.

They belong to the review of 2025, which this demo lets take applications in January 2026; the 24 applicants of the small
demo stay free for whoever tries the program out. Nothing here is written into tables by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from typing import Any

from sqlalchemy import insert, select

from engine.attachments.keeping import upload
from engine.clock import FixedClock
from engine.commands.complete_task import CompleteTask
from engine.commands.start_instance import StartInstance
from engine.commands.step import Step
from engine.engine import Engine
from engine.history import OFFICE
from engine.identity import people as accounts
from engine.identity.accounts import CreateAccount
from engine.identity.crypto import Keyring
from engine.identity.passwords import DEMO_PASSWORD, make_hash
from engine.queries.task_view import TaskForm
from engine.queries.work_list import WorkList
from engine.registry import Actor, Membership
from engine.scenarios.scene import PICTURE
from engine.store.metadata import new_id
from processes.committee.commands import ArrangeGroups, CastBallot, CheckIn, WriteOpinion
from processes.demo import rollout
from processes.demo.candidates import add_candidate
from processes.demo.play import MEETING, OfficeDay
from processes.demo.small import ARCHIVIST, Candidate
from processes.publicity.objections import FileObjection
from processes.register import groups
from processes.register.application_tables import application, review_cycle
from processes.register.ballot_tables import ballot_round, ballot_token
from processes.register.committee_tables import committee, review_meeting
from processes.register.meetings import candidates
from processes.register.notice_tables import publicity_item, publicity_notice
from processes.register.rolls import roll
from processes.rules.groups import Group

BEGIN = datetime.fromisoformat("2026-01-04T09:00:00+08:00")
UNIT = "u03"  # its posts are not managed: these cases take no post from anybody's trial


def _one(number: int, name: str, note: str) -> Candidate:
    return Candidate(number, name, UNIT, title=(ARCHIVIST, date(2019, 6, 30)), note=note)


STAGED: Sequence[Candidate] = (
    _one(101, "演示·央金", "单位人事核对材料，已经超期"),
    _one(102, "演示·贺兰", "等单位负责人决定是否推荐"),
    _one(103, "演示·旦增尼玛", "推荐人选正在单位公示"),
    _one(104, "演示·沈静", "等主管部门审核"),
    _one(105, "演示·白玛", "材料审核"),
    _one(106, "演示·索南达杰·格桑", "代表作审核"),
    _one(107, "演示·罗布", "列入六月的评审会议"),
    _one(108, "演示·田晓岚", "列入六月的评审会议"),
    _one(109, "演示·格日勒", "评审结果正在公示"),
    _one(110, "演示·丁玉珍", "公示期间收到异议，正在调查"),
    _one(111, "演示·祁万明", "未通过，可以申请复查"),
    _one(112, "演示·措姆", "公示期满，等确认"),
    _one(113, "演示·包桂英", "已发证，等择优聘用"),
    _one(114, "演示·阿依古丽", "已聘用，全部办结"),
)


@dataclass
class Player(OfficeDay):
    """Plays on an engine of its own whose clock nobody else sees."""

    engine: Engine
    cases: dict[int, str] = field(default_factory=dict)
    known: dict[str, Actor] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.engine.now()

    def actor(self, username: str) -> Actor:
        if username not in self.known:
            with self.engine.store.snapshot() as connection:
                self.known[username] = accounts.actor(connection, username)
        return self.known[username]

    def start(self, key: str, actor: Actor, **variables: Any) -> str:
        started: str = self.engine.run(StartInstance(actor=actor, key=key, variables=variables))["id"]
        self.engine.work()
        return started

    def do(self, instance_id: str, element: str, actor: Actor, **variables: Any) -> dict[str, Any]:
        done: dict[str, Any] = self.engine.run(CompleteTask(self._task(instance_id, element, actor), actor, variables))
        self.engine.work()
        return done

    def form(self, instance_id: str, element: str, actor: Actor) -> dict[str, Any]:
        return dict(self.engine.ask(TaskForm(actor, self._task(instance_id, element, actor))).data)

    def attach(self, actor: Actor, name: str = "照片.png") -> str:
        return upload(self.engine, BytesIO(PICTURE), name, actor=actor).id

    def until(self, text: str) -> None:
        self.engine.work(datetime.fromisoformat(f"{text}+08:00"))

    def rows(self, table: Any, *where: Any) -> list[Any]:
        with self.engine.store.snapshot() as connection:
            return list(connection.execute(select(table).where(*where)).mappings())

    def _task(self, instance_id: str, element: str, actor: Actor) -> str:
        query = WorkList(actor, process_instance_id=instance_id, element_id=element)
        return str(self.engine.ask(query).items[0].id)

    # the stages, each from where the one before left the case

    def submitted(self, number: int) -> None:
        self.cases[number] = self.apply(account(number), identity_status="non_public")

    def assessed(self, number: int) -> None:
        self.verify(self.cases[number], UNIT)
        self.assess(self.cases[number], UNIT)

    def published(self, number: int) -> None:
        self.decide(self.cases[number], UNIT)
        self.publish(self.cases[number], UNIT)

    def endorsed(self, number: int) -> None:
        """After the unit's notice has closed."""
        self.submit_recommendation(self.cases[number], UNIT)
        self.endorse(self.cases[number])

    def accepted(self, number: int) -> None:
        self.review(self.cases[number])

    def audited(self, number: int) -> None:
        self.audit(self.cases[number])

    def compete(self, number: int) -> None:
        """The unit chooses on merit and publishes whom it means to appoint."""
        case, hr = self.cases[number], self.actor(f"hr-{UNIT}")
        self.do(case, "competition_plan", hr, posts=1, plan="按竞聘方案择优聘用一人。", terms=3)
        self.do(case, "qualification_check", hr, qualified=True)
        self.do(case, "competition_evaluation", self.actor(f"panel-{UNIT}"), score=92, ranking=1)
        self.publish(case, UNIT)

    def hire(self, number: int) -> None:
        """After the notice has closed."""
        contract = {"post_grade": 7, "contract_from": "2026-05-18", "contract_to": "2029-05-17"}
        self.do(self.cases[number], "appoint", self.actor(f"hr-{UNIT}"), **contract)
        self.do(self.cases[number], "file_appointment", self.actor("region-xining"), filing_note="同意备案")

    # meetings

    def plan(self, held_on: str) -> str:
        """Over all cases that wait; answers the instance."""
        office = self.actor("committee_office")
        meeting = self.start(MEETING, office)
        senior = self.rows(committee, committee.c.code == "senior")[0]["id"]
        plan = {"committee_id": senior, "held_on": held_on, "place": "西宁演示会议中心", "mode": "onsite"}
        self.do(meeting, "plan_meeting", office, **plan)
        return meeting

    def prepare(self, meeting: str) -> None:
        """One group of three, every opinion written."""
        office = self.actor("committee_office")
        meeting_id = self.meeting_id(meeting)
        with self.engine.store.snapshot() as connection:
            three = tuple(row["expert_id"] for row in roll(connection, meeting_id)[3:6])
            cases = tuple(application_id for application_id, _ in candidates(connection, meeting_id))
        self.engine.run(ArrangeGroups(meeting_id, office, [Group(three, three[0], cases)]))
        self.do(meeting, "group_arrangement", office, groups_checked=True)
        with self.engine.store.snapshot() as connection:
            due = groups.due_opinions(connection, meeting_id)
            account_of = {row["expert_id"]: row["account"] for row in roll(connection, meeting_id)}
        for application_id, expert_id, _ in due:
            said = (STRENGTHS, "approve", self.actor(account_of[expert_id]), WEAKNESSES)
            self.engine.run(WriteOpinion(meeting_id, application_id, *said))
        self.do(meeting, "write_group_opinion", office, opinions_checked=True)

    def hold(self, meeting: str, yes: Mapping[int, int], present: int = 18) -> None:
        """Everybody who came votes; `yes` of them for each case by its number. Signed and sealed."""
        office, chair = self.actor("committee_office"), self.actor("chair")
        meeting_id = self.meeting_id(meeting)
        with self.engine.store.snapshot() as connection:
            seats = roll(connection, meeting_id)[:present]
        for row in seats:
            self.engine.run(CheckIn(meeting_id, row["expert_id"], office))
        self.do(meeting, "check_in", office, arrival="open")
        opened = {"session_step": "open", "ballot_mode": "electronic", "round_minutes": 15, "discipline": True}
        self.do(meeting, "open_session", chair, **opened)
        agreed = {
            self.rows(application, application.c.instance_id == self.cases[n])[0]["id"]: m for n, m in yes.items()
        }
        for _ in yes:
            self.do(meeting, "declare_recusal", office, recusals_asked=True)
            self.do(meeting, "present_opinion", chair, presented=True)
            opened_now = (ballot_round.c.meeting_id == meeting_id, ballot_round.c.status == "open")
            round_ = self.rows(ballot_round, *opened_now)[0]
            held = {row["expert_id"] for row in self.rows(ballot_token, ballot_token.c.round_id == round_["id"])}
            voters = [self.actor(row["account"]) for row in seats if row["expert_id"] in held]
            for seat, who in enumerate(voters):
                choice = "yes" if seat < agreed[round_["application_id"]] else "no"
                self.engine.run(CastBallot(meeting_id, round_["id"], choice, who))
            self.engine.work()
            self.do(meeting, "close_round", chair, close_decision="count")
        signed = {"announcement": "sign", "signature": "演示主任委员", "seal_file": [self.attach(chair)]}
        self.do(meeting, "announce_and_sign", chair, **signed)
        self.do(meeting, "sign_minutes", office, discussion="逐一介绍、评议并表决。", signature="演示记录人")
        self.do(meeting, "countersign_minutes", self.actor("supervisor"), signature="演示监督员")

    def meeting_id(self, meeting: str) -> str:
        return str(self.rows(review_meeting, review_meeting.c.instance_id == meeting)[0]["id"])

    def object_to(self, number: int, text: str) -> None:
        """An anonymous objection to the case's entry in the notice of results."""
        case = self.rows(application, application.c.instance_id == self.cases[number])[0]["id"]
        public = select(publicity_notice.c.id).where(publicity_notice.c.kind == "result")
        listed = (publicity_item.c.application_id == case, publicity_item.c.notice_id.in_(public))
        item = self.rows(publicity_item, *listed)[0]
        filed = FileObjection(
            item["notice_id"], item["position"], ["false_performance"], text, nonce=new_id() + new_id()
        )
        self.engine.run(filed)
        self.engine.work()


STRENGTHS = (
    "长期从事档案整理、数字化和修复工作，代表作在行业内有影响，业绩真实可查，专业能力达到所申报职称的要求，同行认可。"
)
WEAKNESSES = "理论总结还可以加强，成果推广的范围有待扩大，建议今后多参与标准制定和人员培训，把经验写成文章供同行参考，也多带年轻人。"


def account(number: int) -> str:
    return f"c-{number:03d}"


def play(engine: Engine) -> int:
    """Bring the staged cases to where they stand at the present of `engine`. Answers how many there are.

    The clock of the demonstration is not touched: the play has one of its own over the same database.
    """
    engine.run(Prepare())
    own = Engine(engine.settings, engine.registry, clock=FixedClock(BEGIN))
    try:
        _script(Player(own))
        own.run(MarkStaged())
    finally:
        own.stop()
    return len(STAGED)


def _script(player: Player) -> None:
    """Month by month; a case is named by its number."""
    at = player.until
    at("2026-01-12T09:30:00")
    everybody = range(101, 115)
    for number in everybody:
        player.submitted(number)
    at("2026-01-20T10:00:00")
    for number in range(102, 115):
        player.assessed(number)
    at("2026-01-26T10:00:00")
    for number in (104, 105, *range(106, 115)):
        player.published(number)
    at("2026-02-03T09:00:00")
    for number in range(105, 115):
        player.endorsed(number)
    player.submit_recommendation(player.cases[104], UNIT)
    at("2026-03-03T09:00:00")
    for number in range(106, 115):
        player.accepted(number)
    at("2026-03-10T09:00:00")
    for number in (112, 113, 114):
        player.audited(number)
    at("2026-03-16T09:00:00")
    spring = player.plan("2026-03-24")
    player.prepare(spring)
    at("2026-03-24T09:00:00")
    player.hold(spring, {112: 15, 113: 14, 114: 16})
    at("2026-03-27T10:00:00")
    player.publish_result(spring)
    rollout.play_present(player)
    at("2026-05-08T09:00:00")
    for number in (113, 114):
        player.confirm(player.cases[number], "青人社职〔2026〕（演示）3号", "2026-05-08")
        player.issue(player.cases[number])
    player.compete(114)
    at("2026-05-11T09:00:00")
    for number in (109, 110, 111):
        player.audited(number)
    may = player.plan("2026-05-21")
    player.prepare(may)
    at("2026-05-18T09:00:00")
    player.hire(114)
    at("2026-05-21T09:00:00")
    player.hold(may, {109: 14, 110: 13, 111: 9})
    at("2026-05-27T10:00:00")
    player.publish_result(may)
    player.published(103)
    at("2026-05-28T15:20:00")
    player.object_to(110, "反映该同志申报表中所列数字化项目的负责人另有其人，请予核实。（演示）")
    at("2026-05-29T09:00:00")
    for number in (107, 108):
        player.audited(number)
    june = player.plan("2026-06-03")
    office = player.actor("committee_office")
    player.engine.run(ArrangeGroups(player.meeting_id(june), office))
    player.do(june, "group_arrangement", office, groups_checked=True)


@dataclass(frozen=True)
class Prepare:
    """The applicants of the play, and the review of 2025, which is late in this demo: it takes applications in January."""

    def execute(self, step: Step) -> None:
        hashed = make_hash(DEMO_PASSWORD)
        keyring = Keyring(step.engine.settings.secret_key)
        for one in STAGED:
            CreateAccount(one.account, one.name, None, (Membership("candidate"),), password_hash=hashed).execute(step)
            add_candidate(step, keyring, one)
        step.connection.execute(
            insert(review_cycle).values(
                id=new_id(),
                year=2025,
                name="2025 年度档案系列职称评审（演示，在途）",
                apply_from=date(2026, 1, 5),
                apply_to=date(2026, 1, 31),
                cutoff_date=date(2025, 12, 31),
                status="open",
            )
        )


@dataclass(frozen=True)
class MarkStaged:
    """In the office's history: the play has come to its end."""

    def execute(self, step: Step) -> None:
        step.record(OFFICE, "demo_staged", data={"cases": len(STAGED)})
