"""Hours of work while everything that can be killed is killed: real processes, both databases, new seeds.

    python -m tests.faults.soak [--minutes 10] [--seed N] [--databases postgresql sqlite] [--clerks 4] [--cases 60]
                                [--kill-every 4] [--no-models]

On PostgreSQL `zhiping web` and `zhiping worker` run, and the server itself goes down without warning every 5 to 40 seconds; on
SQLite `zhiping serve` runs. Every `--kill-every` seconds (on average) a process dies by SIGKILL: one that does the work, a parent
alone, or a program with all its processes, which is begun anew. Clerks complete tasks through the API with Idempotency-Keys and
ask until they are answered. A share of the time goes to random process models of new seeds. At the end all that must hold
is checked and a report printed; exit status 1 where something does not hold, and the folder is kept.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from engine.commands.retry_incident import RetryIncident
from engine.store import tables as t
from tests.faults.models.play import play
from tests.faults.site import OPERATOR, Clerks, Site, verdict
from tests.postgres import DURABLE, PostgresServer

RESTARTS = (5.0, 40.0)  # seconds between two restarts of the database, from and to
MODELS = 0.15  # share of the time
READY = 5.0  # seconds from being started to ready, at most


@dataclass
class Torment:
    """What was done to a site, and how long it took to stand up again."""

    site: Site
    chance: random.Random
    server: PostgresServer | None
    kill_every: float
    blows: Counter[str] = field(default_factory=Counter)
    ready: list[float] = field(default_factory=list)  # seconds from a program's start until it could work
    _restart: threading.Thread | None = None

    def go_on(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        kill_at, restart_at = self._next_kill(), self._next_restart()
        while time.monotonic() < end:
            time.sleep(0.05)
            if self.server is not None and time.monotonic() >= restart_at and not self._restarting():
                self._restart = threading.Thread(target=self.server.restart)
                self._restart.start()
                self.blows["database restarted"] += 1
                restart_at = self._next_restart()
            if time.monotonic() >= kill_at:
                self._kill()
                kill_at = self._next_kill()
        if self._restart is not None:
            self._restart.join()

    def _kill(self) -> None:
        program = self.chance.choice(sorted(self.site.programs))
        how = self.chance.choices(("child", "parent", "all"), (6, 1, 3))[0]
        if how == "child":
            if self.site.kill_child(program, self.chance):
                self.blows[f"a process of {program}"] += 1
            return
        if how == "parent":
            self.site.kill_parent(program)
        else:
            self.site.kill(program)
        self.blows[f"{program}, {'the parent alone' if how == 'parent' else 'all of it'}"] += 1
        self.site.start(program)
        if program == "worker":
            return
        disturbed = self._restarting()
        seconds = self.site.until_ready()
        # Orphans of a parent hold the port until they have noticed.
        if how == "all" and not disturbed and not self._restarting():
            self.ready.append(seconds)

    def _restarting(self) -> bool:
        return self._restart is not None and self._restart.is_alive()

    def _next_kill(self) -> float:
        return time.monotonic() + self.chance.expovariate(1 / self.kill_every)

    def _next_restart(self) -> float:
        return time.monotonic() + self.chance.uniform(*RESTARTS)


def soak(name: str, seconds: float, options: argparse.Namespace, folder: Path, chance: random.Random) -> bool:
    """One database. Prints what happened; answers whether everything holds."""
    server = PostgresServer(DURABLE) if name == "postgresql" else None
    try:
        folder.mkdir()
        url = server.url(server.create()) if server else f"sqlite:///{folder / 'zhiping.db'}"
        site = Site(folder, url)
        site.open_cases(options.cases, 10)
        for program in ("web", "worker") if server else ("serve",):
            site.start(program)
        try:
            site.until_ready()
            clerks = Clerks(site, site.token(), options.clerks, chance.randrange(2**32), options.cases)
            clerks.start()
            torment = Torment(site, chance, server, options.kill_every)
            began = time.monotonic()
            torment.go_on(seconds)
            clerks.stop()
            took = time.monotonic() - began
            retried = settle(site)
        finally:
            site.stop()
        seen = verdict(site)
    finally:
        if server is not None:
            server.stop()
    wrong = [*clerks.wrong, *seen.broken]
    if seen.figures["incidents"] or seen.figures["jobs left"]:
        wrong.append("something is left undone in the background")
    if torment.ready and max(torment.ready) > READY:
        wrong.append(f"a program needed {max(torment.ready):.1f} s until it was ready")
    pauses = [after - before for before, after in zip(clerks.done_at, sorted(clerks.done_at)[1:], strict=False)]
    print(f"{name}: {took:.0f} s, {len(clerks.done_at)} completions answered ({len(clerks.done_at) / took:.1f}/s)")
    print(f"    killed: {dict(sorted(torment.blows.items()))}")
    print(f"    answers: {dict(sorted(clerks.answers.items()))}")
    print(f"    in the database: {seen.figures}; given up and tried again by hand: {retried}")
    if torment.ready:
        print(
            f"    killed program ready again: {statistics.median(torment.ready):.1f} s, {max(torment.ready):.1f} s at most"
        )
    print(f"    longest time without a completion: {max(pauses, default=0):.1f} s")
    for line in wrong[:50]:
        print(f"    WRONG {line}")
    print(
        f"    {'everything holds' if not wrong else f'{len(wrong)} things do not hold: {folder} is kept'}", flush=True
    )
    return not wrong


def settle(site: Site, patience: float = 90) -> int:
    """Wait until nothing is left for the background; what was given up because its workers died is tried again by hand, as an
    operator would. Answers how often."""
    end, retried = time.monotonic() + patience, 0
    while time.monotonic() < end:
        with site.engine() as engine:
            with engine.store.snapshot() as connection:
                left = sum(connection.scalar(select(func.count()).select_from(x)) or 0 for x in (t.job, t.timer))
                given_up = connection.scalars(select(t.incident.c.id).where(t.incident.c.state == "open")).all()
            for incident in given_up:
                engine.run(RetryIncident(incident, OPERATOR))
                retried += 1
        if not left:
            break
        time.sleep(1)
    return retried


def models(seconds: float, seed: int) -> bool:
    """Random models on three paths each until the time is over."""
    end, played, steps = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        for path in range(3):
            name = f"soak-{seed}-{played}"
            try:
                steps += play(name, str(path))
            except AssertionError as error:
                print(f"models: seed {name!r}, path {path}: {error}")
                return False
        played += 1
    print(f"models: {played} models on 3 paths each, {steps} steps; the engine and the token game agree", flush=True)
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Work under faults, for as long as you like.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--databases", nargs="*", choices=("postgresql", "sqlite"), default=["postgresql", "sqlite"])
    parser.add_argument("--clerks", type=int, default=4)
    parser.add_argument("--cases", type=int, default=60, help="open tasks at any time, about")
    parser.add_argument("--kill-every", type=float, default=4, metavar="SECONDS", help="on average")
    parser.add_argument("--no-models", dest="models", action="store_false", help="play no random models")
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}", flush=True)
    chance = random.Random(options.seed)
    folder = Path(tempfile.mkdtemp(prefix="zhiping-soak-"))
    seconds = options.minutes * 60
    holds = True
    if options.models:
        holds &= models(seconds * MODELS, options.seed)
        seconds *= 1 - MODELS
    for name in options.databases:
        holds &= soak(name, seconds / len(options.databases), options, folder / name, chance)
    if holds:
        shutil.rmtree(folder)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
