"""The demo with a case at each stage, scanned whole: no identity number, no telephone, no expert's name, and no way from an
expert to a choice, in anything the engine keeps or anybody is told (S12)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import orjson
import pytest
from flask import Flask
from sqlalchemy import select

from engine import history, invariants
from engine.clock import FixedClock
from engine.config import Settings
from engine.engine import Engine
from engine.identity.passwords import DEMO_PASSWORD
from engine.identity.tables import account
from engine.queries.instance_list import InstanceList
from engine.queries.instance_view import InstanceView
from engine.registry import Actor
from engine.store import tables as t
from processes import demo, office
from processes.demo.stages import STAGED
from processes.register.application_tables import application
from processes.register.ballot_tables import ballot_round, ballot_slip, ballot_token
from processes.register.committee_tables import review_meeting
from processes.register.expert_tables import expert
from processes.register.notice_tables import publicity_notice
from processes.register.objection_tables import objection
from processes.register.people import person
from tests.conftest import MIGRATIONS
from tests.process.province import MORNING, Province
from web.app import create_app

IDENTITY = re.compile(r"(?<![0-9a-f.])\d{17}[\dXx](?![0-9a-f])")
TELEPHONE = re.compile(r"(?<![0-9A-Za-z.\\-])1[3-9]\d{9}(?![0-9A-Za-z\-])")  # not a piece of a hash or an id
API = "/api/v1"
# Who may know who sits on a committee, and who keeps the accounts.
KNOWS = frozenset({"committee_office", "supervisor"})
ASKING = (
    "admin",
    "process_owner",
    "manager",
    "inspector",
    "chair",
    "provincial_hrss",
    "archives_bureau",
    "investigator",
)
OUTSIDE = ("c-101", "c-109", "hr-u03", "leader-u03", "region-xining", "hr-u01")


@dataclass
class Staged:
    """The loaded demo, and what was asked of it."""

    province: Province
    app: Flask
    names: frozenset[str]  # of experts: names and accounts
    asked: dict[tuple[str, str], str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staged]:
    from engine.store import prepare

    folder = tmp_path_factory.mktemp("staged")
    url = f"sqlite:///{folder / 'province.db'}"
    prepare.upgrade(url, MIGRATIONS)
    engine = Engine(
        Settings(url, folder, "test-" * 10), office.registry(), clock=FixedClock(datetime.fromisoformat(MORNING))
    )
    told = list(demo.load(engine, staged=True))
    assert str(len(STAGED)) in told[1]
    engine.work()
    province = Province(engine)
    experts = province.rows(expert)
    assert len(experts) == 33
    yield Staged(province, create_app(engine), frozenset({n for row in experts for n in (row["name"], row["account"])}))
    engine.stop()


def status(staged: Staged, number: int) -> str:
    rows = staged.province.rows(application, application.c.person_id == staged.province.person_id(f"c-{number:03}"))
    return str(rows[0]["status"])


def test_one_case_stands_at_each_stage(staged: Staged) -> None:
    found = {one.number: status(staged, one.number) for one in STAGED}
    assert len(set(found.values())) >= 10, found
    assert {found[109], found[110]} == {"result_publicity", "result_objection_hold"}
    assert (found[113], found[114]) == ("certified", "appointed")
    with staged.province.engine.store.snapshot() as connection:
        assert list(invariants.check(connection, staged.province.engine)) == []


def test_the_engine_keeps_no_expert_and_no_personal_number(staged: Staged) -> None:
    """Variables, tasks, candidates, events, messages, timers, jobs, effects, idempotency keys: all of the engine's rows."""
    told = {}
    with staged.province.engine.store.snapshot() as connection:
        for table in t.deployment.metadata.sorted_tables:
            if table.name in vars(t) and table.name not in ("definition", "instance_state", "deployment_definition"):
                told[table.name] = "\n".join(str(tuple(row)) for row in connection.execute(select(table)))
        # That an account was made says nothing of a committee.
        lines = [line for line in history.every(connection) if not line.kind.startswith("account")]
        told["event"] = "\n".join(str(line) for line in lines)
    admin = Actor("-", "-", "-", staged.province.actor("process_owner").memberships)
    instances = staged.province.engine.ask(InstanceList(actor=admin, max_results=500)).items
    assert len(instances) >= len(STAGED)
    for one in instances:
        view = staged.province.engine.ask(InstanceView(actor=admin, instance_id=one.id))
        told[one.id] = orjson.dumps(dict(view.variables), default=str).decode()
    assert "committee_office" in told["event"]
    for where, text in told.items():
        assert [name for name in staged.names if name in text] == [], where
        assert IDENTITY.findall(text) == [], where
        assert [one for one in TELEPHONE.findall(text) if not one.startswith("0971")] == [], where


