"""The disk is full: what cannot be written is refused in words, what is there can be read, nothing is there by halves, and as
soon as there is room the same program works again."""

from __future__ import annotations

import os
import resource
import secrets
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, func, select
from werkzeug.test import TestResponse

from engine import invariants
from engine.attachments.storage import storage
from engine.attachments.tables import attachment
from engine.errors import Full
from engine.store import tables as t
from tests import postgres
from tests.process.stage import PIXEL
from tests.web.office import Office, Prepared, _engine, prepare
from tests.web.program import API, diagram, flows, is_chinese

pytestmark = pytest.mark.fault

PAGE = 8192  # bytes of a page of PostgreSQL
MOST = 400  # requests until the disk must have been full
ROOM = 600_000  # bytes that are left when the test begins to fill it


def letter() -> bytes:
    """A task, a message to another case, and a timer: everything that writes."""
    body = (
        '<bpmn:startEvent id="begin"/><bpmn:userTask id="check" camunda:candidateGroups="clerks"/>'
        '<bpmn:intermediateCatchEvent id="wait"><bpmn:timerEventDefinition>'
        "<bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
        '<bpmn:endEvent id="end"/>'
    )
    return diagram("letter", body + flows("begin", "check", "wait", "end"))


@dataclass
class Disk:
    """Where the database lies. `fill` leaves no room (or hardly any: then the next writes take it), `free` makes some."""

    office: Office
    fill: Callable[[], None]
    free: Callable[[], None]
    sound: Callable[[], None] = field(default=lambda: None)

    def post(
        self, who: str, path: str, *, language: str = "zh", key: str | None = None, **arguments: Any
    ) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.office.tokens[who]}", "Accept-Language": language}
        if key is not None:
            headers["Idempotency-Key"] = key
        return self.office.app.test_client(use_cookies=False).post(API + path, headers=headers, **arguments)

    def start(self, key: str | None = None, language: str = "zh") -> TestResponse:
        body = {"variables": {"ballast": secrets.token_hex(15_000)}}
        return self.post("process_owner", "process-definitions/key/letter/start", json=body, key=key, language=language)


@pytest.fixture(params=["sqlite pages", "sqlite file size", "postgresql"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    with ExitStack() as stack:
        make = {"sqlite pages": few_pages, "sqlite file size": short_files, "postgresql": small_volume}[request.param]
        yield stack.enter_context(make(tmp_path))


@contextmanager
def office_at(prepared: Prepared, url: str, folder: Path) -> Iterator[Office]:
    """The office at that database; its files lie in that folder. Everything must hold when the test is over."""
    engine = _engine(url, folder)
    try:
        yield Office(engine, prepared.app, prepared.tokens)
        with engine.store.snapshot() as connection:
            assert invariants.check(connection, engine) == []
    finally:
        engine.stop()


@contextmanager
def few_pages(folder: Path) -> Iterator[Disk]:
    """SQLite's own limit of the file."""
    prepared = prepare("sqlite", folder, {"letter.bpmn": letter()})
    most = [1 << 30]

    def limit(raw: sqlite3.Connection, *_: object) -> None:
        raw.execute(f"PRAGMA max_page_count={most[0]}")

    def fill() -> None:
        with sqlite3.connect(prepared.place) as raw:
            most[0] = raw.execute("PRAGMA page_count").fetchone()[0] + ROOM // 4096

    with office_at(prepared, f"sqlite:///{prepared.place}", folder) as office:
        event.listen(office.engine.store.dialect.engine, "checkout", limit)
        yield Disk(office, fill, lambda: most.__setitem__(0, 1 << 30), lambda: sound(prepared.place))


@contextmanager
def short_files(folder: Path) -> Iterator[Disk]:
    """The system's limit of a file's size, for this process: the database, its log and attachments."""
    prepared = prepare("sqlite", folder, {"letter.bpmn": letter()})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill() -> None:
        size = Path(prepared.place).stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + ROOM, before[1]))

    with office_at(prepared, f"sqlite:///{prepared.place}", folder) as office:
        try:
            yield Disk(
                office, fill, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before), lambda: sound(prepared.place)
            )
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


def sound(place: str) -> None:
    with sqlite3.connect(place) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


@contextmanager
def small_volume(folder: Path) -> Iterator[Disk]:
    """PostgreSQL with its tables on a volume of a few megabytes; where none may be mounted, with a limit of the size of its
    files (its log is cut into pieces smaller than that)."""
    prepared = prepare("postgresql", folder, {"letter.bpmn": letter()})
    # Beside pytest's folders, not in them: PostgreSQL is another account, and every pytest that starts closes them to others.
    volume = Path(tempfile.mkdtemp(prefix="zhiping-volume-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m,mode=1777", "tmpfs", volume], capture_output=True, check=False
    )
    if mounted.returncode == 0:
        try:
            with tables_on(prepared, volume) as found:
                yield found
        finally:
            subprocess.run(["umount", volume], check=True)
            volume.rmdir()
    else:
        volume.rmdir()
        with short_tables(prepared, folder) as found:
            yield found


