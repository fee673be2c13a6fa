"""What is killed at every named point: for each kind of work its subjects, how far one of them has come, and the retry.

Each kill has a subject of its own, begun just before; `stage` answers how far subject `n` has come and asserts that it is
nowhere in between.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import func, select

from engine.clock import FixedClock
from engine.commands.activate_deployment import ActivateDeployment
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.commands.port import Once
from engine.engine import Engine
from engine.errors import Conflict
from engine.moving.commands import MoveInstances
from engine.moving.tables import move_item
from engine.queries.instance_events import InstanceEvents
from engine.queries.views import EventItem
from engine.store import tables as t
from engine.studio.publishing_tables import release_review
from processes.committee.commands import CastBallot
from processes.register.ballot_tables import ballot_slip, ballot_token
from tests.conftest import NOON, MakeEngine
from tests.faults.lives import Journal, read
from tests.integration.engine.conftest import (
    ADMIN,
    ANN,
    FINISH,
    OWNER,
    OWNER2,
    START,
    Office,
    add_people,
    bpmn,
    deploy,
    flow,
    look,
    start,
    tasks,
    user,
)
from tests.integration.engine.test_messages import listener, service
from tests.process.room import Hall, make_hall
from tests.process.stage import OFFICE


class Trial(Protocol):
    engine: Engine
    stages: int  # how far a subject can come; 0 is where it begins

    def reborn(self) -> Engine:
        """The engine as a process started now would make it."""

    def begin(self, n: int) -> None:
        """Make subject `n`."""

    def do(self, engine: Engine, n: int) -> None:
        """What is killed, and what is done again."""

    def stage(self, n: int) -> int: ...


@dataclass
class Base:
    engine: Engine
    folder: Path

    def reborn(self) -> Engine:
        journal = Journal(self.folder / "sent")
        senders = {"mail": lambda key, _payload: journal.write(key)}
        return Engine(self.engine.settings, self.engine.registry, FixedClock(self.engine.now()), senders)

    def begin(self, n: int) -> None:
        """Nothing to do where the work itself makes its subject."""

    def count(self, table: Any, *conditions: Any) -> int:
        with self.engine.store.snapshot() as connection:
            return connection.scalar(select(func.count()).select_from(table).where(*conditions)) or 0

    def told(self, instance: str, kind: str) -> list[EventItem]:
        found = self.engine.ask(InstanceEvents(ADMIN, instance)).items
        return [item for item in found if item.kind == kind]

    def waits_at(self, instance: str) -> list[str]:
        return [task.element_id for task in tasks(self.engine, instance)]


@dataclass
class InOffice(Base, ABC):
    """A small office with one diagram; each subject is an instance of it."""

    instances: dict[int, str] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)  # the tasks they begin with
    stages = 1

    @classmethod
    def furnished(cls, url: str, make_engine: MakeEngine, folder: Path) -> InOffice:
        office = Office()
        engine = make_engine(url, office.registry())
        add_people(engine)
        deploy(engine, *cls.diagrams())
        return cls(engine, folder)

    def begin(self, n: int) -> None:
        self.instances[n] = start(self.engine, "tried", n=n, order=n)
        for task in tasks(self.engine, self.instances[n]):
            self.keys[n] = task.id

    @classmethod
    @abstractmethod
    def diagrams(cls) -> list[bytes]:
        """The process `tried`, and what it needs beside it."""

    def finish(self, engine: Engine, n: int) -> None:
        """Complete the subject's first task; asked again it is the same request with the same key."""
        engine.run(CompleteTask(self.keys[n], ANN), Once(ANN.account_id, "complete", f"k{n}", b"{}"))


class Completing(InOffice):
    """A person completes a task; a service and a script follow; then the next task."""

    @classmethod
    def diagrams(cls) -> list[bytes]:
        body = user("first") + service("work", text="x") + user("second")
        return [bpmn("tried", START + body + FINISH + flow("begin", "first", "serve", "second", "finish"))]

    def do(self, engine: Engine, n: int) -> None:
        self.finish(engine, n)

    def stage(self, n: int) -> int:
        seen = look(self.engine, self.instances[n])
        done = len([line for line in self.told(seen.instance.id, "completed") if line.element_id == "first"])
        worked = len(self.told(seen.instance.id, "worked"))
        assert self.waits_at(seen.instance.id) == (["second"] if done else ["first"])
        assert (done, worked, seen.instance.revision) in ((0, 0, 1), (1, 1, 2))
        return done


