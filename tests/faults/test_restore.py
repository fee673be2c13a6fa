"""A backup taken while people work, and brought back on an empty machine: whole, true to what was known before, and nothing
that was sent is sent again."""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, inspect, select

import processes.register.applications  # noqa: F401 - the tables of the register, which the revisions make
from engine import attachments, invariants
from engine.attachments.storage import storage
from engine.attachments.tables import attachment
from engine.commands.complete_task import CompleteTask
from engine.commands.save_draft import SaveDraft
from engine.commands.start_instance import StartInstance
from engine.engine import Engine
from engine.queries.audit import VerifyHistory
from engine.queries.instance_events import InstanceEvents
from engine.queries.task_view import TaskForm
from engine.queries.work_list import WorkList
from engine.store import tables as t
from tests import postgres
from tests.conftest import MakeEngine
from tests.integration.engine.conftest import (
    ADMIN,
    ANN,
    BEN,
    FINISH,
    OWNER,
    START,
    Office,
    add_people,
    bpmn,
    deploy,
    flow,
    user,
)
from tests.integration.engine.test_messages import service
from tests.process.stage import PIXEL
from web.cli import commands

pytestmark = pytest.mark.fault

SECRET = "test-" * 10


def mailing() -> bytes:
    """A task, something that is sent, and another task."""
    mail = service("mail", key="=case")
    return bpmn(
        "mailing",
        START + user("check") + mail + user("file") + FINISH + flow("begin", "check", "serve", "file", "finish"),
    )


@dataclass
class Post:
    """Who carries effects out of the program, and what came."""

    sent: list[str] = field(default_factory=list)

    def __call__(self, key: str, payload: Mapping[str, Any]) -> None:
        self.sent.append(key)


@dataclass
class Place:
    """A machine: its data folder, its database, its mail."""

    folder: Path
    url: str
    make: MakeEngine
    office: Office
    post: Post = field(default_factory=Post)

    def engine(self) -> Engine:
        files = str(self.folder / "attachments")
        engine = self.make(self.url, self.office.registry(), data_dir=self.folder, attachments_url=files)
        engine.senders = {"mail": self.post}
        return engine

    def run(self, *arguments: str) -> Result:
        settings = {
            "ZHIPING_DATA_DIR": str(self.folder),
            "ZHIPING_DATABASE_URL": self.url,
            "ZHIPING_SECRET_KEY": SECRET,
            "ZHIPING_ATTACHMENTS_URL": str(self.folder / "attachments"),
        }
        return CliRunner().invoke(commands, arguments, env=settings)

    def stands_empty(self) -> bool:
        files = [each for each in self.folder.rglob("*") if each.is_file() and each.suffix not in (".db", ".key")]
        if self.url.startswith("sqlite"):
            database = Path(self.url.removeprefix("sqlite:///"))
            return files == [] and not database.exists()
        return files == [] and not postgres_tables(self.url)


def postgres_tables(url: str) -> list[str]:
    made = create_engine(url)
    try:
        return inspect(made).get_table_names()
    finally:
        made.dispose()


@pytest.fixture
def here(database_url: str, tmp_path: Path, make_engine: MakeEngine, office: Office) -> Place:
    folder = tmp_path / "here"
    folder.mkdir()
    return Place(folder, database_url, make_engine, office)


@pytest.fixture
def empty(here: Place, tmp_path: Path) -> Callable[[str], Place]:
    """Another machine with nothing on it."""

    def make(name: str) -> Place:
        folder = tmp_path / name
        folder.mkdir()
        sqlite = here.url.startswith("sqlite")
        url = f"sqlite:///{folder / 'zhiping.db'}" if sqlite else postgres.server().url(postgres.server().create())
        return Place(folder, url, here.make, here.office)

    return make


def begin(engine: Engine, name: str) -> str:
    started: str = engine.run(StartInstance(actor=OWNER, key="mailing", variables={"case": name}))["id"]
    return started


def next_task(engine: Engine, instance: str) -> str:
    return engine.ask(WorkList(actor=ADMIN, process_instance_id=instance)).items[0].id


def complete(engine: Engine, instance: str) -> None:
    engine.run(CompleteTask(next_task(engine, instance), ANN))


def exported(engine: Engine, instance: str) -> list[Any]:
    """The history as people carry it away: each line with its hash."""
    return [(each.seq, each.kind, each.hash) for each in engine.ask(InstanceEvents(ADMIN, instance)).items]


def hand_in(engine: Engine, name: str, content: bytes) -> attachments.AttachmentItem:
    return attachments.upload(engine, BytesIO(PIXEL + content), name, actor=ANN)


