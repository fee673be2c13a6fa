"""Two at the same task in the same moment, and five at five branches of one case: nobody is lost, nothing happens twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine.commands.start_instance import StartInstance
from engine.identity import people
from engine.store import tables as t
from tests.faults.serving import Caller, served
from tests.web.office import NOW, Office, opened, prepare
from tests.web.program import diagram, flows

pytestmark = pytest.mark.fault

PAIRS, CLICKS, ROUNDS = 300, 40, 50
REVIEWERS = {"ann": "clerks", "ben": "clerks", "cat": "auditors", "manager": "manager", "inspector": "inspector"}


def review() -> bytes:
    """Five branches, a task in each, and the end when all are done."""
    branches = "".join(
        f'<bpmn:userTask id="by_{who}" camunda:candidateGroups="{group}"/>{flows("split", f"by_{who}", "join")}'
        for who, group in REVIEWERS.items()
    )
    ends = '<bpmn:parallelGateway id="split"/><bpmn:parallelGateway id="join"/><bpmn:endEvent id="end"/>'
    return diagram(
        "review", f'<bpmn:startEvent id="begin"/>{ends}{flows("begin", "split")}{branches}{flows("join", "end")}'
    )


def single() -> bytes:
    body = '<bpmn:startEvent id="begin"/><bpmn:userTask id="check" camunda:candidateGroups="clerks"/><bpmn:endEvent id="end"/>'
    return diagram("single", body + flows("begin", "check", "end"))


@dataclass(frozen=True)
class Running:
    office: Office
    port: int

    def caller(self, username: str) -> Caller:
        return Caller(self.port, self.office.tokens[username])

    def start(self, key: str) -> str:
        with self.office.engine.store.snapshot() as connection:
            owner = people.actor(connection, "process_owner")
        return str(self.office.engine.run(StartInstance(actor=owner, key=key))["id"])

    def tasks(self, instance: str) -> dict[str, str]:
        """The open tasks of an instance: element id -> task id."""
        query = select(t.task.c.element_id, t.task.c.id).where(t.task.c.instance_id == instance)
        with self.office.engine.store.snapshot() as connection:
            return {row.element_id: row.id for row in connection.execute(query)}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The office behind gunicorn: one process on SQLite, three on PostgreSQL."""
    folder: Path = tmp_path_factory.mktemp("together")
    files = {"review.bpmn": review(), "single.bpmn": single()}
    with opened(prepare(request.param, folder, files), folder) as office:
        url = office.engine.settings.database_url
        with served(url, folder, workers=1 if request.param == "sqlite" else 3) as port:
            yield Running(office, port)


def at_once(callers: Sequence[Caller], rounds: Sequence[Sequence[Callable[[Caller], Any]]]) -> list[list[Any]]:
    """In each round every caller does its own thing in the same moment; what came of it, round by round."""
    barrier = threading.Barrier(len(callers))
    found: list[list[Any]] = [[None] * len(callers) for _ in rounds]
    ended: list[int] = []

    def work(number: int) -> None:
        for done, acts in zip(found, rounds, strict=True):
            barrier.wait(60)
            done[number] = acts[number](callers[number])
        ended.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(callers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ended) == len(callers)
    return found


def completing(task: str, key: str | None = None) -> Callable[[Caller], Any]:
    return lambda caller: caller.json("POST", f"tasks/{task}/complete", {"variables": {}}, key=key)


def completions(office: Office, instances: Sequence[str]) -> Counter[tuple[str, str]]:
    """How often each element of each instance was completed, as the histories say."""
    return Counter(
        (instance, event["elementId"])
        for instance in instances
        for event in office.admin.events(instance)
        if event["kind"] == "completed" and (event["elementId"] or "").startswith(("check", "by_"))
    )


def test_of_two_who_finish_a_task_one_does_and_the_other_learns_who_and_when(running: Running) -> None:
    instances = [running.start("single") for _ in range(PAIRS)]
    tasks = [running.tasks(instance)["check"] for instance in instances]
    answers = at_once(
        [running.caller("ann"), running.caller("ben")], [[completing(task), completing(task)] for task in tasks]
    )
    won: Counter[str] = Counter()
    for pair in answers:
        assert sorted(status for status, _ in pair) == [200, 409], pair
        winner, loser = ("Ann", "Ben") if pair[0][0] == 200 else ("Ben", "Ann")
        refusal = next(body for status, body in pair if status == 409)
        assert refusal["changedBy"] == winner, (loser, refusal)
        assert datetime.fromisoformat(refusal["changedAt"]) == NOW
        won[winner] += 1
    assert won.total() == PAIRS
    sample = instances[:20]
    assert completions(running.office, sample) == Counter({(each, "check"): 1 for each in sample})


def test_a_double_click_is_one_completion_and_two_equal_answers(running: Running) -> None:
    instances = [running.start("single") for _ in range(CLICKS)]
    tasks = [running.tasks(instance)["check"] for instance in instances]
    clicks = [[completing(task, f"click-{task}")] * 2 for task in tasks]
    for first, second in at_once([running.caller("ann"), running.caller("ann")], clicks):
        assert first[0] == second[0] == 200, (first, second)
        assert first[1] == second[1]
    assert completions(running.office, instances[:20]) == Counter({(each, "check"): 1 for each in instances[:20]})


def test_five_reviewers_who_finish_their_branches_in_the_same_moment_all_do(running: Running) -> None:
    instances = [running.start("review") for _ in range(ROUNDS)]
    open_tasks = [running.tasks(instance) for instance in instances]
    rounds = [[completing(tasks[f"by_{who}"]) for who in REVIEWERS] for tasks in open_tasks]
    for answers in at_once([running.caller(who) for who in REVIEWERS], rounds):
        assert [status for status, _ in answers] == [200] * 5, answers
        assert sorted(body["instance"]["state"] for _, body in answers) == ["active"] * 4 + ["completed"]
        assert len({body["instance"]["revision"] for _, body in answers}) == 5
    seen = completions(running.office, instances)
    assert seen == Counter({(instance, f"by_{who}"): 1 for instance in instances for who in REVIEWERS})
