"""The sandboxes in which changes are tried out: a folder for each under `<data folder>/sandboxes`, found again by later requests.

A person has one at a time; one that nobody has touched for two hours is removed. Nothing in it is real, nothing leaves it: its engine
has no senders and no background work, and no command of it opens the office's own database.
"""

from __future__ import annotations

import fcntl
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import orjson

from engine.clock import local
from engine.commands.check_release import check_release
from engine.commands.contents import Content
from engine.commands.release_rows import fingerprint
from engine.config import Settings
from engine.engine import Engine
from engine.errors import Busy, DeploymentRefused, NotFound, Refused
from engine.registry import Actor
from engine.releases import Releases
from engine.scenarios.gate import turn
from engine.scenarios.sandbox import TrialClock, Workshop, carelessly
from engine.store import patience
from engine.store.metadata import new_id
from engine.studio.trial import Told, Trial
from forms.i18n import T

IDLE = timedelta(hours=2)
MOST = 20  # sandboxes of all persons together
DATABASE, TOLD, LOCK, FILES = "sandbox.db", "trial.json", "lock", "files"
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


class Sandboxes:
    """All sandboxes of one installation. `engine` is the office's own: of it only settings, registry and wall clock are used."""

    def __init__(self, engine: Engine) -> None:
        self._settings = engine.settings
        self._registry = engine.registry
        self._wall = engine.wall
        self._releases = Releases(engine.registry)  # what was compiled for one request serves the next
        self._folder = engine.settings.data_dir / "sandboxes"

    def make(
        self,
        actor: Actor,
        change_id: str,
        process: str,
        whole: Sequence[Content],
        *,
        at: datetime | None = None,
        calls: Mapping[str, Mapping[str, Any]] | None = None,
        scenario: str | None = None,
        rest: Sequence[Mapping[str, Any]] = (),
    ) -> str:
        """Make a sandbox of a release and answer its id; the person's former one is removed. `at`: where its clock stands first.
        `calls`, `scenario`, `rest`: of the scenario that it follows.

        Raises Refused (NO_KIT), NotFound, DeploymentRefused (what the lint says), Busy."""
        scenes = self._registry.scenes
        if scenes is None:
            raise Refused(T("这个系统没有配备试办用的人员和登记资料，不能试办。"), code="NO_KIT")
        if not any(content.kind == "process" and content.key == process for content in whole):
            raise NotFound(T("这一版流程里没有可执行的流程“{key}”。", key=process))
        if against := [each for each in check_release(whole, self._registry) if each.severity == "error"]:
            raise DeploymentRefused(against)
        self.sweep()
        self.end(actor)
        if len(self._all()) >= MOST:
            raise Busy(T("现在试办的人太多，请过一会儿再来。"), code="SANDBOXES_FULL", retry_after=60)
        sandbox_id = new_id()
        folder = self._folder / sandbox_id
        folder.mkdir(parents=True, mode=0o700)
        first = max(at or scenes.since, scenes.since)
        try:
            with turn(), patience.unhurried(), Workshop(self._registry, whole) as workshop:
                secret = workshop.keep(calls or {}, folder / DATABASE)
            told = Told(
                sandbox_id,
                actor.username,
                change_id,
                process,
                fingerprint(whole),
                local(first).replace(tzinfo=None).isoformat(),
                secret,
                calls=dict(calls or {}),
                scenario=scenario,
                rest=[dict(each) for each in rest],
            )
            self._open(told).clock.set(first)  # type: ignore[attr-defined]
            self._write(told)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return sandbox_id

    @contextmanager
    def opened(self, actor: Actor, sandbox_id: str) -> Iterator[Trial]:
        """The person's own sandbox, for one request at a time; what was done in it is written down at the end, also where the
        last step was refused. Raises NotFound (TRIAL_OVER)."""
        folder = self._folder / sandbox_id
        if not ID.match(sandbox_id) or not (folder / TOLD).is_file():
            raise _over()
        with (folder / LOCK).open("w") as lock, patience.unhurried():
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                told = self._read(folder)
            except FileNotFoundError:  # ended while this request waited for its turn
                raise _over() from None
            if told.owner != actor.username:
                raise _over()
            engine = self._open(told)
            scenes = self._registry.scenes
            assert scenes is not None
            try:
                yield Trial(engine, engine.clock, told, scenes.people)  # type: ignore[arg-type]
            finally:
                engine.stop()
                if folder.is_dir():
                    self._write(told)

    def mine(self, actor: Actor) -> Told | None:
        """The person's sandbox, if one is there that was touched lately."""
        self.sweep()
        return next((told for told in self._all() if told.owner == actor.username), None)

    def end(self, actor: Actor, sandbox_id: str | None = None) -> None:
        """Remove the person's sandbox, or all of theirs."""
        for told in self._all():
            if told.owner == actor.username and sandbox_id in (None, told.id):
                shutil.rmtree(self._folder / told.id, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what nobody has touched for `IDLE`, and what a killed request has left half made."""
        oldest = (self._wall.now() - IDLE).timestamp()
        for folder in self._folders():
            with suppress(FileNotFoundError):  # another request sweeps, too
                mark = folder / TOLD if (folder / TOLD).exists() else folder
                if mark.stat().st_mtime < oldest:
                    shutil.rmtree(folder, ignore_errors=True)

    def _open(self, told: Told) -> Engine:
        folder = self._folder / told.id
        settings = Settings(
            f"sqlite:///{folder / DATABASE}", folder, told.secret, clock="manual", attachments_url=str(folder / FILES)
        )
        engine = Engine(settings, self._registry)
        engine.clock = TrialClock(engine.store)
        engine.releases = self._releases
        carelessly(engine)
        return engine

    def _folders(self) -> list[Path]:
        return [each for each in self._folder.iterdir() if ID.match(each.name)] if self._folder.is_dir() else []

    def _all(self) -> list[Told]:
        found = []
        for folder in self._folders():
            with suppress(FileNotFoundError):  # being made, or being removed
                found.append(self._read(folder))
        return found

    def _read(self, folder: Path) -> Told:
        return Told(**orjson.loads((folder / TOLD).read_bytes()))

    def _write(self, told: Told) -> None:
        """Whole or not at all, so that a killed request leaves what was there."""
        fresh = self._folder / told.id / f"{TOLD}.new"
        fresh.write_bytes(orjson.dumps(vars(told), default=str))
        fresh.replace(self._folder / told.id / TOLD)


def _over() -> NotFound:
    return NotFound(T("这次试办已经结束（两个小时没有动过，或者开始了新的试办）。请重新开始。"), code="TRIAL_OVER")


_of: WeakKeyDictionary[Engine, Sandboxes] = WeakKeyDictionary()


def sandboxes(engine: Engine) -> Sandboxes:
    """The sandboxes of the installation that this engine runs; the same object each time."""
    if engine not in _of:
        _of[engine] = Sandboxes(engine)
        _of[engine].sweep()  # what was left when the program was stopped
    return _of[engine]