def test_no_file_of_the_database_holds_a_number_in_clear(staged: Staged) -> None:
    with staged.province.engine.store.snapshot() as connection:
        numbers = [row.phone for row in connection.execute(select(person)) if hasattr(row, "phone")]
    assert not any(isinstance(number, str) for number in numbers)
    folder = Path(str(staged.province.engine.settings.data_dir))
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    planted = [f"1300000{one.number:04d}".encode() for one in STAGED]
    assert [one for one in planted if one in kept] == []
    assert re.findall(rb"990000\d{11}[\dX]", kept) == []


def test_slips_hold_a_choice_and_nothing_else(staged: Staged) -> None:
    province = staged.province
    assert {column.name for column in ballot_slip.c} <= {"id", "round_id", "choice"}
    assert "choice" not in ballot_token.c
    for row in province.rows(ballot_round, ballot_round.c.status == "closed", ballot_round.c.how == "box"):
        slips = province.rows(ballot_slip, ballot_slip.c.round_id == row["id"])
        assert sum(slip["choice"] == "yes" for slip in slips) == row["yes"]
        tokens = {token["expert_id"] for token in province.rows(ballot_token, ballot_token.c.round_id == row["id"])}
        assert not tokens & {slip["id"] for slip in slips}


def test_nobody_but_office_and_supervisor_is_told_who_sits_on_a_committee(staged: Staged) -> None:
    """Every page and every API answer that can be asked for, with real ids in every place, as every kind of reader."""
    province, asked = staged.province, 0
    places = {
        "meeting_id": [row["id"] for row in province.rows(review_meeting)],
        "notice_id": [row["id"] for row in province.rows(publicity_notice)][-4:],
        "objection_id": [row["id"] for row in province.rows(objection)],
        "application_id": [row["id"] for row in province.rows(application)],
        "instance_id": [row["id"] for row in province.rows(t.instance)],
        "task_id": [row["id"] for row in province.rows(t.task)][::6],
        "definition_id": [row["id"] for row in province.rows(t.definition, t.definition.c.kind == "process")][:4],
    }
    rules = [rule.rule for rule in staged.app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    rules = [rule for rule in rules if not rule.startswith(("/static", "/accounts", f"{API}/accounts"))]
    for role in (*ASKING, *OUTSIDE, None):
        client = staged.app.test_client(use_cookies=False)
        headers = {}
        if role is not None:
            given = client.post(f"{API}/tokens", json={"username": role, "password": DEMO_PASSWORD})
            headers = {"Authorization": f"Bearer {given.json['token']}"}
        for path in paths(rules, places):
            answer = client.get(path, headers=headers)
            assert answer.status_code < 500, (role, path)
            text = answer.get_data().decode(errors="replace")  # some answers are files
            asked += 1
            assert [name for name in staged.names if name in text] == [], (role, path)
            assert IDENTITY.findall(text) == [], (role, path)
            assert TELEPHONE.findall(text) == [], (role, path)
    assert asked > 2_000


def paths(rules: list[str], places: dict[str, list[str]]) -> Iterator[str]:
    """Every rule with every id that fits; at most one kind of place a rule is varied, the others take their first."""
    for rule in rules:
        names = re.findall(r"<(?:\w+:)?(\w+)>", rule)
        if any(name not in places for name in names):
            continue
        for number in range(max([1, *(min(len(places[name]), 12) for name in names)])):
            path = rule
            for name in names:
                known = places[name]
                path = re.sub(rf"<(?:\w+:)?{name}>", known[number % len(known)], path)
            yield path


def test_who_may_know_the_list_is_told_it(staged: Staged) -> None:
    meeting = staged.province.rows(review_meeting)[-1]["id"]
    for role in sorted(KNOWS):
        client = staged.app.test_client(use_cookies=False)
        given = client.post(f"{API}/tokens", json={"username": role, "password": DEMO_PASSWORD})
        page = client.get(f"/meetings/{meeting}", headers={"Authorization": f"Bearer {given.json['token']}"})
        assert sum(name in page.get_data(as_text=True) for name in staged.names) >= 25
    assert staged.province.rows(account, account.c.username == "expert-33")
