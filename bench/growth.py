"""How cost grows with what there already is: waiting cases and their open tasks, the lines of one history, the nodes of one process.

    python -m bench.growth [--counts 1000 5000 20000] [--nodes 10 100 400] [--rounds 60] [--write]

Commands and queries are called in this process, on a private PostgreSQL that syncs to disk; p50 in milliseconds. The floor is
one INSERT with its commit, taken in turns with everything else. `--write` puts the tables into docs/performance.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from itertools import count, pairwise
from typing import Any

from sqlalchemy import func, insert, select, update

from bench import fill, table
from bench.__main__ import NOTE
from bench.completion import AGAIN
from bench.serving import floor_row
from bench.site import CASE, MIX_CASE, Site, median, postgres_site
from bench.stored import size
from engine import history
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.commands.start_instance import StartInstance
from engine.queries.instance_events import InstanceEvents
from engine.queries.work_list import WorkList
from engine.registry import Actor
from engine.store import tables as t
from engine.store.metadata import new_id

BEGIN, END = "<!-- growth: begin, written by `python -m bench.growth --write` -->", "<!-- growth: end -->"
COUNTS = (1000, 5000, 20_000)
NODES = (10, 100, 400)

Work = Callable[[], Any]


def turns(rounds: int, works: dict[str, Work]) -> dict[str, float]:
    """Median milliseconds of each; they take turns, and the first three turns do not count."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 3):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            if number >= 3:
                times[name].append((time.perf_counter() - began) * 1000)
    return {name: median(some) for name, some in times.items()}


def cells(took: dict[str, float]) -> list[str]:
    """Milliseconds of the floor, and of all else with how many floors that is."""
    floor = took["floor"]
    return [f"{ms:.1f}" if name == "floor" else f"{ms:.1f} ({ms / floor:.1f} ×)" for name, ms in took.items()]


class Desk:
    """What one person does, on cases of their own."""

    def __init__(self, site: Site) -> None:
        self.engine = site.engine
        self.me: Actor = site.actor()
        self._task: dict[str, str] = {}

    def floor(self) -> None:
        with self.engine.store.transaction() as connection:
            connection.execute(insert(floor_row).values(id=new_id()))

    def start(self, key: str, variables: dict[str, Any]) -> str:
        return str(self.engine.run(StartInstance(self.me, key=key, variables=variables))["id"])

    def looping(self, key: str, instance: str) -> Work:
        """Complete the one task of an instance that comes back to it for ever."""
        self._task[key] = self.engine.ask(WorkList(self.me, process_instance_id=instance)).items[0].id

        def once() -> None:
            after = self.engine.run(CompleteTask(self._task[key], self.me, AGAIN))
            self._task[key] = after["next_tasks"][0]["id"]

        return once

    def mixed(self) -> Work:
        """One completion of the 12-node process; the next case is begun when one ends (seldom the median)."""
        waiting: list[str] = []

        def once() -> None:
            if not waiting:
                instance = self.start("bench_office_mix", MIX_CASE)
                waiting.append(self.engine.ask(WorkList(self.me, process_instance_id=instance)).items[0].id)
            after = self.engine.run(CompleteTask(waiting.pop(), self.me, {"opinion": "同意"}))
            waiting.extend(task["id"] for task in after["next_tasks"])

        return once


def by_cases(site: Site, counts: Sequence[int], rounds: int) -> str:
    desk = Desk(site)
    lines = []
    waiting = 0
    for wanted in counts:
        fill.fill(site.engine, wanted - waiting)
        waiting = wanted
        clerk = site.actor("hr-u01")
        everywhere = site.actor("bench-hr")
        took = turns(
            rounds,
            {
                "floor": desk.floor,
                "complete": desk.mixed(),
                "start": lambda: desk.start("bench_office_mix", MIX_CASE),
                "own": lambda clerk=clerk: site.engine.ask(WorkList(clerk, max_results=20)),  # type: ignore[misc]
                "all": lambda who=everywhere: site.engine.ask(  # type: ignore[misc]
                    WorkList(who, candidate_group="unit_hr", max_results=20)
                ),
            },
        )
        with site.engine.store.snapshot() as connection:
            rows = connection.scalar(select(func.count()).select_from(t.event))
        megabytes = sum(size(site).values()) / 1e6
        lines.append(
            (f"{wanted:,}", f"{rows:,}", f"{megabytes:.0f} MB", *cells(took)),
        )
    head = (
        "waiting cases",
        "rows of history",
        "database",
        "floor",
        "complete",
        "start",
        "list of one unit",
        "list of all units",
    )
    return table.table(head, lines)


