"""Put many waiting cases into a database, quickly: each with an open task, a timer, variables and a history that verifies.

    python -m bench.fill postgresql+psycopg://… [--cases 20000] [--due-at 2026-07-01T12:00:00+08:00] [--check]

The database has its tables already (`zhiping db upgrade`); the secret is that of the server that will read it
(`ZHIPING_SECRET_KEY` or `ZHIPING_DATA_DIR`).

A few cases are started and moved by the engine itself; all others are copies of their rows under new ids: the state is
signed anew, and the history is written by the engine's own function, line by line. So every invariant holds (`--check`
asks them all), and a copy costs a hundredth of a start. Afterwards the database's statistics are fresh.

    cases    20 units (`unit:u01` … `unit:u20`), due from 30 days ago to 60 days ahead
    people   one per unit (`hr-u01` …: unit_hr of that unit), `bench-owner` (process_owner), `bench-admin` (admin), `bench-hr`
             (unit_hr everywhere), all with the password of `PASSWORD`
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import zstandard
from sqlalchemy import Connection, Table, func, insert, select, text

from engine import history, invariants
from engine.commands.case import state_mac
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.commands.start_instance import StartInstance
from engine.config import Settings
from engine.engine import Engine
from engine.history import Head, Line
from engine.identity import people as accounts
from engine.identity.accounts import CreateAccount
from engine.identity.passwords import make_hash
from engine.identity.tables import account
from engine.queries.work_list import WorkList
from engine.registry import Actor, Membership
from engine.store import tables as t
from engine.store.metadata import metadata, new_id
from processes import office

PASSWORD = "bench-zhiping-2026"
KEY = "bench_filled"
HERE = Path(__file__).parent
UNITS = tuple(f"u{number:02}" for number in range(1, 21))
STATE_HEADER = 3  # bytes of a saved state before what is packed
BATCH = 1000
PATTERNS = 4 * len(UNITS)  # cases that the engine itself moves; all others are copies of these

# Tables with rows of one case, in the order in which they can be filled; histories are written apart.
PARTS: tuple[tuple[Table, Any], ...] = (
    (t.instance, t.instance.c.id),
    *(
        (table, table.c.instance_id)
        for table in metadata.sorted_tables
        if table.name.startswith(("instance_", "task", "timer")) and "instance_id" in table.c
    ),
)


@dataclass
class Pattern:
    """One case as the engine left it."""

    id: str
    rows: dict[Table, list[dict[str, Any]]]
    lines: list[tuple[datetime, Line]]
    ids: tuple[str, ...]  # of everything in it that is its own


@dataclass
class _Sheet:
    """Stands where a connection is written to, and keeps what is written."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def execute(self, _statement: Any, given: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
        self.rows += (dict(row) for row in ([given] if isinstance(given, Mapping) else given))


def people(engine: Engine) -> dict[str, Actor]:
    """The accounts of the bench, made where they are missing."""
    hashed = make_hash(PASSWORD, username="-")
    wanted = {
        "bench-owner": Membership("process_owner"),
        "bench-admin": Membership("admin"),
        "bench-hr": Membership("unit_hr"),
        **{f"hr-{unit}": Membership("unit_hr", f"unit:{unit}") for unit in UNITS},
    }
    for username, membership in wanted.items():
        with engine.store.snapshot() as connection:
            known = connection.scalar(select(account.c.id).where(account.c.username == username))
        if known is None:
            engine.run(CreateAccount(username, username, None, (membership,), password_hash=hashed))
    with engine.store.snapshot() as connection:
        return {username: accounts.actor(connection, username) for username in wanted}


def fill(engine: Engine, cases: int, *, due_at: datetime | None = None) -> list[str]:
    """Add `cases` waiting cases; answers their ids. `due_at`: the instant of every timer; None spreads them over months."""
    owner = people(engine)["bench-owner"]
    with engine.store.snapshot() as connection:
        known = connection.scalar(select(t.definition.c.id).where(t.definition.c.key == KEY))
    if known is None:
        engine.run(Deploy(files={"filled.bpmn": (HERE / "filled.bpmn").read_bytes()}, actor=None))
    count = min(cases, PATTERNS)
    patterns = [_pattern(engine, owner, number, count, due_at) for number in range(count)]
    made = [pattern.id for pattern in patterns]
    key = engine.settings.key_for("state")
    for start in range(count, cases, BATCH):
        some = [patterns[number % count] for number in range(start, min(start + BATCH, cases))]
        with engine.store.transaction() as connection:
            made += _copy(connection, some, key, serial=start)
    with engine.store.transaction() as connection:
        connection.execute(text("ANALYZE"))
    return made


