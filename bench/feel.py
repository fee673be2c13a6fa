"""What FEEL costs: `.venv/bin/python bench/feel.py`. Prints milliseconds per evaluation, first (parsing) and again (median)."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from engine.bpmn.feel import Feel, FeelError
from engine.registry import BoundFunction

NOW = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)


def deadline(start: str, n: int) -> str:
    return f"{start[:8]}{int(start[8:10]) + n:02}T00:00:00+08:00"


FUNCTIONS = {"workday_deadline": BoundFunction(deadline, "date and time")}
VARIABLES: dict[str, Any] = {"votes": 7, "state": "open", "d": "2026-06-02", "rest": ["x" * 100] * 10_000}


def timed(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def main() -> None:
    feel = Feel()
    print(f"{'first context of a thread':60} {timed(lambda: feel.evaluate('1', {}, {}, NOW)):8.2f} ms")
    for expression in (
        "votes >= 6",
        'state = "open" and votes >= 6 and date(d) > today()',
        "workday_deadline(now(), 5) > now()",
        "count(for n in 1..100 return n * n)",
    ):
        first = timed(lambda e=expression: feel.evaluate(e, VARIABLES, FUNCTIONS, NOW))
        again = statistics.median(
            timed(lambda e=expression: feel.evaluate(e, VARIABLES, FUNCTIONS, NOW)) for _ in range(500)
        )
        print(f"{expression:60} {first:8.2f} ms {again:8.3f} ms")
    for bomb in ("for i in 1..1000000000 return i", 'matches("' + "a" * 40 + 'b", "^(a+)+$")'):
        try:
            began = time.perf_counter()
            feel.evaluate(bomb, {}, {}, NOW)
        except FeelError as error:
            print(f"{bomb[:60]:60} {(time.perf_counter() - began) * 1000:8.2f} ms {error.facts['reason']}")


if __name__ == "__main__":
    main()