class Load(threading.Thread):
    """Somebody who never stops working: cases begun and finished, files handed in."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(daemon=True)
        self.engine, self.rounds, self.ending = engine, 0, threading.Event()
        self.going = threading.Event()

    def run(self) -> None:
        while not self.ending.is_set():
            instance = begin(self.engine, f"load-{self.rounds}")
            complete(self.engine, instance)
            hand_in(self.engine, f"{self.rounds}.png", bytes(2_000))
            self.rounds += 1
            if self.rounds == 3:
                self.going.set()


def test_back_on_an_empty_machine(here: Place, empty: Callable[[str], Place], tmp_path: Path) -> None:
    engine = here.engine()
    add_people(engine)
    deploy(engine, mailing())
    before = [begin(engine, f"before-{number}") for number in range(5)]
    for each in before[:3]:
        complete(engine, each)
    engine.work()
    assert sorted(here.post.sent) == ["before-0", "before-1", "before-2"]
    engine.run(SaveDraft(next_task(engine, before[4]), BEN, {"note": "还要再看"}))
    large = hand_in(engine, "大文件.png", random.Random(1).randbytes(5_000_000))
    known = {each: exported(engine, each) for each in before}

    load = Load(engine)
    load.start()
    assert load.going.wait(30)
    archive = tmp_path / "backup.tar.gz"
    done = here.run("backup", str(archive))
    at_backup = load.rounds
    load.ending.set()
    load.join(30)
    assert done.exit_code == 0, done.output
    # Afterwards there is more mail, which the backup cannot know of.
    complete(engine, before[3])
    engine.work()
    assert len(here.post.sent) == len(set(here.post.sent)) == 4 + load.rounds

    there = empty("there")
    back = there.run("restore", str(archive))
    assert back.exit_code == 0, back.output
    again = there.engine()
    with again.store.snapshot() as connection:
        assert invariants.check(connection, again) == []
        marked = set(connection.scalars(select(t.effect.c.key).where(t.effect.c.sent_at.is_not(None))))
        waiting = set(connection.scalars(select(t.effect.c.key).where(t.effect.c.sent_at.is_(None))))
        rows = {row.stored_as: row for row in connection.execute(select(attachment))}
    # The histories hold, and say what they said when somebody carried them away.
    assert again.ask(VerifyHistory()).findings == ()
    for each, lines in known.items():
        assert exported(again, each)[: len(lines)] == lines
    # Every row has its file, byte for byte.
    assert set(rows) <= set(storage(again.settings.attachments_url).keys())
    assert 3 <= len(rows) - 1 <= at_backup + 1
    with attachments.open_(again, large) as one, attachments.open_(engine, large) as other:
        assert one.read() == other.read()
    # What is sealed opens with the same secret.
    assert again.ask(TaskForm(BEN, next_task(again, before[4]))).draft == {"note": "还要再看"}
    # Nothing that was sent before the backup is sent again; what had to be sent then goes out with the key it had here.
    assert {"before-0", "before-1", "before-2"} <= marked
    again.work()
    assert sorted(there.post.sent) == sorted(waiting)
    assert not marked & set(there.post.sent)
    assert waiting <= set(here.post.sent)
    # And work goes on where it stood.
    for each in before:
        while again.ask(WorkList(actor=ADMIN, process_instance_id=each)).items:
            complete(again, each)
    again.work()
    assert sorted(set(there.post.sent) & {"before-3", "before-4"}) == ["before-3", "before-4"]


@pytest.fixture
def archive(here: Place, tmp_path: Path) -> Iterator[Path]:
    engine = here.engine()
    add_people(engine)
    deploy(engine, mailing())
    complete(engine, begin(engine, "one"))
    hand_in(engine, "一.png", random.Random(2).randbytes(30_000))
    path = tmp_path / "backup.tar.gz"
    done = here.run("backup", str(path))
    assert done.exit_code == 0, done.output
    return path


def test_a_damaged_backup_is_refused_whole(archive: Path, empty: Callable[[str], Place], tmp_path: Path) -> None:
    whole = archive.read_bytes()
    there = empty("there")
    chance = random.Random(3)
    wrong = {f"cut at {part}": whole[: len(whole) * part // 10] for part in (0, 1, 5, 9)} | {
        "the last byte": whole[:-9]
    }
    for number in range(12):
        at = chance.randrange(100, len(whole) - 8)
        wrong[f"a byte at {at}"] = whole[:at] + bytes([whole[at] ^ (1 << number % 8)]) + whole[at + 1 :]
    for what, content in wrong.items():
        damaged = tmp_path / "damaged.tar.gz"
        damaged.write_bytes(content)
        refused = there.run("restore", str(damaged))
        assert getattr(refused.exception, "code", None) == "BACKUP_DAMAGED", (what, refused.output, refused.exception)
        assert there.stands_empty(), what
    assert there.run("restore", str(archive)).exit_code == 0


def test_nothing_is_restored_over_what_is_there(archive: Path, here: Place, empty: Callable[[str], Place]) -> None:
    there = empty("there")
    assert there.run("restore", str(archive)).exit_code == 0
    # The files are there already.
    assert there.run("restore", str(archive)).exception.code == "DATABASE_NOT_EMPTY"  # type: ignore[union-attr]
    # The database alone: said before anything is unpacked, and the folder stays as empty as it was.
    shutil.rmtree(there.folder / "attachments")
    refused = there.run("restore", str(archive))
    assert refused.exception.code == "DATABASE_NOT_EMPTY"  # type: ignore[union-attr]
    assert "数据库不是空的" in str(refused.exception)
    assert list(storage(str(there.folder / "attachments")).keys()) == []
    with there.engine().store.snapshot() as connection:
        assert len(connection.execute(select(t.instance.c.id)).all()) == 1


def test_a_restore_that_breaks_off_leaves_the_place_empty(
    archive: Path, empty: Callable[[str], Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = empty("there")

    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("engine.store.backup.bring_back", no_room)
        refused = there.run("restore", str(archive))
        assert refused.exception.code == "STORAGE_FULL"  # type: ignore[union-attr]
    assert there.stands_empty()
    assert there.run("restore", str(archive)).exit_code == 0


def test_a_backup_says_that_a_vote_is_going_on(here: Place, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.cli.storing.open_rounds", lambda _connection: 2)
    done = here.run("backup", str(archive.with_name("second.tar.gz")))
    assert done.exit_code == 0
    assert "有 2 轮投票正在进行" in done.stderr
    assert "2 rounds of voting are open" in done.stderr
