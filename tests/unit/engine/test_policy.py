"""Who may what, as a table: a change of the policy must show here."""

from __future__ import annotations

from typing import Any

import pytest

from engine import policy
from engine.policy import CancellationFacts, Candidate, DeploymentFacts, InstanceFacts, StartFacts, TaskFacts
from engine.registry import Actor, Membership

EVERYBODY = ("admin", "owner", "manager", "inspector", "ann", "ben", "here", "there", "nobody")


def person(username: str, *memberships: Membership) -> Actor:
    return Actor(username, username, username, frozenset(memberships))


ACTORS = {
    "admin": person("admin", Membership("admin")),
    "owner": person("owner", Membership("process_owner")),
    "manager": person("manager", Membership("manager")),
    "inspector": person("inspector", Membership("inspector")),
    "ann": person("ann", Membership("clerks")),
    "ben": person("ben", Membership("clerks")),
    "here": person("here", Membership("clerks", "unit:u01")),
    "there": person("there", Membership("clerks", "unit:u02")),
    "nobody": person("nobody"),
}


def task(assignee: str | None = None, scope: str | None = None, *, open_: bool = True, **more: Any) -> TaskFacts:
    given: dict[str, Any] = {"owner": None, "completed_by": None, "barred": frozenset(), **more}
    return TaskFacts(open_, assignee, candidates=(Candidate("group", "clerks", scope),), **given)


READ = {"admin", "owner", "manager", "inspector"}


@pytest.mark.parametrize(
    ("action", "facts", "allowed"),
    [
        ("task.read", task(), READ | {"ann", "ben", "here", "there"}),
        ("task.read", task(scope="unit:u01"), READ | {"ann", "ben", "here"}),
        ("task.read", task("ann", "unit:u01"), READ | {"ann", "ben", "here"}),
        ("task.claim", task(), {"ann", "ben", "here", "there"}),
        ("task.complete", task(scope="unit:u01"), {"ann", "ben", "here"}),
        ("task.complete", task("ann"), {"ann"}),
        ("task.complete", task("ann", owner="ben"), {"ann", "ben"}),
        ("task.complete", task(barred=frozenset({"ann"})), {"ben", "here", "there"}),
        ("task.complete", task("ann", barred=frozenset({"ann"})), set()),
        ("task.complete", task(open_=False), set()),
        ("task.draft", task("ann"), {"ann"}),
        ("task.unclaim", task("ann"), {"ann", "owner"}),
        ("task.assign", task("ann"), {"ann", "owner", "admin"}),
        ("task.delegate", task("ann"), {"ann"}),
        ("instance.read", InstanceFacts("ann", frozenset(), took_part=False), READ | {"ann"}),
        ("instance.read", InstanceFacts(None, frozenset({"unit:u02"}), took_part=False), READ | {"there"}),
        ("instance.read", InstanceFacts(None, frozenset(), took_part=True), set(EVERYBODY)),
        ("process.start", StartFacts(frozenset()), {"owner"}),
        ("process.start", StartFacts(frozenset({"clerks"})), {"owner", "ann", "ben", "here", "there"}),
        ("deployment.create", None, {"owner"}),
        ("deployment.activate", DeploymentFacts("owner", four_eyes=True), set()),
        ("deployment.activate", DeploymentFacts("owner", four_eyes=False), {"owner"}),
        ("deployment.activate", DeploymentFacts("system", four_eyes=True), {"owner"}),
        ("deployment.read", None, READ),
        ("instance.cancel", None, {"owner"}),
        ("cancellation.decide", CancellationFacts("owner"), set()),
        ("cancellation.decide", CancellationFacts("other"), {"owner"}),
        ("cancellation.decide", CancellationFacts("owner", frozenset({"clerks"})), {"ann", "ben", "here", "there"}),
        ("cancellation.withdraw", CancellationFacts("owner"), {"owner"}),
        ("cancellation.withdraw", CancellationFacts("ann"), set()),
        ("incident.retry", None, {"owner"}),
        ("job.retry", None, {"owner"}),
        ("operation.read", None, READ),
        ("message.publish", None, {"owner"}),
        ("clock.move", None, {"admin"}),
        ("decision.evaluate", None, set(EVERYBODY)),
        ("anything.else", None, set()),
        ("task.complete", None, set()),
        ("clock.move", task(), set()),
    ],
)
def test_the_table_of_rights(action: str, facts: Any, allowed: set[str]) -> None:
    assert {name for name, actor in ACTORS.items() if policy.allows(actor, action, facts)} == allowed


def test_a_named_user_needs_no_group() -> None:
    facts = TaskFacts(True, None, None, None, (Candidate("user", "nobody"),), frozenset())
    assert policy.allows(ACTORS["nobody"], "task.complete", facts)
    assert not policy.allows(ACTORS["ann"], "task.complete", facts)
