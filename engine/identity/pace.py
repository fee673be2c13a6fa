"""How fast something may be done for which nobody logs in: so much at once is free, then waits that grow, and pass.

Nobody is ever shut out, and nobody is asked to prove that they are human. What is counted is forgotten a quarter of an hour
after the last time; an address stands there as a hash alone. `at` is real time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from engine.identity import attempts, throttle
from engine.identity.tables import login_attempt

if TYPE_CHECKING:
    from engine.commands.step import Step
    from engine.engine import Engine
    from engine.queries.reading import Reading


@dataclass(frozen=True)
class Pace:
    """What is counted (`what`, for instance "objection"), for whom (`of`: an address, the id of a thing), how many are
    free, and the longest wait."""

    what: str
    of: str
    free: int
    longest: timedelta = throttle.LONGEST

    @property
    def subject(self) -> str:
        return throttle.guesser(f"pace {self.what}", self.of)


def wait(engine: Engine, paces: Sequence[Pace], at: datetime) -> int:
    """Seconds until it may be done again; 0 means now."""
    return engine.ask(WaitLeft(tuple(paces), at))


def count(engine: Engine, paces: Sequence[Pace], at: datetime, times: int = 1) -> None:
    """It was done."""
    engine.run(CountDone(tuple(paces), at, times))


@dataclass(frozen=True)
class WaitLeft:
    paces: tuple[Pace, ...]
    at: datetime

    def answer(self, reading: Reading) -> int:
        by_subject = {pace.subject: pace for pace in self.paces}
        counted = select(login_attempt.c.subject, login_attempt.c.failures, login_attempt.c.last_at)
        rows = reading.connection.execute(counted.where(login_attempt.c.subject.in_(sorted(by_subject)))).all()
        left = timedelta(0)
        for row in rows:
            pace = by_subject[row.subject]
            left = max(left, throttle.wait_left(row.failures, pace.free, row.last_at, self.at, pace.longest))
        return max(1, round(left.total_seconds())) if left else 0


@dataclass(frozen=True)
class CountDone:
    paces: tuple[Pace, ...]
    at: datetime
    times: int

    def execute(self, step: Step) -> None:
        attempts.forget_old(step.connection, self.at)
        for subject in sorted(pace.subject for pace in self.paces):  # one order for all, so that nobody waits in a ring
            done, _ = attempts.lock_count(step.connection, subject, self.at)
            mine = login_attempt.c.subject == subject
            step.connection.execute(
                update(login_attempt).where(mine).values(failures=done + self.times, last_at=self.at)
            )
