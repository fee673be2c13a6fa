"""The tests of a release, played before the transaction that keeps or activates it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.commands.check_release import check_release
from engine.commands.contents import Content, Place
from engine.commands.release_rows import fingerprint
from engine.errors import Busy, Conflict, Problem
from engine.scenarios.choosing import concerned
from engine.scenarios.play import Outcome, not_played, play
from engine.scenarios.sandbox import Workshop
from engine.store import patience
from forms.i18n import T

if TYPE_CHECKING:
    from engine.registry import Registry
    from engine.scenarios.script import Scenario

SECONDS = 240.0  # processor time of all tests of one release together
PATIENCE = 5.0  # seconds to wait for one's turn
RETRY_AFTER = 30  # seconds after which asking again makes sense
_turn = threading.Lock()

Watch = Callable[[Outcome], None]


@dataclass(frozen=True)
class Tested:
    """What the tests of one release have shown. `fingerprint`: of the whole release they were played on."""

    fingerprint: str
    outcomes: tuple[Outcome, ...]

    def problems(self, severity: str) -> list[Problem]:
        """One for each scenario that failed."""
        return [outcome.problem(severity) for outcome in self.outcomes if not outcome.passed]

    def check_same(self, whole: Sequence[Content]) -> None:
        """Raises Conflict (RELEASE_MOVED) where the release has changed since."""
        check_same(self.fingerprint, whole)


def check_same(seen: str, whole: Sequence[Content]) -> None:
    """`seen`: the fingerprint of the release before. Raises Conflict (RELEASE_MOVED) where it has changed since."""
    if fingerprint(whole) != seen:
        text = T("这期间有人启用了另一个版本，请看过以后再试一次。")
        raise Conflict(text, code="RELEASE_MOVED", by=None, at=None)


def play_release(
    whole: Sequence[Content], brought: Collection[Place], registry: Registry, watch: Watch | None = None
) -> Tested | None:
    """Play the tests that concern `brought`; `watch` hears of each as it ends. None where there is nothing to play: no
    tests, no kit, or a release that the lint refuses anyway. Opens no real database.

    Raises Busy (TESTS_RUNNING) where other tests run in this process and do not end in time: they take the processor's time
    from everybody's requests, so there is one turn at a time."""
    if registry.scenes is None or not any(content.kind == "test" for content in whole):
        return None
    tests = concerned(whole, brought, registry.scenes)
    if not tests or any(problem.severity == "error" for problem in check_release(whole, registry)):
        return None
    outcomes = []
    with turn(), patience.unhurried():
        for outcome in played(whole, [scenario for test in tests for scenario in test.scenarios], registry):
            outcomes.append(outcome)
            if watch is not None:
                watch(outcome)
    return Tested(fingerprint(whole), tuple(outcomes))


@contextmanager
def turn() -> Iterator[None]:
    """One place in this process for whoever plays. Raises Busy (TESTS_RUNNING) where it is not free in time."""
    if not _turn.acquire(timeout=PATIENCE):
        text = T("系统正在测试另一次上传或启用的流程，这次没有保存任何内容，请过半分钟再试。")
        raise Busy(text, code="TESTS_RUNNING", retry_after=RETRY_AFTER)
    try:
        yield
    finally:
        _turn.release()


def played(whole: Sequence[Content], scenarios: Iterable[Scenario], registry: Registry) -> Iterator[Outcome]:
    """Scenarios on a release without errors, one after the other, each outcome as soon as it is there. For whoever has the
    `turn`; opens no real database."""
    until = time.thread_time() + SECONDS
    with Workshop(registry, whole) as workshop:
        for scenario in scenarios:
            if time.thread_time() >= until:
                yield not_played(scenario, SECONDS)
                continue
            with (
                patience.unhurried()
            ):  # thousands of small waits of a sandbox are not the request's wait for its database
                outcome = play(workshop, scenario)
            yield outcome
