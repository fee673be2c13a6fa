"""Completions and starts over HTTP beside the floor, which takes turns with them: whatever else the machine does meets all alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle, islice

from bench.site import CASE, MIX_CASE, Case, Client, Web, median, together
from bench.table import Row, ratio_row

OPINION = {"opinion": "同意", "score": 85}
BALLOT = {"ballot": "yes"}
AGAIN = {"finished": False}


@dataclass
class Times:
    """Milliseconds of one client, taking turns."""

    floor: list[float] = field(default_factory=list)
    completion: list[float] = field(default_factory=list)
    votes: list[float] = field(default_factory=list)
    start: list[float] = field(default_factory=list)
    most_statements: int = 0
    commits: set[int] = field(default_factory=set)


def cases(client: Client, key: str, variables: dict[str, object], times: Times, floor: Client) -> Iterator[Case]:
    """Cases for ever, each start timed beside a floor."""
    while True:
        times.floor.append(floor.floor().ms)
        case = Case(client, key, variables)
        times.start.append(case.started.ms)
        yield case


def steps(source: Iterator[Case], variables: Mapping[str, object]) -> Iterator[tuple[float, int, int]]:
    for case in source:
        while case.open:
            answer = case.step(variables)
            yield answer.ms, answer.statements, answer.commits


def turns(web: Web, rounds: int, warming: int) -> Times:
    """`rounds` times: a floor, a completion of the 12-node process, a completion of the 40-node process."""
    client = web.client()
    warm(web, warming)
    times, other = Times(), Times()
    small = steps(cases(client, "bench_office_mix", MIX_CASE, times, client), OPINION)
    large = steps(cases(client, "bench_votes", CASE, other, client), BALLOT)
    for _ in range(rounds):
        times.floor.append(client.floor().ms)
        taken, statements, commits = next(small)
        times.completion.append(taken)
        times.most_statements = max(times.most_statements, statements)
        times.commits.add(commits)
        times.votes.append(next(large)[0])
    client.close()
    return times


def warm(web: Web, cases: int) -> None:
    """So many cases before anything is timed, each over a connection of its own, which goes to whichever process takes it:
    all have imported, parsed and connected then."""
    for number in range(cases):
        client = web.client()
        client.floor()
        case = Case(client, *(("bench_votes", CASE) if number % 4 == 0 else ("bench_office_mix", MIX_CASE)))
        while case.open:
            case.step(OPINION | BALLOT)
        client.close()


def rates(web: Web, clients: int, each: int, turns: int) -> tuple[float, float]:
    """Completions per second and floors per second, of so many clients on instances of their own: medians of some turns."""
    floor: list[float] = []
    ours: list[float] = []
    for _ in range(turns):
        floor.append(together(clients, lambda _: _floors(web, each)))
        begun = [_begun(web, -(-each // 3)) for _ in range(clients)]
        ours.append(together(clients, lambda number: _completions(web, begun[number], each)))  # noqa: B023
    return median(ours), median(floor)


def _floors(web: Web, each: int) -> int:
    client = web.client()
    for _ in range(each):
        client.floor()
    client.close()
    return each


def _begun(web: Web, count: int) -> list[Case]:
    client = web.client()
    made = [Case(client, "bench_office_mix", MIX_CASE) for _ in range(count)]
    client.close()
    return made


def _completions(web: Web, begun: list[Case], each: int) -> int:
    """The cases were started before the clock ran; one connection does all of them in turn."""
    client = web.client()
    for case in islice(cycle(begun), each):
        case.client = client
        case.step(OPINION)
    client.close()
    return each


def completion_rows(
    web: Web, rounds: int, warming: int, rate_turns: int, peer: Callable[[str], str], name: str
) -> list[Row]:
    times = turns(web, rounds, warming)
    floor, ours, votes = median(times.floor), median(times.completion), median(times.votes)
    ours_rate, floor_rate = rates(web, 8, max(1, rounds // 6), rate_turns)
    commits = max(times.commits)
    part = ours_rate / floor_rate
    return [
        ratio_row(f"{name}: one task completed, 12 nodes, p50", ours, floor, 4, peer=peer("completion")),
        Row(
            f"{name}: completions of 8 clients",
            f"{ours_rate:.0f}/s",
            f"{floor_rate:.0f}/s",
            f"{part:.2f}",
            "≥ 0.25 ×",
            part >= 0.25,
        ),
        Row(
            f"{name}: statements and commits of one completion, most",
            f"{times.most_statements} and {commits}",
            target="≤ 12 and 1",
            met=times.most_statements <= 12 and times.commits == {1},
        ),
        ratio_row(f"{name}: start of an instance, p50", median(times.start), floor, 5, peer=peer("start")),
        Row(
            f"{name}: 40 nodes, 25 votes, p50, beside 12 nodes",
            f"{votes:.1f} ms",
            f"{ours:.1f} ms (12 nodes)",
            f"{votes / ours:.2f}",
            "≤ 1.5 ×",
            votes / ours <= 1.5,
            peer("votes"),
        ),
    ]


def loop_row(web: Web, rounds: int, last: int, peer: Callable[[str], str]) -> Row:
    """An instance that has gone round often, beside one that begins: they take turns, over one connection."""
    client = web.client()
    old = Case(client, "bench_one_task", {})
    for _ in range(rounds - last):
        old.step(AGAIN)
    young = Case(client, "bench_one_task", {})
    aged: list[float] = []
    fresh: list[float] = []
    for _ in range(last):
        aged.append(old.step(AGAIN).ms)
        fresh.append(young.step(AGAIN).ms)
    client.close()
    ratio = median(aged) / median(fresh)
    return Row(
        f"loop of {rounds:,} rounds: last {last} beside first {last}",
        f"{median(aged):.1f} ms",
        f"{median(fresh):.1f} ms (first)",
        f"{ratio:.2f}",
        "≤ 1.2 ×",
        ratio <= 1.2,
        peer("loop"),
    )