class Firing(InOffice):
    """A timer is due: the n-th subject's after n hours, so that each kill finds one."""

    @classmethod
    def diagrams(cls) -> list[bytes]:
        timer = (
            '<bpmn:intermediateCatchEvent id="sleep" name="sleep"><bpmn:timerEventDefinition id="sleep_t">'
            '<bpmn:timeDuration>="PT" + string(n + 1) + "H"</bpmn:timeDuration>'
            "</bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
        )
        return [bpmn("tried", START + timer + user("after") + FINISH + flow("begin", "sleep", "after", "finish"))]

    def do(self, engine: Engine, n: int) -> None:
        engine.work(NOON + timedelta(hours=n + 1))

    def stage(self, n: int) -> int:
        one = self.instances[n]
        fired = len(self.told(one, "timer_fired"))
        assert self.waits_at(one) == ["after"] * fired
        assert self.count(t.timer, t.timer.c.instance_id == one) == 1 - fired
        return fired


class Moving(InOffice):
    """An instance is moved to another release: its rows, its state and what is kept to take it back go together."""

    target = ""

    @classmethod
    def furnished(cls, url: str, make_engine: MakeEngine, folder: Path) -> InOffice:
        trial = super().furnished(url, make_engine, folder)
        cls.target = look(trial.engine, start(trial.engine, "tried")).instance.deployment_id
        body = user("first") + user("more") + user("second")
        deploy(trial.engine, bpmn("tried", START + body + FINISH + flow("begin", "first", "more", "second", "finish")))
        return trial

    @classmethod
    def diagrams(cls) -> list[bytes]:
        body = user("first") + user("second")
        return [bpmn("tried", START + body + FINISH + flow("begin", "first", "second", "finish"))]

    def begin(self, n: int) -> None:
        super().begin(n)
        self.engine.run(MoveInstances(self.target, OWNER, instances=[self.instances[n]]))

    def do(self, engine: Engine, n: int) -> None:
        engine.work()

    def stage(self, n: int) -> int:
        one = look(self.engine, self.instances[n]).instance
        mine = move_item.c.instance_id == one.id
        moved = self.count(move_item, mine, move_item.c.state == "moved", move_item.c.blob.is_not(None))
        told = len(self.told(one.id, "moved"))
        assert self.waits_at(one.id) == ["first"]
        assert (moved, told, one.revision, one.deployment_id == self.target) in ((0, 0, 1, False), (1, 1, 2, True))
        return moved


class Sending(InOffice):
    """A task, then a service whose effect leaves the program: 1 asked for, 2 sent and known to be sent."""

    stages = 2

    @classmethod
    def diagrams(cls) -> list[bytes]:
        mail = service("mail", key="=string(n)")
        return [
            bpmn(
                "tried",
                START + user("ask") + mail + user("after") + FINISH + flow("begin", "ask", "serve", "after", "finish"),
            )
        ]

    def do(self, engine: Engine, n: int) -> None:
        self.finish(engine, n)
        engine.work()

    def stage(self, n: int) -> int:
        with self.engine.store.snapshot() as connection:
            rows = connection.execute(select(t.effect).where(t.effect.c.key == str(n))).all()
        times = sum(line == [str(n)] for line in read(self.folder / "sent"))
        jobs = self.count(t.job, t.job.c.instance_id == self.instances[n])
        assert self.waits_at(self.instances[n]) == (["after"] if rows else ["ask"])
        if not rows:
            assert times == jobs == 0
            return 0
        (row,) = rows
        assert jobs == (0 if row.sent_at else 1)
        assert times <= 2
        assert times or row.sent_at is None
        return 2 if row.sent_at else 1


@dataclass
class Delivering(InOffice):
    """A service says something to another instance: 1 said, 2 heard."""

    hearing: dict[int, str] = field(default_factory=dict)
    stages = 2

    @classmethod
    def diagrams(cls) -> list[bytes]:
        send = service("send", order="=order")
        steps = flow("begin", "ask", "serve", "finish")
        return [bpmn("tried", START + user("ask") + send + FINISH + steps), listener()]

    def begin(self, n: int) -> None:
        super().begin(n)
        self.hearing[n] = start(self.engine, "listener", order=n)

    def do(self, engine: Engine, n: int) -> None:
        self.finish(engine, n)
        engine.work()

    def stage(self, n: int) -> int:
        mine = t.message.c.source_instance_id == self.instances[n]
        said = self.count(t.message, mine)
        heard = self.count(t.message, mine, t.message.c.state == "delivered")
        assert look(self.engine, self.instances[n]).instance.state == ("completed" if said else "active")
        assert len(self.told(self.hearing[n], "message_caught")) == heard
        assert self.waits_at(self.hearing[n]) == ["read"] * heard
        assert self.count(t.job) == said - heard
        return said + heard


