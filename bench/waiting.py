"""Twenty thousand cases that wait: the work list over them, and the timers that fire among them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from sqlalchemy import func, select, text

from bench import fill
from bench.site import Site, Web, median, percentile
from bench.table import Row
from engine.store import tables as t

GROUP = "unit_hr"
TITLE = "副研究馆员"
LATE = "catch_up"  # the task that a fired timer opens
TRICKLE = 20  # instants, half a second apart, each with a few timers
EACH = 5
PATIENCE = 120.0  # seconds until all must have fired
AHEAD = 20.0  # seconds from the filling to the first of them, at least


def list_row(site: Site, web: Web, cases: int, rounds: int, path: str, words: str, username: str) -> Row:
    """A page of the list as a browser asks for it, by session; a floor takes turns with it."""
    client = web.client(cookie=site.cookie(username, fill.PASSWORD))
    poster = web.client()
    for _ in range(5):
        client.get(path)
        poster.floor()
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


def list_rows(site: Site, cases: int, rounds: int) -> list[Row]:
    soon = f"{datetime.now(UTC) + timedelta(days=20):%Y-%m-%d}"
    filters = f"group={GROUP}&due_before={soon}&variable=target_title&value={quote(TITLE)}"
    with site.serving() as web:
        return [
            list_row(site, web, cases, rounds, "/work", "work list page of one unit", "hr-u01"),
            list_row(
                site, web, cases, rounds, f"/work?show=all&{filters}", "work list page, three filters", "bench-hr"
            ),
        ]


def timer_rows(site: Site, cases: int, burst: int) -> list[Row]:
    """A few timers every half second, then very many at one instant, among `cases` that wait."""
    first = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=AHEAD + burst / 100)
    trickle = [first + timedelta(seconds=number / 2) for number in range(TRICKLE)]
    at_once = trickle[-1] + timedelta(seconds=5)
    due: dict[str, datetime] = {}
    for instant in trickle:
        due |= dict.fromkeys(fill.fill(site.engine, EACH, due_at=instant), instant)
    due |= dict.fromkeys(fill.fill(site.engine, burst, due_at=at_once), at_once)
    if datetime.now(UTC) >= first:
        raise RuntimeError("filling took longer than expected: the first timers were due before it was done")
    with site.working():
        committed = _committed(site, due, at_once)
    seconds = {case: (at - due[case]).total_seconds() for case, at in committed.items()}
    lateness = [late for case, late in seconds.items() if due[case] < at_once]
    drained = max(late for case, late in seconds.items() if due[case] == at_once)
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
            target="≤ 10 s for 2,000",
            met=drained <= 10 * max(1.0, burst / 2000),
        ),
    ]


def _committed(site: Site, due: dict[str, datetime], last: datetime) -> dict[str, datetime]:
    """When the step of each timer was committed, as the database says, once all have fired."""
    until = time.monotonic() + (last - datetime.now(UTC)).total_seconds() + PATIENCE
    while time.monotonic() < until:
        with site.engine.store.snapshot() as connection:
            fired = connection.scalar(select(func.count()).select_from(t.task).where(t.task.c.element_id == LATE))
        if fired == len(due):
            statement = text("SELECT instance_id, pg_xact_commit_timestamp(xmin) FROM task WHERE element_id = :late")
            with site.engine.store.snapshot() as connection:
                return {str(case): at for case, at in connection.execute(statement, {"late": LATE})}
        time.sleep(0.5)
    raise RuntimeError(f"{fired} of {len(due)} timers had fired {PATIENCE:.0f} seconds after the last was due")
