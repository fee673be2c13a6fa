"""A small province to run shipped diagrams in: people, two units, cases at rest, and verbs that read like the office's day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, update

from engine import history
from engine.attachments.keeping import upload
from engine.commands import messages
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.commands.start_instance import StartInstance
from engine.commands.step import Step
from engine.engine import Engine
from engine.history import Told
from engine.identity.crypto import Keyring
from engine.identity.tables import account
from engine.queries.instance_view import InstanceView
from engine.queries.task_view import TaskForm
from engine.queries.views import InstanceDetail, TaskItem
from engine.queries.work_list import WorkList
from engine.registry import Actor, Handler, Membership, Registry
from engine.scenarios.scene import PICTURE
from engine.store import tables as t
from engine.store.metadata import new_id
from engine.store.packed import unfold
from processes.appointment.handlers import HANDLERS as APPOINTMENT
from processes.certificate.handlers import HANDLERS as CERTIFICATE
from processes.committee.handlers import HANDLERS as COMMITTEE
from processes.functions import FUNCTIONS
from processes.integrity.handlers import HANDLERS as INTEGRITY
from processes.publicity.handlers import HANDLERS as PUBLICITY
from processes.register import application_tables, applications, people, units
from processes.register.committees import file_committee
from processes.register.experts import NewExpert, Seat, add_expert, seat_members
from tests.conftest import NOON

ROOT = Path(__file__).resolve().parents[2]
PIXEL = PICTURE
KEYRING = Keyring("test-" * 10)


def person(username: str, *groups: str, scope: str | None = None) -> Actor:
    return Actor(username, username, username, frozenset(Membership(group, scope) for group in groups))


HR, LEADER, PANEL = (person(f"{who}-u01", f"unit_{who}", scope="unit:u01") for who in ("hr", "leader", "panel"))
HR2 = person("hr-u02", "unit_hr", scope="unit:u02")
OFFICE, OFFICE2 = person("committee_office", "committee_office"), person("committee_office2", "committee_office")
CHAIR, VICE, SUPERVISOR = (
    person("chair", "chair"),
    person("vice_chair", "vice_chair"),
    person("supervisor", "supervisor"),
)
HRSS = person("provincial_hrss", "provincial_hrss")
XINING = person("region-xining", "local_authority", scope="region:xining")
ADMIN, OWNER = person("admin", "admin"), person("process_owner", "process_owner")
EVERYBODY = (HR, LEADER, PANEL, HR2, OFFICE, OFFICE2, CHAIR, VICE, SUPERVISOR, HRSS, XINING, ADMIN, OWNER)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text if "+" in text else text + "+08:00")


def shipped(*folders: str) -> dict[str, bytes]:
    """Diagrams and tables of these families, with the forms they name."""
    found: dict[str, bytes] = {}
    for folder in folders:
        for path in sorted((ROOT / "processes" / folder).glob("*.[bd][pm][mn]*")):
            found[path.name] = path.read_bytes()
            for form in sorted((ROOT / "forms" / path.stem).glob("*.form")):
                found[f"{path.stem}-{form.name}"] = form.read_bytes()
    return found


def registry(handlers: Sequence[Handler] = ()) -> Registry:
    made = Registry(functions={function.name: function for function in FUNCTIONS})
    made.add_handlers([*PUBLICITY, *COMMITTEE, *CERTIFICATE, *APPOINTMENT, *INTEGRITY, *handlers])
    return made


@dataclass(frozen=True)
class Said:
    """What a process says to whoever waits."""

    name: str
    correlation: dict[str, Any]

    def execute(self, step: Step) -> None:
        message_id = messages.store(step, self.name, self.correlation, None, {}, state="pending")
        messages.put_delivery(step, message_id, None)


@dataclass
class Stage:
    """One engine with shipped processes running in it, and what a test says to it."""

    engine: Engine
    applications: list[str] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.engine.now()

    def deploy(self, files: dict[str, bytes]) -> None:
        self.engine.run(Deploy(files=files, actor=None))

    def start(self, key: str, actor: Actor = OWNER, **variables: Any) -> str:
        started: str = self.engine.run(StartInstance(actor=actor, key=key, variables=variables, called=True))["id"]
        self.engine.work()
        return started

    def hear(self, name: str, **correlation: Any) -> None:
        """A message that processes alone may send."""
        self.engine.run(Said(name, correlation))
        self.engine.work()

    def tasks(self, instance_id: str, actor: Actor = ADMIN, element: str | None = None) -> list[TaskItem]:
        query = WorkList(actor=actor, process_instance_id=instance_id, element_id=element, max_results=500)
        return self.engine.ask(query).items

    def task(self, instance_id: str, element: str) -> TaskItem:
        """The open task of that element; says what the instance does instead where there is none."""
        for task in self.tasks(instance_id, element=element):
            return task
        seen = self.look(instance_id)
        incidents = [f"{i.element_id}: {i.code} {i.message} {dict(i.facts)}" for i in seen.incidents]
        raise AssertionError(f"no open {element}; open: {self.open(instance_id)}; incidents: {incidents}")

    def open(self, instance_id: str) -> list[str]:
        return sorted(task.element_id for task in self.tasks(instance_id))

    def do(self, instance_id: str, element: str, actor: Actor, **variables: Any) -> dict[str, Any]:
        """Complete the open task of that element, then let messages and due timers run."""
        task = self.task(instance_id, element)
        done = self.engine.run(CompleteTask(task_id=task.id, actor=actor, variables=variables))
        self.engine.work()
        return done

    def attach(self, actor: Actor, name: str = "照片.png") -> str:
        """Hand a small picture in; answers its id."""
        return upload(self.engine, BytesIO(PIXEL), name, actor=actor).id

    def form(self, instance_id: str, element: str, actor: Actor) -> dict[str, Any]:
        """What the form of an open task shows to an actor."""
        task = self.task(instance_id, element)
        return dict(self.engine.ask(TaskForm(task_id=task.id, actor=actor)).data)

    def look(self, instance_id: str) -> InstanceDetail:
        return self.engine.ask(InstanceView(actor=ADMIN, instance_id=instance_id))

    def variable(self, instance_id: str, name: str) -> Any:
        return self.look(instance_id).variables.get(name)

    def ended(self, instance_id: str) -> str | None:
        """The end event an instance reached; None while it runs."""
        return self.look(instance_id).instance.end_element

    def until(self, text: str) -> None:
        """Move the clock, stopping at every due instant on the way."""
        self.engine.work(at(text))

    def told(self, kind: str, instance: str | None = None) -> list[Told]:
        """The lines of that kind in all histories, or in one."""
        with self.engine.store.snapshot() as connection:
            lines = history.every(connection) if instance is None else history.read(connection, instance)
            return [line for line in lines if line.kind == kind]

    def said(self) -> str:
        """Every line of every history, as it was written."""
        return "\n".join(unfold(row["folded"]).decode() for row in self.rows(t.event))

    def rows(self, table: Any, *where: Any) -> list[dict[str, Any]]:
        with self.engine.store.snapshot() as connection:
            return [dict(row) for row in connection.execute(select(table).where(*where)).mappings()]


def furnish(stage: Stage, cases: int = 0, *, post_managed: bool = True, **values: Any) -> None:
    """Accounts, a region, two units with posts, a filed committee of 25, and cases in the status given (queued by default)."""
    with stage.engine.store.transaction() as connection:
        rows = [
            {"id": new_id(), "username": a.username, "name": a.name, "created_at": NOON, "password_at": NOON}
            for a in EVERYBODY
        ]
        connection.execute(insert(account), rows)
        connection.execute(insert(units.region).values(code="xining", name="西宁市", kind="prefecture"))
        for number, code in enumerate(("u01", "u02"), 1):
            connection.execute(
                insert(units.unit).values(
                    code=code,
                    name=f"演示档案馆{number}",
                    uscc=f"91630000DEMO00000{number}",
                    region_code="xining",
                    kind="public_institution",
                    ownership="public",
                    post_managed=post_managed,
                    civil_servant_law=False,
                    hardship=False,
                    created_at=NOON,
                )
            )
            if post_managed:
                connection.execute(
                    insert(units.post_quota).values(
                        id=new_id(),
                        unit_code=code,
                        year=2026,
                        post_level="deputy_senior",
                        approved=3,
                        occupied=2,
                        reserved=0,
                        special_occupied=0,
                        notice_closed_at=NOON,
                        version=1,
                    )
                )
        senior = file_committee(
            connection,
            code="senior",
            name="档案系列高级职称评审委员会",
            level="senior",
            basis="series",
            organizer="省档案局",
            size=25,
            scope_titles=["associate_research_archivist", "research_archivist"],
            filing_no="青人社备〔2024〕（演示）1号",
            filed_on=date(2024, 3, 15),
            valid_until=date(2027, 3, 14),
            now=NOON,
        )
        seat(connection, senior)
        connection.execute(
            insert(application_tables.review_cycle).values(
                id=new_id(),
                year=2026,
                name="2026 年度",
                apply_from=date(2026, 6, 1),
                apply_to=date(2026, 6, 30),
                cutoff_date=date(2026, 12, 31),
                status="open",
            )
        )
        cycle = applications.open_cycle(connection, NOON)
        for number in range(1, cases + 1):
            stage.applications.append(_case(connection, cycle, number, values))


def seat(connection: Connection, committee_id: str, members: int = 25, reserves: int = 8) -> list[str]:
    """Experts x-01, x-02 … of units elsewhere, the first of them chair, the next two vice-chairs; answers their ids."""
    ids = [
        add_expert(
            connection,
            NewExpert(
                account=f"x-{number:02}",
                name=f"演示·评委{number:02}",
                title="research_archivist",
                unit_name="外省演示档案馆",
                sector="archives",
                term_from=date(2025, 1, 1),
                term_to=date(2027, 12, 31),
            ),
            now=NOON,
        )
        for number in range(1, members + reserves + 1)
    ]
    roles = ["chair", "vice_chair", "vice_chair", *["member"] * (members - 3)]
    seats = [Seat(one, role) for one, role in zip(ids, roles, strict=False)]
    seat_members(connection, committee_id, [*seats, *(Seat(one, seat="reserve") for one in ids[members:])])
    return ids


def _case(connection: Connection, cycle: applications.Cycle, number: int, values: dict[str, Any]) -> str:
    person_id = people.add_person(
        connection,
        KEYRING,
        people.NewPerson(f"c-{number:03}", f"演示{number:03}", f"63010119900101{number:04}", date(1990, 1, 1), "u01"),
        NOON,
    )
    people.add_title(connection, person_id, "archivist", date(2021, 6, 30), "review")
    application_id = applications.open_application(
        connection,
        person_row=people.get_person(connection, person_id),
        cycle=cycle,
        instance_id=new_id(),
        actor=f"c-{number:03}",
        now=NOON.replace(minute=number % 60),
    )
    declared = {
        "status": "queued_for_meeting",
        "target_title": "associate_research_archivist",
        "track": "artisan",
        "channel": "normal",
        **values,
    }
    where = application_tables.application.c.id == application_id
    connection.execute(update(application_tables.application).where(where).values(**declared))
    connection.execute(
        insert(application_tables.representative_work).values(
            id=new_id(),
            application_id=application_id,
            position=1,
            kind="standard",
            title=f"演示标准{number}",
            file=[],
            confidential=False,
        )
    )
    return application_id
