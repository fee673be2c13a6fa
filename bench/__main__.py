"""The table of figures: ours, the floor of the same machine in the same run, their ratio, the target, and the peer.

    python -m bench [ROW…] [--quick] [--no-peer] [--write] [--note "…"]

ROWS    completion  loop  stored  lists  timers  memory  sqlite  feel      (all, where none is named)

Needs two quiet cores and about eight minutes; `--quick` asks less often and takes two. `--write` puts the table into
docs/performance.md. What takes turns is compared: read ratios rather than milliseconds.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass

from bench import fill, peer, table
from bench.completion import completion_rows, loop_row
from bench.inside import feel_row, memory_row
from bench.site import postgres_site, sqlite_site
from bench.stored import stored_row
from bench.table import Row
from bench.waiting import list_rows, timer_rows
from tests.live import ROOT

NOTE = ROOT / "docs" / "performance.md"
ROWS = ("completion", "loop", "stored", "lists", "timers", "memory", "sqlite", "feel")
ON_POSTGRES = frozenset(ROWS) - {"feel", "sqlite"}


@dataclass(frozen=True)
class Size:
    """How often, how many."""

    web: int = 2  # processes
    rounds: int = 200
    warming: int = 20  # cases before anything is timed
    turns: int = 3  # of 8 clients
    loop: int = 1500
    last: int = 100
    stored: int = 300
    waiting: int = 20_000
    list_rounds: int = 100
    instants: int = 20  # of a few timers
    burst: int = 2000  # timers at one instant
    requests: int = 10_000
    feel: int = 2000
    peer: int = 90


QUICK = Size(
    rounds=60,
    warming=12,
    turns=2,
    loop=200,
    last=40,
    stored=200,
    waiting=4000,
    list_rounds=40,
    instants=10,
    burst=400,
    requests=800,
    feel=500,
    peer=31,
)
TINY = Size(
    web=1,
    rounds=2,
    warming=1,
    turns=1,
    loop=12,
    last=4,
    stored=4,
    waiting=20,
    list_rounds=2,
    instants=2,
    burst=5,
    requests=40,
    feel=20,
    peer=3,
)


def measure(rows: Iterable[str], size: Size, *, with_peer: bool, tell: Callable[[str], None]) -> list[Row]:
    """All rows of these names, in the order of `ROWS`."""
    wanted = frozenset(rows)
    made: list[Row] = []

    def add(name: str, some: list[Row]) -> None:
        made.extend(some)
        tell(f"{name}: measured after {time.monotonic() - begun:.0f} s")

    def beside(kind: str) -> str:
        return peer.words(size.peer, kind) if with_peer else "–"

    begun = time.monotonic()
    if wanted & ON_POSTGRES:
        with postgres_site() as site, site.working(), site.serving(size.web) as web:
            if "completion" in wanted:
                add("completion", completion_rows(web, size.rounds, size.warming, size.turns, beside, "PostgreSQL"))
            if "loop" in wanted:
                add("loop", [loop_row(web, size.loop, size.last, beside)])
            if "stored" in wanted:
                add("stored", [stored_row(site, web, size.stored, "PostgreSQL", beside("bytes"))])
            if wanted & {"lists", "timers"}:
                fill.fill(site.engine, size.waiting)
                tell(f"{size.waiting:,} waiting cases: there after {time.monotonic() - begun:.0f} s")
            if "lists" in wanted:
                add("lists", list_rows(site, web, size.waiting, size.list_rounds))
            if "timers" in wanted:
                add("timers", timer_rows(site, size.waiting, size.instants, size.burst))
            if "memory" in wanted:
                with nullcontext(web) if size.web == 1 else site.serving() as alone:
                    add("memory", [memory_row(site, alone, size.requests)])
    if "sqlite" in wanted:
        with sqlite_site() as site, site.serving() as web:
            some = completion_rows(web, size.rounds, size.warming, size.turns, lambda _: "–", "SQLite")
            add("sqlite", [*some, stored_row(site, web, size.stored, "SQLite")])
    if "feel" in wanted:
        add("feel", [feel_row(size.feel)])
    return made


def main() -> int:
    options = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("rows", nargs="*", choices=[*ROWS, []], metavar="ROW")
    options.add_argument("--quick", action="store_true")
    options.add_argument("--no-peer", action="store_true")
    options.add_argument("--write", action="store_true", help=f"put the table into {NOTE.relative_to(ROOT)}")
    options.add_argument("--note", default="", help="a sentence to stand over the table")
    given = options.parse_args()
    where = table.machine()
    began = time.monotonic()
    rows = measure(
        given.rows or ROWS,
        QUICK if given.quick else Size(),
        with_peer=not given.no_peer,
        tell=lambda line: print(line, file=sys.stderr, flush=True),
    )
    where += f"; {'quick run, ' if given.quick else ''}{time.monotonic() - began:.0f} s"
    whole = "\n\n".join(part for part in (given.note, where, table.markdown(rows)) if part)
    print(whole)
    if given.write:
        table.write_between(NOTE, table.BEGIN, table.END, whole)
    return 0


if __name__ == "__main__":
    sys.exit(main())
