"""Every route, asked by every role: who gets in, and what the others are told (`table.py`). A route without a row fails.

Reading is asked for by all roles. Changing is asked for by those alone who must be refused, so that nothing ever moves: what
those who may can do is tested where it is done.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from engine.identity.passwords import DEMO_PASSWORD
from engine.identity.tables import account, membership
from engine.queries.definitions import DefinitionList
from engine.queries.deployments import DeploymentList
from engine.store import tables as t
from engine.studio import tables as s
from engine.studio.changes import OpenChange
from tests.process.province import Province
from tests.web.permissions.table import OTHERS, PUBLIC, ROLES, SEES_TASK, TABLE, Row

API = "/api/v1"
IN = (200, 303, 422)  # 303 of a page that sends its reader on; 422 where what was sent is looked at


@dataclass
class Asked:
    """The application, tokens by role, and what stands in the places of the routes' parameters."""

    app: Flask
    tokens: dict[str, str]
    places: dict[str, str]

    def status(self, route: str, role: str | None, body: object = None) -> int:
        method, rule = route.split(" ", 1)
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: self.places[found[1]], rule)
        headers = {"Authorization": f"Bearer {self.tokens[role]}"} if role else {}
        sent: dict[str, Any] = {}
        if body == "file":
            sent = {"data": {"file": (BytesIO(b"<x/>"), "x.bpmn")}}
        elif body == "query":
            path += "?group=candidate"
        elif method != "GET":
            sent = {"json": body or {}} if rule.startswith(API) else {"data": {"nothing": "1"}}
        answer = self.app.test_client(use_cookies=False).open(path, method=method, headers=headers, **sent)
        assert answer.status_code < 500, (route, role, answer.text)
        return answer.status_code


@pytest.fixture(scope="module")
def asked(module_province: Province, module_app: Flask) -> Iterator[Asked]:
    province = module_province
    case = province.apply("c-001")
    owner = province.actor("process_owner")
    client = module_app.test_client(use_cookies=False)
    tokens = {}
    for role in ROLES:
        answer = client.post(f"{API}/tokens", json={"username": role, "password": DEMO_PASSWORD})
        tokens[role] = answer.json["token"] if answer.json else ""
    places = {
        "instance_id": case,
        "task_id": province.task(case, "verify_materials").id,
        "application_id": province.application(case)["id"],
        "attachment_id": province.attach(province.actor("c-001")),
        "definition_id": province.engine.ask(DefinitionList(owner, key="P04_candidate_title_review")).items[0].id,
        "deployment_id": province.engine.ask(DeploymentList(owner)).items[0].id,
        "key": "P04_candidate_title_review",
        "username": "c-001",
        "year": "2026",
        "name": "vote.pass",
        "proposal_id": "none-such",
        "change_id": province.engine.run(OpenChange(owner, "x"))["id"],
        "file": "P04_candidate_title_review.bpmn",
        "number": "0",
        "code": "STEP_FAILED",
        **dict.fromkeys(
            (
                "incident_id",
                "batch_id",
                "job_id",
                "cancellation_id",
                "repair_id",
                "trial_id",
                "no",
                "meeting_id",
                "committee_id",
                "relation_id",
                "compensation_id",
                "request_id",
                "notice_id",
                "objection_id",
                "document_id",
                "filename",
            ),
            "none-such",
        ),
    }
    before = counted(province)
    yield Asked(module_app, tokens, places)
    assert counted(province) == before, "something was changed by whoever must not"


def counted(province: Province) -> list[Any]:
    """What a refused request must leave as it is."""
    tables = (
        account,
        membership,
        t.instance,
        t.deployment,
        t.task,
        t.task_draft,
        t.message,
        s.change_version,
        s.change_draft,
    )
    with province.engine.store.snapshot() as connection:
        rows = [connection.scalar(select(func.count()).select_from(table)) for table in tables]
        return [
            *rows,
            *connection.execute(select(t.task.c.id, t.task.c.assignee, t.task.c.state).order_by(t.task.c.id)),
        ]


def test_every_route_has_a_row(module_app: Flask) -> None:
    found = {
        f"{method} {rule.rule}"
        for rule in module_app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert found ^ (TABLE.keys() | PUBLIC.keys()) == set()


@pytest.mark.parametrize("route", sorted(TABLE))
def test_who_gets_in(asked: Asked, route: str) -> None:
    row = TABLE[route]
    reading = route.startswith("GET ")
    for role in ROLES if reading else sorted(set(ROLES) - set(row.yes)):
        status = asked.status(route, role, row.body)
        if role in row.yes:
            assert status in IN, (role, status)
        else:
            assert status == refusal(row, role), (role, status)
    assert asked.status(route, None, row.body) in (401, 303)  # 303: to the login page


def test_who_may_hand_a_task_on_keeps_to_those_it_is_offered_to(asked: Asked) -> None:
    """Another applicant, another unit's clerk, the distributor alone: none of them gets the unit's task."""
    for role in ("process_owner", "admin", "hr-u01"):
        for receiver in ("c-002", "hr-u02", "leader-u01", "admin"):
            assert asked.status("POST /api/v1/tasks/<task_id>/assign", role, {"assignee": receiver}) == 422
    assert asked.status("POST /api/v1/tasks/<task_id>/delegate", "hr-u01", {"assignee": "hr-u02"}) == 422


def refusal(row: Row, role: str) -> int:
    """A row that says 0 refuses those who see the task and lets nobody else know that it is there."""
    return row.no or (403 if role in SEES_TASK else 404)


@pytest.mark.parametrize("route", sorted(PUBLIC))
def test_what_is_open_to_everybody(asked: Asked, route: str) -> None:
    assert asked.status(route, None) == PUBLIC[route]


def test_to_other_units_regions_and_applicants_a_case_does_not_exist(asked: Asked) -> None:
    """The rows that read one case, task or file let none of them in: 404, so that not even its being is told."""
    places = ("<instance_id>", "<task_id>", "<application_id>", "<attachment_id>")
    for route, row in TABLE.items():
        if any(place in route for place in places) and not route.endswith("/done"):
            assert not set(OTHERS) & set(row.yes), route
            assert row.no in (0, 404) or not route.startswith("GET "), route
