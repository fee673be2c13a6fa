"""The one place where things are wired: settings, store, registry, clock and background work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar

from engine.clock import Clock, SystemClock
from engine.commands.port import Command, Journey, Once, Query
from engine.config import Settings
from engine.registry import Registry
from engine.store.unit_of_work import Store

R = TypeVar("R")
KEPT = timedelta(hours=24)  # how long a reply is kept for a repetition


class Engine:
    """Runs any office's processes durably. `run` changes, `ask` reads; both may be called from any thread."""

    def __init__(self, settings: Settings, registry: Registry, clock: Clock | None = None) -> None:
        """`clock` None takes what the settings say: the system's, or the manual one that stands in a row."""
        self.settings = settings
        self.registry = registry
        self.store = Store(settings.database_url)
        self.clock = clock or SystemClock()

    def now(self) -> datetime:
        """The engine's present instant, aware, in UTC: what every command and query started now would see."""
        return self.clock.now()

    def run(self, command: Command[R] | Journey[R], once: Once | None = None) -> R:
        """Execute one command in one transaction, and wake the background work.

        `once` (an idempotency key) makes a repetition answer with the kept result; the result must then be plain JSON.
        Raises the errors of `engine.errors`; nothing is kept of a command that raised.
        """
        raise NotImplementedError

    def ask(self, query: Query[R]) -> R:
        """Answer a query from one consistent, read-only snapshot."""
        raise NotImplementedError

    def work(self, until: datetime | None = None) -> int:
        """Do everything that is due, here and now; answers how many timers fired. With `until` the manual or fixed
        clock is moved there, stopping at every due instant in order."""
        raise NotImplementedError

    def start_background(self) -> None:
        """Let timers, messages and jobs run by themselves in this process."""
        raise NotImplementedError

    def stop(self) -> None:
        """Finish what is running and close the database."""
        raise NotImplementedError

    def create_schema(self) -> None:
        """Make all tables in an empty database (tests); an installation uses the migrations."""
        self.store.create_schema()
