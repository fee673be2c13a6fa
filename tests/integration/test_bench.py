"""The bench runs, with counts too small to tell anything, and its tables have every row."""

from __future__ import annotations

import re

from bench import growth, table
from bench.__main__ import ROWS, TINY, measure

WORK = (
    r"PostgreSQL: one task completed, 12 nodes, p50",
    r"PostgreSQL: completions of 8 clients",
    r"PostgreSQL: statements and commits of one completion, most",
    r"PostgreSQL: start of an instance, p50",
    r"PostgreSQL: 40 nodes, 25 votes, p50, beside 12 nodes",
    r"loop of 12 rounds: last 4 beside first 4",
    r"PostgreSQL: bytes stored per finished case of 12 nodes",
    r"work list page of one unit, 20 open tasks, p95 .*",
    r"work list page, three filters, all units, 20 open tasks, p95 .*",
    r"work list page, three filters, everything, 20 open tasks, p95 .*",
    r"timers: lateness p99, 20 waiting .*",
    r"timers: 5 due at one instant, drained",
    r"memory of a web process after 40 requests",
    r"SQLite: one task completed, 12 nodes, p50",
    r"SQLite: completions of 8 clients",
    r"SQLite: statements and commits of one completion, most",
    r"SQLite: start of an instance, p50",
    r"SQLite: 40 nodes, 25 votes, p50, beside 12 nodes",
    r"SQLite: bytes stored per finished case of 12 nodes",
    r"one FEEL evaluation already seen .*",
)


def test_every_row_is_measured() -> None:
    rows = measure(ROWS, TINY, with_peer=False, tell=lambda _line: None)
    assert len(rows) == len(WORK)
    for row, work in zip(rows, WORK, strict=True):
        assert re.fullmatch(work, row.name), row.name
        assert row.target != "–"
        assert row.met is not None
    commits = {row.name: row.ours for row in rows if "commits" in row.name}
    assert all(ours.endswith(" and 1") for ours in commits.values()), commits
    assert len(table.markdown(rows).splitlines()) == 2 + len(WORK)


def test_a_diagram_of_any_size_is_made() -> None:
    text = growth.diagram("grown", 40)
    assert len(re.findall(r"<(?:startEvent|userTask|exclusiveGateway|endEvent|scriptTask) ", text)) == 40
