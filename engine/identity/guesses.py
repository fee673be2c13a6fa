"""What anybody may look up who knows a secret code: from one address only so many wrong guesses, then waits that grow.

Right answers cost nothing and take nothing back, so that one good code does not pay for guessing others. While a wait runs
nothing is looked up at all: right and wrong are answered alike, by TooMany. `at` is real time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import select, update

from engine.errors import TooMany
from engine.identity import attempts, throttle
from engine.identity.tables import login_attempt
from forms.i18n import T

if TYPE_CHECKING:
    from engine.commands.port import Query
    from engine.commands.step import Step
    from engine.engine import Engine
    from engine.queries.reading import Reading

Found = TypeVar("Found")


def look_up(engine: Engine, query: Query[Found | None], *, what: str, address: str, at: datetime) -> Found | None:
    """The answer to `query`; None is a wrong guess and counted. Raises TooMany (`retry_after`, seconds)."""
    subject = throttle.guesser(what, address)
    engine.ask(MayGuess(subject=subject, at=at))
    found = engine.ask(query)
    if found is None:
        engine.run(CountGuess(subject=subject, at=at))
    return found


@dataclass(frozen=True)
class MayGuess:
    """Raises TooMany while a wait is running."""

    subject: str
    at: datetime

    def answer(self, reading: Reading) -> None:
        counted = select(login_attempt.c.failures, login_attempt.c.last_at)
        row = reading.connection.execute(counted.where(login_attempt.c.subject == self.subject)).first()
        if row is None:
            return
        wait = throttle.wait_left(row.failures, throttle.FREE_GUESSES, row.last_at, self.at)
        if wait:
            seconds = max(1, round(wait.total_seconds()))
            raise TooMany(T("查询次数过多，请在 {seconds} 秒后再试。", seconds=seconds), retry_after=seconds)


@dataclass(frozen=True)
class CountGuess:
    subject: str
    at: datetime

    def execute(self, step: Step) -> None:
        attempts.forget_old(step.connection, self.at)
        failures, _ = attempts.lock_count(step.connection, self.subject, self.at)
        mine = login_attempt.c.subject == self.subject
        step.connection.execute(update(login_attempt).where(mine).values(failures=failures + 1, last_at=self.at))
