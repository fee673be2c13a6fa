"""Places where a test may kill this process: `FAULT=before_commit:3` kills it as it passes `before_commit` for the third time.

    point                         where it stands
    before_load, after_load       a saved state is read and verified; the active release; a voter's place on the roll
    before_run, after_run         a process runs to its next wait state; a release is checked
    before_outbox, after_outbox   messages, starts and effects are written beside the step that wants them
    before_save, after_save       rows, state and history are written; a release; a ballot
    before_commit, after_commit   every write transaction there is
    before_send, after_send       an effect leaves the program
    before_ack                    a job's row is about to be deleted, in the transaction that has done it

Killed means SIGKILL: nothing is rolled back, closed or told. Where nothing is armed a point costs one comparison.
`zhiping check` reports an armed process.
"""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass, field

VARIABLE = "FAULT"
NAMES = (
    "before_load",
    "after_load",
    "before_run",
    "after_run",
    "before_outbox",
    "after_outbox",
    "before_save",
    "after_save",
    "before_commit",
    "after_commit",
    "before_send",
    "after_send",
    "before_ack",
)


@dataclass
class Fault:
    """Kills at the `left`-th pass of the point `name` from now."""

    name: str
    left: int
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def read(cls, text: str) -> Fault:
        """From `name:n`; n is 1 where it is left out. Raises ValueError: a fault that never strikes would prove nothing."""
        name, _, count = text.partition(":")
        if name not in NAMES or not (count or "1").isdecimal() or int(count or "1") < 1:
            raise ValueError(f"{VARIABLE}={text!r}: give one of {', '.join(NAMES)}, a colon and a count from 1")
        return cls(name, int(count or "1"))

    def passed(self, name: str) -> None:
        if name != self.name:
            return
        with self._lock:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


_armed: Fault | None = Fault.read(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None


def point(name: str) -> None:
    """This process may end here."""
    if _armed is not None:
        _armed.passed(name)


def arm(text: str) -> None:
    """As if the process had been started with `FAULT=<text>`: for a child that a test forks. Raises ValueError."""
    global _armed
    _armed = Fault.read(text)


def armed() -> bool:
    return _armed is not None