@contextmanager
def tables_on(prepared: Prepared, volume: Path) -> Iterator[Disk]:
    server = postgres.server()
    place = volume / "tables"
    place.mkdir(mode=0o700)
    shutil.chown(place, server.user)
    ballast = volume / "ballast"
    with psycopg.connect(host=str(server.folder), user="postgres", dbname="postgres", autocommit=True) as admin:
        admin.execute(f"CREATE TABLESPACE small LOCATION '{place}'")  # type: ignore[arg-type]
        admin.execute(f'CREATE DATABASE small TEMPLATE "{prepared.place}" TABLESPACE small')  # type: ignore[arg-type]

    def fill() -> None:
        room = os.statvfs(volume)
        ballast.write_bytes(bytes(room.f_bavail * room.f_frsize - ROOM))

    try:
        with office_at(prepared, server.url("small"), volume) as office:
            yield Disk(office, fill, ballast.unlink)
    finally:
        ballast.unlink(missing_ok=True)
        server.drop("small")
        with psycopg.connect(host=str(server.folder), user="postgres", dbname="postgres", autocommit=True) as admin:
            admin.execute("DROP TABLESPACE small")


class ShortLog(postgres.PostgresServer):
    def _run(self, program: str, *arguments: str) -> None:
        super()._run(program, *arguments, *(("--wal-segsize=1",) if program == "initdb" else ()))


LIMIT = "import resource, sys; [resource.prlimit(int(pid), resource.RLIMIT_FSIZE, (int(sys.argv[1]), -1)) for pid in sys.argv[2:]]"


@contextmanager
def short_tables(prepared: Prepared, folder: Path) -> Iterator[Disk]:
    """A server of its own, whose backends may not write files longer than a megabyte and half a page: a write that fits by
    half is what PostgreSQL calls a full disk."""
    server = ShortLog()
    copy = subprocess.run(
        ["pg_dump", "--format=custom", "--no-owner", postgres.server().url(prepared.place).replace("+psycopg", "")],
        capture_output=True,
        check=True,
    )
    name = server.create()
    subprocess.run(
        ["pg_restore", "--no-owner", "--dbname", server.url(name).replace("+psycopg", "")],
        input=copy.stdout,
        check=True,
    )
    pids: set[int] = set()

    def limit(size: int) -> None:
        argv = ["python3", "-c", LIMIT, str(size), *map(str, pids)]
        subprocess.run(argv, check=True, user=server.user if os.geteuid() == 0 else None)

    def note(raw: Any, *_: object) -> None:
        pids.add(raw.info.backend_pid)

    try:
        with office_at(prepared, server.url(name), folder) as office:
            event.listen(office.engine.store.dialect.engine, "connect", note)
            office.engine.store.close()  # connections from now on are known
            office.owner.get("process-definitions")
            yield Disk(office, lambda: limit(2**20 + PAGE // 2), lambda: limit(-1))
    finally:
        server.stop()


def count(disk: Disk, table: Any) -> int:
    with disk.office.engine.store.snapshot() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def holds(disk: Disk) -> None:
    with disk.office.engine.store.snapshot() as connection:
        assert invariants.check(connection, disk.office.engine) == []
        assert connection.execute(select(t.incident.c.id)).all() == []


def test_a_full_disk(disk: Disk) -> None:
    office = disk.office
    kept = office.owner.start("letter")
    disk.fill()
    started = [kept]
    for number in range(MOST):
        answer = disk.start(f"start-{number}")
        if answer.status_code != 201:
            break
        started.append(answer.json["id"])
    # Refused in words, with a time to come again; the reader's language decides.
    assert (answer.status_code, answer.json["code"]) == (507, "STORAGE_FULL"), answer.json
    assert answer.headers["Retry-After"] == "60"
    assert is_chinese(answer.json["title"] + answer.json["detail"])
    english = disk.start(language="en")
    assert english.status_code == 507
    assert "disk is full" in english.json["detail"]
    # Nothing of what was refused is there, and what was answered is.
    assert count(disk, t.instance) == len(started)
    holds(disk)
    # A file is refused too, and leaves neither a row nor bytes.
    files = list(storage(office.engine.settings.attachments_url).keys())
    big = PIXEL + bytes(3 * ROOM)
    sent = disk.post(
        "ann", "attachments", data={"file": (BytesIO(big), "附件.png")}, content_type="multipart/form-data"
    )
    if sent.status_code == 201:  # it lies on another disk, and its row is small enough
        files = list(storage(office.engine.settings.attachments_url).keys())
    else:
        assert sent.status_code == 507
    assert list(storage(office.engine.settings.attachments_url).keys()) == files
    assert count(disk, attachment) == len(files)
    # Reading goes on, and so does watching.
    assert office.ann.look(started[-1])["id"] == started[-1]
    assert office.ann.get("tasks")["total"] == len(started)
    for path in ("/healthz", "/readyz", "/metrics"):
        assert office.app.test_client().get(path).status_code == 200
    # What is done in the background waits, and nobody is asked to mend it.
    done = [each for each in started[:5] if finished(disk, each)]
    with suppress(Full):
        office.engine.work()
    holds(disk)
    # Room again: the same program does the same things, without being started anew.
    disk.free()
    assert disk.start(f"start-{number}").status_code == 201
    for each in set(started) - set(done):
        office.ann.complete(each, "check")
    office.pass_(hours=2)
    assert {office.ann.look(each)["state"] for each in started} == {"completed"}
    disk.sound()


def finished(disk: Disk, instance: str) -> bool:
    """Whether its task could be completed: there may be room for little things."""
    task = disk.office.ann.task(instance, "check")
    answer = disk.post("ann", f"tasks/{task}/complete", json={"variables": {}})
    assert answer.status_code in (200, 507)
    return answer.status_code == 200
