"""Twenty thousand cases that wait: the work list over them, and the timers that fire among them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from sqlalchemy import text

from bench import fill
from bench.site import Site, Web, median, percentile
from bench.table import Row

GROUP = "unit_hr"
TITLE = "副研究馆员"
LATE = "catch_up"  # the task that a fired timer opens
EACH = 5  # timers at each of the instants with few
SOON = 4.0  # seconds
TRIES = 3
RATE = 200  # timers a second: 2,000 in ten
PATIENCE = 120.0  # seconds until all must have fired


def list_row(site: Site, web: Web, cases: int, rounds: int, path: str, words: str, username: str) -> Row:
    """A page of the list as a browser asks for it, by session; a floor takes turns with it."""
    client = web.client(cookie=site.cookie(username, fill.PASSWORD))
    poster = web.client()
    for _ in range(5):
        poster.floor()
        if b"/tasks/" not in client.get(path).body:
            raise RuntimeError(f"{path} shows no task")
    times: list[float] = []
    floor: list[float] = []
    statements = 0
    for _ in range(rounds):
        floor.append(poster.floor().ms)
        answer = client.get(path)
        times.append(answer.ms)
        statements = max(statements, answer.statements)
    client.close()
    poster.close()
    worst, least = percentile(times, 0.95), percentile(floor, 0.95)
    return Row(
        f"{words}, {cases:,} open tasks, p95 (p50 {median(times):.0f} ms)",
        f"{worst:.1f} ms, {statements} statements",
        f"{least:.1f} ms",
        f"{worst / least:.2f}",
        "≤ 50 ms and ≤ 5",
        worst <= 50 and statements <= 5,
    )


def list_rows(site: Site, web: Web, cases: int, rounds: int) -> list[Row]:
    """The plain page of one unit; all three filters for who works for every unit, and for who may see everything."""
    soon = f"{datetime.now(UTC) + timedelta(days=20):%Y-%m-%d}"
    filters = f"group={GROUP}&due={soon}&by=target_title&value={quote(TITLE)}"
    return [
        list_row(site, web, cases, rounds, path, words, username)
        for path, words, username in (
            ("/work", "work list page of one unit", "hr-u01"),
            (f"/work?show=mine&{filters}", "work list page, three filters, all units", "bench-hr"),
            (f"/work?show=all&{filters}", "work list page, three filters, everything", "bench-owner"),
        )
    ]


def timer_rows(site: Site, cases: int, instants: int, burst: int) -> list[Row]:
    """The worker runs. A few timers at each of so many instants, then very many at one, among `cases` that wait."""
    due: dict[str, datetime] = {}
    for _ in range(instants):
        due |= _due(site, EACH, timedelta(seconds=SOON))
    at_once = _due(site, burst, timedelta(seconds=SOON + min(burst, fill.PATTERNS) / 8 + burst / 100))
    due |= at_once
    committed = _committed(site, due)
    seconds = {case: (at - due[case]).total_seconds() for case, at in committed.items()}
    lateness = [late for case, late in seconds.items() if case not in at_once]
    drained = max(late for case, late in seconds.items() if case in at_once)
    late = percentile(lateness, 0.99)
    return [
        Row(
            f"timers: lateness p99, {cases:,} waiting (p50 {median(lateness):.2f} s, until committed)",
            f"{late:.2f} s",
            target="≤ 1 s",
            met=late <= 1,
        ),
        Row(
            f"timers: {burst:,} due at one instant, drained",
            f"{drained:.1f} s ({burst / drained:.0f}/s)",
            target="≤ 10 s for 2,000 (200/s)",
            met=burst / drained >= RATE,
        ),
    ]


def _due(site: Site, cases: int, ahead: timedelta) -> dict[str, datetime]:
    """So many cases more, all due at one instant to come: later where this machine is slower than it was thought."""
    for _ in range(TRIES):
        instant = datetime.now(UTC) + ahead
        made = fill.fill(site.engine, cases, due_at=instant)
        if datetime.now(UTC) < instant:
            return dict.fromkeys(made, instant)
        ahead *= 2
    raise RuntimeError(
        f"{cases} cases took longer than {ahead.total_seconds() / 2:.0f} s to make: they were due meanwhile"
    )


def _committed(site: Site, due: dict[str, datetime]) -> dict[str, datetime]:
    """When the step of each timer was committed, as the database says, once all have fired."""
    until = time.monotonic() + (max(due.values()) - datetime.now(UTC)).total_seconds() + PATIENCE
    statement = text("SELECT instance_id, pg_xact_commit_timestamp(xmin) FROM task WHERE element_id = :late")
    waiting = len(due)
    while time.monotonic() < until:
        with site.engine.store.snapshot() as connection:
            found = {str(case): at for case, at in connection.execute(statement, {"late": LATE})}
        waiting = len(due.keys() - found.keys())
        if not waiting:
            return {case: found[case] for case in due}
        time.sleep(0.5)
    raise RuntimeError(f"{waiting} of {len(due)} timers had not fired {PATIENCE:.0f} seconds after the last was due")
