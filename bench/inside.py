"""What can be seen from inside a process: its memory after many requests, and what an expression costs."""

from __future__ import annotations

import time

from bench.completion import OPINION
from bench.feel import NOW, VARIABLES
from bench.site import MIX_CASE, Case, Site, Web, median, resident_mb, together
from bench.table import Row
from engine.bpmn.feel import Feel

CLIENTS = 4
MOST_MB = 120
MOST_MS = 0.1
EXPRESSION = "votes >= 6"


def memory_row(site: Site, web: Web, requests: int) -> Row:
    """`web` is one process and answers them all: pages, lists, starts and completions."""
    (pid,) = web.children()
    _mixed(web, site, 40)
    begun = resident_mb(pid)
    _mixed(web, site, requests)
    (still,) = web.children()
    grown = resident_mb(still)
    if still != pid:
        raise RuntimeError("the web process was replaced while it was measured")
    return Row(
        f"memory of a web process after {requests:,} requests",
        f"{grown:.0f} MB",
        f"{begun:.0f} MB (after 40)",
        f"{grown / begun:.2f}",
        f"≤ {MOST_MB} MB",
        grown <= MOST_MB,
    )


def _mixed(web: Web, site: Site, requests: int) -> None:
    cookie = site.cookie()

    def some(_number: int) -> int:
        client, browser = web.client(), web.client(cookie=cookie)
        done = 0
        while done < requests // CLIENTS:
            case = Case(client, "bench_office_mix", MIX_CASE)  # two requests
            done += 2
            while case.open:
                browser.get(f"/tasks/{case.open[0]}")
                case.step(OPINION)
                browser.get("/work")
                client.get("/api/v1/tasks?maxResults=20")
                done += 4
        client.close()
        browser.close()
        return done

    together(CLIENTS, some)


def feel_row(rounds: int) -> Row:
    """An expression that this thread has parsed before, on variables with a long list beside."""
    feel = Feel()
    feel.evaluate(EXPRESSION, VARIABLES, {}, NOW)
    times: list[float] = []
    floor: list[float] = []
    known = {"votes": 7}
    for _ in range(rounds):
        began = time.perf_counter()
        feel.evaluate(EXPRESSION, VARIABLES, {}, NOW)
        between = time.perf_counter()
        known["votes"] >= 6  # noqa: B015 - the same question asked of Python
        times.append((between - began) * 1000)
        floor.append((time.perf_counter() - between) * 1000)
    ours = median(times)
    return Row(
        f"one FEEL evaluation already seen ({EXPRESSION})",
        f"{ours:.3f} ms",
        f"{median(floor):.4f} ms",
        target=f"≤ {MOST_MS} ms",
        met=ours <= MOST_MS,
    )
