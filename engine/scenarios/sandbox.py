"""Where a scenario is played: a private database and a clock of its own. Real data are never opened, nothing leaves."""

from __future__ import annotations

import fcntl
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, insert

from engine.clock import FixedClock
from engine.commands import release_rows
from engine.commands.contents import Content
from engine.commands.step import Step
from engine.config import Settings
from engine.engine import Engine
from engine.history import canonical
from engine.registry import Registry
from engine.releases import Releases
from engine.scenarios.kit import Scenes
from engine.scenarios.stubs import stubbed
from engine.store import tables as t
from engine.store.row_clock import RowClock
from engine.store.unit_of_work import Store

PREFIX, MARK = "zhiping-tests-", "in-use"
SECONDS = 10.0  # processor time of one scenario


class OutOfTime(Exception):
    """The scenario has used up its processor time."""


class SandboxClock(FixedClock):
    """Stands still, and ends a scenario that goes on and on: whatever repeats reads the clock again and again."""

    def __init__(self, at: datetime) -> None:
        self._until = time.thread_time() + SECONDS
        super().__init__(at)

    def set(self, at: datetime) -> None:
        self.check()
        super().set(at)

    def now(self) -> datetime:
        self.check()
        return super().now()

    def check(self) -> None:
        """Raises OutOfTime."""
        if time.thread_time() > self._until:
            raise OutOfTime


class TrialClock(RowClock):
    """Stands in a row of the sandbox, so that it stands there still when the sandbox is opened again; each piece of work that
    `afresh` precedes has its own processor time."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.afresh()

    def afresh(self) -> None:
        self._until = time.thread_time() + SECONDS

    def read(self, connection: Connection) -> datetime:
        """Raises OutOfTime."""
        if time.thread_time() > self._until:
            raise OutOfTime
        return super().read(connection)


class Workshop:
    """Makes sandboxes for one release; a context manager that removes everything at the end. For one thread."""

    def __init__(self, registry: Registry, contents: Sequence[Content]) -> None:
        if registry.scenes is None:
            raise ValueError("this office offers nothing to play scenarios with")
        self.registry = registry
        self.scenes: Scenes = registry.scenes
        self.contents = [replace(each, id=None) for each in contents if each.kind != "test"]
        self._releases = Releases(registry)
        self._engine: Engine | None = None
        self._furnished: Path | None = None
        self._templates: dict[bytes, Path] = {}

    def __enter__(self) -> Workshop:
        _sweep()
        self._kept = tempfile.TemporaryDirectory(prefix=PREFIX)
        self.folder = Path(self._kept.name)
        self._mark = (self.folder / MARK).open("w")
        fcntl.flock(self._mark, fcntl.LOCK_EX)
        self._settings = Settings("", self.folder, secrets.token_hex(32), attachments_url=str(self.folder / "files"))
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.cleanup()
        self._mark.close()

    @contextmanager
    def sandbox(self, calls: Mapping[str, Mapping[str, Any]], at: datetime) -> Iterator[Engine]:
        """An engine whose clock stands at `at`, on a copy of the furnished database; the copy is removed afterwards.
        `calls`: called processes that only leave these values."""
        template = self._template(calls)
        path = self.folder / "sandbox.db"
        shutil.copy(template, path)
        # One engine for one database after the other: what it has compiled of its statements is kept.
        if self._engine is None:
            self._engine = self._make_engine(path)
        self._engine.clock = SandboxClock(at)
        try:
            yield self._engine
        finally:
            self._engine.stop()
            for left in self.folder.glob(f"{path.name}*"):
                left.unlink()

    def keep(self, calls: Mapping[str, Mapping[str, Any]], path: Path) -> str:
        """Leave a sandbox that outlives this workshop: its database as `path`. Answers the secret key it is to be opened with."""
        shutil.copy(self._template(calls), path)
        return self._settings.secret_key

    def _template(self, calls: Mapping[str, Mapping[str, Any]]) -> Path:
        """The furnished database with the release in it, made once for each set of replaced processes."""
        key = canonical(calls)
        if key not in self._templates:
            if self._furnished is None:
                self._furnished = self._furnish(self.folder / "furnished.db")
            path = self.folder / f"template-{len(self._templates)}.db"
            shutil.copy(self._furnished, path)
            engine = self._make_engine(path)
            try:
                engine.run(PutRelease(stubbed(self.contents, calls)))
            finally:
                engine.stop()
            self._templates[key] = path
        return self._templates[key]

    def _furnish(self, path: Path) -> Path:
        engine = self._make_engine(path)
        try:
            engine.create_schema()
            self.scenes.furnish(engine)
        finally:
            engine.stop()
        return path

    def _make_engine(self, path: Path) -> Engine:
        settings = replace(self._settings, database_url=f"sqlite:///{path}")
        engine = Engine(settings, self.registry, clock=FixedClock(self.scenes.since))
        engine.releases = self._releases
        carelessly(engine)
        return engine


def carelessly(engine: Engine) -> None:
    """Nobody needs the file of a sandbox after a power cut."""
    event.listen(engine.store.dialect.engine, "connect", _carelessly)


@dataclass(frozen=True)
class PutRelease:
    """The contents as the active release, as they are: whoever plays them has linted them."""

    contents: Sequence[Content]

    def execute(self, step: Step) -> None:
        fingerprint = release_rows.fingerprint(self.contents)
        deployment_id = fingerprint[:32]  # what is compiled is kept by it: equal for equal content alone
        step.connection.execute(
            insert(t.deployment).values(
                id=deployment_id,
                state="candidate",
                origin="shipped",
                uploaded_by="system",
                uploaded_at=step.now,
                comment="",
                content_hash=fingerprint,
                warnings=[],
            )
        )
        release_rows.set_parts(step, deployment_id, self.contents, set())
        release_rows.make_active(step, deployment_id, "system")


def _sweep() -> None:
    """Remove what a process that was killed while it played has left: a lock on its mark ended with it."""
    for mark in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{MARK}"):
        try:
            with mark.open() as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(mark.parent)
        except OSError:
            continue  # it is being played in, another sweeps it, or it is somebody else's


def _carelessly(raw: Any, _record: Any) -> None:
    raw.execute("PRAGMA synchronous=OFF")
