"""How long a person's request waits for a database that is slow or silent, and how many requests may do so at once.

A request (`request()`, begun by the web) waits LONGEST seconds in all and is then answered 503. No more than PLACES are at the
database at once, so that a thread is left for what needs no database. Where the database has said nothing for STALLED seconds
to SEVERAL who wait, or where somebody has waited IN_LINE seconds for a place, whoever comes then is answered at once, so that
none pile up. What is no request (the command line, the background work) waits as long as it takes.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from engine.errors import Busy
from forms.i18n import T

LONGEST = 4.5  # seconds; with what the request does itself it is answered within five
STALLED = 1.0
IN_LINE = 2.0  # what a place is worth waiting for: enough is left then to be answered in time
SEVERAL = 3  # one or two may wait for somebody who holds their row
PLACES = 6  # of the threads of a process
LOOK = 0.1


class Request:
    """One request: what is left of its patience in seconds, and whether it has its place already."""

    def __init__(self) -> None:
        self.left = LONGEST
        self.inside = False


_request: ContextVar[Request | None] = ContextVar("request", default=None)


def request() -> None:
    """From now on this thread works for a new request."""
    _request.set(Request())


def no_request() -> None:
    """What this thread does now may take its time."""
    _request.set(None)


@contextmanager
def unhurried() -> Iterator[None]:
    """Something that needs many transactions, although a request asked for it."""
    token = _request.set(None)
    try:
        yield
    finally:
        _request.reset(token)


def left() -> float | None:
    """Seconds this request may still wait, perhaps none; None where nobody waits for an answer."""
    now = _request.get()
    return None if now is None else max(now.left, 0.0)


class Places:
    """Handed on in the order in which people came. With a semaphore whoever comes just then takes the place before who waits
    for it has woken up: under full load some waited for seconds while the others were served hundreds of times."""

    def __init__(self, free: int) -> None:
        self._free = free
        self._line: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    def queue_up(self) -> threading.Event:
        """Set as soon as the place is yours; `leave` it either way."""
        turn = threading.Event()
        with self._lock:
            if self._free:
                self._free -= 1
                turn.set()
            else:
                self._line.append(turn)
        return turn

    def leave(self, turn: threading.Event) -> None:
        with self._lock:
            if not turn.is_set():
                self._line.remove(turn)
            elif self._line:
                self._line.popleft().set()
            else:
                self._free += 1


class Gate:
    """In front of one database, in one process."""

    def __init__(self) -> None:
        self._places = Places(PLACES)
        self._waiting: dict[Request, float] = {}  # who waits for an answer, and since when
        self._answered = 0.0  # when the last of them got one
        self._crowded = False  # somebody waited for a place in vain, and nobody has found one free since

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place at the database, for a request. Raises Busy while the database does not answer those who have one."""
        mine = _request.get()
        if mine is None or mine.inside:
            yield
            return
        turn = self._places.queue_up()
        began = time.monotonic()
        try:
            self._await(turn)
            mine.left -= time.monotonic() - began
            mine.inside = True
            yield
        finally:
            mine.inside = False
            self._places.leave(turn)

    @contextmanager
    def waiting(self) -> Iterator[float | None]:
        """Around each wait for an answer; gives the seconds it may take, 0 where none are left, None without a limit."""
        mine = _request.get()
        if mine is None or mine in self._waiting:
            yield left()
            return
        began = self._waiting[mine] = time.monotonic()
        try:
            yield left()
            self._answered = time.monotonic()
        finally:
            del self._waiting[mine]
            mine.left -= time.monotonic() - began

    def _await(self, turn: threading.Event) -> None:
        began = time.monotonic()
        while not self._stalled():
            if turn.wait(0 if self._crowded else LOOK):
                self._crowded = False
                return
            waited = time.monotonic() - began
            if self._crowded or waited > IN_LINE:
                self._crowded = True
                break
        raise Busy(T("系统正忙，请稍后再试。"))

    def _stalled(self) -> bool:
        before = time.monotonic() - STALLED
        return self._answered < before and sum(began < before for began in list(self._waiting.values())) >= SEVERAL