def _pattern(engine: Engine, owner: Actor, number: int, of: int, due_at: datetime | None) -> Pattern:
    """Started, handed in, and now waiting at a unit."""
    now = engine.now()
    due = now + timedelta(days=90 * number / of - 30)
    variables = {
        "applicant": owner.username,
        "unit_code": UNITS[number % len(UNITS)],
        "target_title": ("馆员", "副研究馆员", "研究馆员")[number % 3],
        "due_at": due.isoformat(),
        "fires_at": (due_at or now + timedelta(days=61 + number / 24)).isoformat(),
        "remarks": "材料齐全，按通知要求办理。" * 5,
        "scores": {f"item_{each}": each * 7 % 100 for each in range(20)},
    }
    lines: list[tuple[datetime, Line]] = []
    append = history.append

    def noted(connection: Connection, stream: str, head: Head, at: datetime, some: Sequence[Line]) -> Head:
        if stream != history.OFFICE:
            lines.extend((at, line) for line in some)
        return append(connection, stream, head, at, some)

    history.append = noted
    try:
        started = engine.run(StartInstance(owner, key=KEY, variables=variables, business_key=f"2026-{number:05}"))["id"]
        task = engine.ask(WorkList(owner, process_instance_id=started)).items[0]
        engine.run(CompleteTask(task.id, owner, {}))
    finally:
        history.append = append
    with engine.store.snapshot() as connection:
        rows = {table: _rows(connection, table, column == started) for table, column in PARTS}
        tasks = [row["id"] for row in rows[t.task]]
        rows[t.task_candidate] = _rows(connection, t.task_candidate, t.task_candidate.c.task_id.in_(tasks))
    state = rows[t.instance_state][0]
    inside = {str(part) for part in re.findall(r'"([0-9a-f]{32})"', _unfold(state["blob"]).decode())}
    own = {started, *inside, *(row["id"] for row in rows[t.task] + rows[t.timer])}
    return Pattern(started, rows, lines, tuple(sorted(own, key=len)))


def _rows(connection: Connection, table: Table, mine: Any) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in connection.execute(select(table).where(mine))]


def _unfold(blob: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(blob[STATE_HEADER:], max_output_size=64_000_000)


def _copy(connection: Connection, patterns: list[Pattern], key: bytes, *, serial: int) -> list[str]:
    """One more case of each pattern."""
    written: dict[Table, list[dict[str, Any]]] = {}
    sheet = _Sheet()
    made = []
    for number, pattern in enumerate(patterns):
        new = _Renaming(pattern.ids)
        case_id = new(pattern.id)
        head = Head()
        for at, some in _by_instant(pattern.lines):
            head = history.append(sheet, case_id, head, at, [new.line(line) for line in some])  # type: ignore[arg-type]
        for table, rows in pattern.rows.items():
            for row in rows:
                copy = {name: new(value) for name, value in row.items()}
                if table is t.instance:
                    copy |= {"business_key": f"2026-{serial + number:05}", "events": head.events, "head": head.hash}
                elif table is t.instance_state:
                    blob = new.state(row["blob"])
                    instance = pattern.rows[t.instance][0]
                    mac = state_mac(key, case_id, instance["deployment_id"], instance["revision"], blob)
                    copy |= {"blob": blob, "mac": mac}
                written.setdefault(table, []).append(copy)
        made.append(case_id)
    for table, copies in written.items():
        connection.execute(insert(table), copies)
    connection.execute(insert(t.event), sheet.rows)
    return made


def _by_instant(lines: list[tuple[datetime, Line]]) -> Iterator[tuple[datetime, list[Line]]]:
    for at in dict.fromkeys(at for at, _ in lines):
        yield at, [line for other, line in lines if other == at]


class _Renaming:
    """New ids for old ones, wherever they stand: with and without dashes."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._new: dict[str, str] = {}
        for one in ids:
            plain = one.replace("-", "")
            if plain not in self._new:
                fresh = new_id()
                self._new[plain] = fresh.replace("-", "")
                self._new[_dashed(plain)] = fresh
        self._bytes = {old.encode(): new.encode() for old, new in self._new.items()}

    def __call__(self, value: Any) -> Any:
        return self._new.get(value, value) if isinstance(value, str) else value

    def line(self, line: Line) -> Line:
        return Line(**{**line.__dict__, "task_id": self(line.task_id)})

    def state(self, blob: bytes) -> bytes:
        body = _unfold(blob)
        for old, new in self._bytes.items():
            body = body.replace(old, new)
        return blob[:STATE_HEADER] + zstandard.ZstdCompressor(level=1).compress(body)


def _dashed(plain: str) -> str:
    return f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("database_url")
    options.add_argument("--cases", type=int, default=20_000)
    options.add_argument("--due-at", type=datetime.fromisoformat, default=None)
    options.add_argument("--check", action="store_true")
    given = options.parse_args()
    settings = Settings.from_environment(given={"database_url": given.database_url})
    engine = Engine(settings, office.registry())
    started = time.perf_counter()
    made = fill(engine, given.cases, due_at=given.due_at)
    print(f"{len(made)} cases in {time.perf_counter() - started:.1f} s")
    with engine.store.snapshot() as connection:
        print(f"{connection.scalar(select(func.count()).select_from(t.event))} lines of history")
        if given.check:
            print("\n".join(invariants.check(connection, engine)) or "every invariant holds")
    engine.stop()


if __name__ == "__main__":
    main()
