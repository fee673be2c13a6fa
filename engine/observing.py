"""What is told of a command when it is over, for logs and figures: never what it was asked or by whom."""

from __future__ import annotations

import sys
import time
from typing import Any

from engine.errors import ZhipingError


class Seen:
    """`seconds` from the call to the answer, waiting for the database included. `outcome`: `ok`, the code of one of our
    errors, else `UNEXPECTED`. `instance_id`: the case it locked, None where it locked none. `job`: key of the job it did."""

    def __init__(self, command: Any) -> None:
        self.command = type(command).__name__
        self.job: str | None = getattr(getattr(command, "job", None), "key", None)
        self.confidential: bool = getattr(command, "confidential", False)  # who asked must stand nowhere
        self.seconds = 0.0
        self.outcome = "ok"
        self.instance_id: str | None = None
        self._began = time.perf_counter()

    def done(self, instance_id: str | None) -> Seen:
        """Called in a `finally`: what is being raised there is the outcome."""
        self.seconds = time.perf_counter() - self._began
        self.instance_id = instance_id
        error = sys.exception()
        if error is not None:
            self.outcome = error.code if isinstance(error, ZhipingError) else "UNEXPECTED"
        return self