def by_history(site: Site, counts: Sequence[int], rounds: int) -> str:
    """One instance with so many lines behind it, written by the engine's own function."""
    desk = Desk(site)
    lines = []
    for wanted in counts:
        instance = desk.start("bench_one_task", {})
        _lengthen(site, instance, wanted)
        took = turns(
            rounds,
            {
                "floor": desk.floor,
                "complete": desk.looping(f"history {wanted}", instance),
                "first": lambda i=instance: site.engine.ask(InstanceEvents(desk.me, i, max_results=50)),  # type: ignore[misc]
                "last": lambda i=instance: site.engine.ask(  # type: ignore[misc]
                    InstanceEvents(desk.me, i, newest_first=True, max_results=50)
                ),
            },
        )
        lines.append((f"{wanted:,}", *cells(took)))
    return table.table(("lines of its history", "floor", "complete", "first 50 lines", "last 50 lines"), lines)


def _lengthen(site: Site, instance: str, wanted: int) -> None:
    """Completions as the engine writes them, two lines each."""
    row = t.instance.c
    with site.engine.store.transaction() as connection:
        found = connection.execute(select(row.events, row.head).where(row.id == instance)).one()
        head = history.Head(found.events, found.head)
        now = site.engine.now()
        while head.events < wanted:
            task = new_id()
            some = [
                history.Line(kind, "bench", "bench_one_task", "work", "办理", task, {"flow": "back"})
                for kind in ("task.completed", "task.created")
            ]
            head = history.append(connection, instance, head, now, some)
        connection.execute(update(t.instance).where(row.id == instance).values(events=head.events, head=head.hash))


def by_nodes(site: Site, nodes: Sequence[int], rounds: int) -> str:
    """A loop of one task before a line of steps that nobody comes to: what the size of a diagram alone costs."""
    desk = Desk(site)
    lines = []
    for wanted in nodes:
        key = f"bench_nodes_{wanted}"
        site.engine.run(Deploy(files={f"{key}.bpmn": diagram(key, wanted).encode()}, actor=None))
        instance = desk.start(key, CASE)
        works = {
            "floor": desk.floor,
            "complete": desk.looping(key, instance),
            "start": lambda k=key: desk.start(k, CASE),  # type: ignore[misc]
        }
        took = turns(rounds, works)
        lines.append((f"{wanted:,}", *cells(took)))
    return table.table(("nodes", "floor", "complete", "start"), lines)


def diagram(key: str, nodes: int) -> str:
    """A process of so many nodes (5 or more)."""
    serial = count(1)
    steps = [f"step_{next(serial)}" for _ in range(nodes - 4)]
    chain = ["again", *steps, "finish"]
    parts = ['<startEvent id="begin"/>', '<userTask id="work" name="办理"/>']
    parts += ['<exclusiveGateway id="again" name="再来一次？" default="back"/>', '<endEvent id="finish"/>']
    parts += [
        f'<scriptTask id="{step}" name="第 {number} 步" scriptFormat="feel" camunda:resultVariable="done"><script>={number}</script></scriptTask>'
        for number, step in enumerate(steps, 1)
    ]
    parts += [
        '<sequenceFlow id="to_work" sourceRef="begin" targetRef="work"/>',
        '<sequenceFlow id="to_again" sourceRef="work" targetRef="again"/>',
        '<sequenceFlow id="back" sourceRef="again" targetRef="work"/>',
        f'<sequenceFlow id="leave" sourceRef="again" targetRef="{chain[1]}">'
        "<conditionExpression>=finished = true</conditionExpression></sequenceFlow>",
    ]
    parts += [
        f'<sequenceFlow id="from_{one}" sourceRef="{one}" targetRef="{other}"/>' for one, other in pairwise(chain[1:])
    ]
    return (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
        'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="grown" targetNamespace="https://example.org/bench">'
        f'<process id="{key}" name="{nodes} 个节点" isExecutable="true">{"".join(parts)}</process></definitions>'
    )


def measure(counts: Sequence[int], nodes: Sequence[int], rounds: int) -> str:
    with postgres_site() as site:
        history_table = by_history(site, counts, rounds)
        cases_table = by_cases(site, counts, rounds)
        nodes_table = by_nodes(site, nodes, rounds)
    return "\n\n".join(
        [
            "Milliseconds, p50, and how many floors that is; the floor is one INSERT and its commit, in this process, without HTTP.",
            "With the cases that wait, each with an open task, a timer and its history:",
            cases_table,
            "With the lines of the history of the instance that is completed:",
            history_table,
            "With the nodes of the process:",
            nodes_table,
        ]
    )


def main() -> int:
    options = argparse.ArgumentParser(
        prog="python -m bench.growth", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--counts", type=int, nargs="+", default=COUNTS)
    options.add_argument("--nodes", type=int, nargs="+", default=NODES)
    options.add_argument("--rounds", type=int, default=60)
    options.add_argument("--write", action="store_true", help="put the tables into docs/performance.md")
    options.add_argument("--note", default="", help="a sentence to stand over the tables")
    given = options.parse_args()
    where = table.machine()
    whole = "\n\n".join(
        part for part in (given.note, where, measure(sorted(given.counts), sorted(given.nodes), given.rounds)) if part
    )
    print(whole)
    if given.write:
        table.write_between(NOTE, BEGIN, END, whole)
    return 0


if __name__ == "__main__":
    sys.exit(main())