@dataclass
class Deploying(Base):
    """A person uploads a diagram, another makes it the active release: 1 uploaded, 2 active."""

    stages = 2

    @classmethod
    def furnished(cls, url: str, make_engine: MakeEngine, folder: Path) -> Deploying:
        engine = make_engine(url, Office().registry())
        add_people(engine)
        deploy(engine, cls.diagram("first"))
        return cls(engine, folder)

    @staticmethod
    def diagram(name: str) -> bytes:
        return bpmn("tried", START + user(name) + FINISH + flow("begin", name, "finish"))

    def do(self, engine: Engine, n: int) -> None:
        files = {"tried.bpmn": self.diagram(f"task{n}")}
        once = Once(OWNER.account_id, "deploy", f"k{n}", b"")
        brought = engine.run(Deploy(files, OWNER, comment=str(n)), once)
        engine.run(ActivateDeployment(brought["id"], OWNER2), Once(OWNER2.account_id, "activate", f"k{n}", b""))

    def stage(self, n: int) -> int:
        part = t.deployment_definition.c
        with self.engine.store.snapshot() as connection:
            mine = connection.execute(select(t.deployment).where(t.deployment.c.comment == str(n))).all()
            assert connection.scalar(select(func.count()).where(t.deployment.c.state == "active")) == 1
            held = select(part.definition_id)
            assert connection.scalar(select(func.count()).where(t.definition.c.id.not_in(held))) == 0  # no orphans
            parts = connection.scalar(select(func.count()).where(part.deployment_id.in_(row.id for row in mine)))
        assert len(mine) == parts <= 1
        states = ["", "candidate", "active"]
        return states.index(mine[0].state) if mine else 0


class ActivatingDue(Deploying):
    """An agreed release takes effect by itself: the n-th subject's after n hours."""

    stages = 1

    def begin(self, n: int) -> None:
        made = self.engine.run(Deploy({"tried.bpmn": self.diagram(f"task{n}")}, OWNER, comment=str(n)))
        self.engine.run(ActivateDeployment(made["id"], OWNER2, "agreed", at=self.due(n)))

    @staticmethod
    def due(n: int) -> datetime:
        return NOON + timedelta(hours=n + 1)

    def do(self, engine: Engine, n: int) -> None:
        engine.work(self.due(n))

    def stage(self, n: int) -> int:
        mine = select(t.deployment.c.id).where(t.deployment.c.comment == str(n))
        over = release_review.c.activate_at.is_(None)
        told = self.count(release_review, release_review.c.deployment_id.in_(mine), over)
        assert super().stage(n) == 1 + told
        return told


class Loading(Deploying):
    """The operator's deployment, active at once."""

    stages = 1

    def do(self, engine: Engine, n: int) -> None:
        engine.run(Deploy({"tried.bpmn": self.diagram(f"task{n}")}, None, comment=str(n)))

    def stage(self, n: int) -> int:
        return super().stage(n) // 2


@dataclass
class Casting(Base):
    """An expert's ballot; the last of a round also tells the meeting's process."""

    hall: Hall
    round_id: str
    voters: int
    stages = 1

    @classmethod
    def furnished(cls, url: str, make_engine: MakeEngine, folder: Path) -> Casting:
        hall = make_hall(url, make_engine, 1)
        voters = 25
        hall.come(range(1, voters + 1), OFFICE)
        assert hall.begin()
        return cls(hall.stage.engine, folder, hall, hall.open(0), voters)

    def do(self, engine: Engine, n: int) -> None:
        ballot = CastBallot(self.hall.meeting_id, self.round_id, "yes", self.hall.actor(n + 1))
        try:
            engine.run(ballot)
        except Conflict as error:  # a ballot takes no idempotency key: who asks again is told that it is cast
            assert error.code == "ALREADY_VOTED"  # noqa: PT017

    def stage(self, n: int) -> int:
        with self.engine.store.snapshot() as connection:
            used = dict(
                connection.execute(
                    select(ballot_token.c.expert_id, ballot_token.c.used).where(
                        ballot_token.c.round_id == self.round_id
                    )
                ).all()
            )
        cast = sum(used.values())
        assert self.count(ballot_slip) == cast
        over = int(cast == self.voters)
        assert self.count(t.message, t.message.c.name == "ballots_complete") == over
        assert self.count(t.job) == over
        return int(used[self.hall.expert(n + 1)])


class CastingLast(Casting):
    """The last ballot of a round. Subjects are one and the same: whoever has not voted can be killed voting again."""

    @classmethod
    def furnished(cls, url: str, make_engine: MakeEngine, folder: Path) -> CastingLast:
        made = super().furnished(url, make_engine, folder)
        for n in range(made.voters - 1):
            Casting.do(made, made.engine, n)
        return made

    def do(self, engine: Engine, n: int) -> None:
        super().do(engine, self.voters - 1)

    def stage(self, n: int) -> int:
        return super().stage(self.voters - 1)


TRIALS: dict[str, Callable[..., Trial]] = {
    "complete": Completing.furnished,
    "timer": Firing.furnished,
    "effect": Sending.furnished,
    "message": Delivering.furnished,
    "move": Moving.furnished,
    "deployment": Deploying.furnished,
    "activation at its date": ActivatingDue.furnished,
    "deployment by the operator": Loading.furnished,
    "ballot": Casting.furnished,
}
