"""Processes that are born to be killed: each works from where the last one died, and writes down what it was told."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from engine.clock import SystemClock
from engine.commands.complete_task import CompleteTask
from engine.commands.port import Once
from engine.engine import Engine
from engine.errors import ZhipingError
from engine.queries.work_list import WorkList
from engine.store import tables as t
from tests.conftest import NOON
from tests.integration.engine.conftest import ANN

FORK = multiprocessing.get_context("fork")  # a new life in milliseconds
DONE, LOST = "done", "lost"  # what a completion was answered: it is yours, or somebody else's


class Journal:
    """Lines of one writer in a file that outlives it: one system call each, so a kill leaves a line whole or not there."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(self, *words: object) -> None:
        os.write(self._file, (" ".join(str(word) for word in words) + "\n").encode())


def read(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def reborn(engine: Engine, folder: Path) -> Engine:
    """What a new process makes: nothing of the parent's connections, the real clock, a carrier for mail."""
    sent = Journal(folder / "sent")

    def carry(key: str, payload: Mapping[str, Any]) -> None:
        sent.write(key)

    return Engine(engine.settings, engine.registry, SystemClock(), {"mail": carry})


def complete(engine: Engine, folder: Path, slot: str, place: int, born: float, chance: random.Random) -> None:
    """Complete the tasks of this place (of two; and a few of the other's) until every instance has ended. First what the last
    life intended and was not answered is asked again, with its own key. The first answer of each life is written to `first`
    with its age in seconds."""
    intents, answers = Journal(folder / f"intents-{slot}"), Journal(folder / f"answers-{slot}")
    answered = {line[0] for line in read(folder / f"answers-{slot}")}
    first = Journal(folder / "first")
    open_ones = [line[0] for line in read(folder / f"intents-{slot}") if line[0] not in answered]
    fresh = True
    while True:
        found = [item.id for item in engine.ask(WorkList(ANN, max_results=100)).items]
        items = [task for task in found if zlib.crc32(task.encode()) % 2 == place or chance.random() < 0.02]
        if not found and not open_ones and not engine.ask(Unfinished()):
            return
        if not items:
            fresh = False  # nothing to do at first: what comes is not late
            time.sleep(0.05)
        todo = open_ones or chance.sample(items, len(items))
        for task in todo:
            if not open_ones:
                intents.write(task)
            try:
                engine.run(CompleteTask(task, ANN), Once(ANN.account_id, "complete", f"{slot}/{task}", b"{}"))
            except ZhipingError as error:
                if error.code == "BUSY":
                    raise
                answers.write(task, LOST, error.code)
                continue
            answers.write(task, DONE)
            if fresh:
                first.write(slot, time.monotonic() - born)
                fresh = False
        open_ones = []


class Unfinished:
    """How many instances are still on their way."""

    def answer(self, reading: Any) -> bool:
        going = select(t.instance.c.id).where(t.instance.c.state.in_(("active", "incident"))).limit(1)
        return reading.connection.scalar(going) is not None


def clerk(engine: Engine, folder: Path, slot: str, born: float, seed: int) -> None:
    """A process like those of `zhiping web`: people's work alone."""
    complete(reborn(engine, folder), folder, slot, int(slot == "clerk-b"), born, random.Random(seed))


def worker(engine: Engine, folder: Path, slot: str, born: float, seed: int) -> None:
    """A process like `zhiping worker`: the background work alone."""
    engine = reborn(engine, folder)
    engine.start_background()
    while engine.ask(Unfinished()):
        time.sleep(0.2)


def whole(engine: Engine, folder: Path, slot: str, born: float, seed: int) -> None:
    """A process like `zhiping serve`: two people at work, and the background."""
    engine = reborn(engine, folder)
    engine.start_background()
    threads = [
        threading.Thread(
            target=complete, args=(engine, folder, f"{slot}-{place}", place, born, random.Random(seed + place))
        )
        for place in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


Life = Callable[[Engine, Path, str, float, int], None]


def born(life: Life, engine: Engine, folder: Path, slot: str, seed: int) -> BaseProcess:
    child = FORK.Process(target=life, args=(engine, folder, slot, time.monotonic(), seed))
    child.start()
    return child


def kill(child: BaseProcess) -> None:
    """kill -9, and wait until it is gone."""
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()


def a_minute_later(engine: Engine) -> None:
    """The leases of a dead worker have run out: nobody waits for them here."""
    with engine.store.transaction() as connection:
        connection.execute(update(t.job).where(t.job.c.lease.is_not(None)).values(lease_until=NOON))
    engine.store.close()
