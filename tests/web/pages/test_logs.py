"""The log and the figures: a request's lines share its number, nothing that anybody typed is in them, processes add up."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
import structlog
from flask import Flask
from sqlalchemy import text

from engine.commands.beat import SignOfLife
from engine.commands.complete_task import CompleteTask
from engine.engine import Engine
from web import logs
from web.app import create_app

CANARY = "甲乙丙63010119900101001X"


class Out(io.StringIO):
    """Stands for standard error."""

    def taken(self) -> str:
        """What was written since the last time."""
        told = self.getvalue()
        self.seek(0)
        self.truncate()
        return told


OUT = Out()


@pytest.fixture
def out() -> Out:
    OUT.taken()
    return OUT


@pytest.fixture
def app(engine: Engine, wall: Any, out: Out, monkeypatch: pytest.MonkeyPatch) -> Flask:
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", out)
        logs.set_up("info")
    return create_app(engine, wall=wall, logged=True)


def lines(out: Out) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.taken().splitlines()]


def test_the_lines_of_a_request_share_its_number_and_tell_who_and_what(browse, started, task_of, out, engine) -> None:
    browser = browse("c-001")
    task = task_of(started, "apply")
    browser.open(f"/tasks/{task}")
    out.taken()
    answer = browser.client.post(
        f"/tasks/{task}",
        data={"csrf_token": browser.hidden("csrf_token"), "reason": CANARY, "action": "save"},
        query_string={"q": CANARY},
    )
    told = lines(out)
    name = answer.headers[logs.HEADER]
    assert re.fullmatch(r"[a-z2-9]{5}-[a-z2-9]{5}", name)
    assert {line["request"] for line in told} == {name}
    [access] = [line for line in told if line["event"] == "request"]
    assert (access["method"], access["route"], access["status"]) == ("POST", "/tasks/<task_id>", answer.status_code)
    assert access["ms"] > 0
    assert access["user"] not in ("c-001", "")
    commands = [line for line in told if line["event"] == "command"]
    assert commands
    assert all({"command", "outcome", "ms"} <= line.keys() for line in commands)
    assert CANARY not in str(told)
    assert "卓玛" not in str(told)


def test_a_command_names_its_case_and_its_outcome(engine, who, started, task_of, app, out) -> None:
    done: dict[str, Any] = {"reason": CANARY, "works": [], "proof": []}
    engine.run(CompleteTask(task_of(started, "apply"), who("c-001"), done))
    with pytest.raises(Exception, match=r".") as refused:
        engine.run(CompleteTask(task_of(started, "check"), who("c-001"), {}))
    told = [line for line in lines(out) if line["event"] == "command"]
    assert [(line["command"], line["instance"], line["outcome"]) for line in told] == [
        ("CompleteTask", started, "ok"),
        ("CompleteTask", started, refused.value.code),  # type: ignore[attr-defined]
    ]
    assert CANARY not in str(told)


def test_an_unforeseen_error_is_told_once_with_its_place_and_without_its_words(app, browse, out) -> None:
    @app.get("/break")
    def broken() -> str:
        try:
            raise ValueError(CANARY)
        except ValueError as error:
            raise KeyError(CANARY) from error

    browser = browse("clerk")
    out.taken()
    page = browser.open("/break")
    told = lines(out)
    [trouble] = [line for line in told if "traceback" in line]
    assert (trouble["error"], "broken" in trouble["traceback"], "ValueError" in trouble["traceback"]) == (
        "KeyError",
        True,
        True,
    )
    assert CANARY not in str(told)
    assert trouble["request"] in page
    assert f"编号：{trouble['request']}" in page


def test_an_error_of_the_database_tells_no_values(app, engine, out) -> None:
    with pytest.raises(Exception, match=r".") as raised, engine.store.transaction() as connection:
        connection.execute(text("INSERT INTO setting (key, value, nothing) VALUES (:v, :v, :v)"), {"v": CANARY})
    structlog.get_logger("x").error("broken", exc_info=raised.value)
    logging.getLogger("some.library").error("GET /work?q=%s", CANARY, exc_info=raised.value)
    ours, foreign = lines(out)
    assert foreign["event"] == "GET /work?…"
    for line in (ours, foreign):
        assert line["why"] == "SQLITE_ERROR"
        assert CANARY not in str(line)


def test_a_number_is_taken_over_from_a_trusted_proxy_alone(app) -> None:
    def asked(app: Any, given: str) -> str:
        headers: list[tuple[str, str]] = []

        def begin(_status: str, told: list[tuple[str, str]], _exc: Any = None) -> None:
            headers.extend(told)

        list(app({"HTTP_X_REQUEST_ID": given}, begin))
        return dict(headers)[logs.HEADER]

    def nothing(_environ: Any, begin: Any) -> list[bytes]:
        begin("200 OK", [])
        return []

    assert asked(logs.Requests(nothing, trusted=True), "proxy-0123456789") == "proxy-0123456789"
    for trusted, given in ((False, "proxy-0123456789"), (True, "bad\nvalue-123"), (True, "x" * 65), (True, "")):
        assert asked(logs.Requests(nothing, trusted=trusted), given) != given


def test_where_somebody_votes_or_objects_no_line_says_who(app, browse, out) -> None:
    browser = browse("clerk")
    out.taken()
    browser.open("/public/notices")
    browser.open("/meetings/none/ballot")
    told = [line for line in lines(out) if line["event"] == "request"]
    assert [line["route"] for line in told] == ["/public/notices", "/meetings/<meeting_id>/ballot"]
    assert not any("user" in line for line in told)


# --- figures and readiness ---------------------------------------------------------------------------------------------


def test_the_figures_count_commands_and_what_stands_still(app, engine, stuck) -> None:
    told = app.test_client().get("/metrics").text
    assert 'zhiping_incidents_by_code{code="STEP_FAILED"} 1.0' in told
    assert "zhiping_incidents 1.0" in told
    assert "zhiping_background_workers 0.0" in told
    assert "zhiping_failed_jobs 0.0" in told
    assert 'zhiping_commands_total{command="CompleteTask",outcome="ok"}' in told
    assert 'zhiping_command_seconds_bucket{command="CompleteTask",le="5.0"}' in told
    assert 'zhiping_database_connections{state="in_use"}' in told


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_the_figures_are_not_for_whoever_comes_through_a_proxy(app, header: str) -> None:
    assert app.test_client().get("/metrics", headers={header: "for=192.0.2.7"}).status_code == 404


def test_readiness_says_what_is_wrong_and_refuses_only_where_nobody_could_be_served(app, engine) -> None:
    client = app.test_client()
    assert client.get("/readyz").status_code == 200
    at = engine.wall.now() - timedelta(minutes=10)
    engine.run(SignOfLife("w", "host", 7, at, at))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "ok")
    assert answer.json["checks"] | {"background": ""} == {
        "database": "ok",
        "schema": "ok",
        "calendars": "ok",
        "background": "",
    }
    assert "no sign of life" in answer.json["checks"]["background"]
    engine.work(until=engine.now().replace(year=2030))
    assert "no working-day calendar" in client.get("/readyz").json["checks"]["calendars"]
    with engine.store.transaction() as connection:
        connection.execute(
            text("UPDATE alembic_version SET version_num = 'engine_0001' WHERE version_num LIKE 'engine%'")
        )
    app.extensions["schema"] = False
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (503, "failed")


def test_processes_that_share_a_folder_add_up(tmp_path) -> None:
    """Two processes count one command each; a third tells two."""
    one = f"""
import sys
from pathlib import Path
from web import health
import os
if sys.argv[1] == "first":
    health.share(Path({str(tmp_path / "metrics")!r}))
else:
    os.environ[health.SHARED] = {str(tmp_path / "metrics")!r}
    health.values.ValueClass = health.values.MultiProcessValue()
meters = health.Meters()
class Seen:
    command, outcome, seconds = "Try", "ok", 0.2
if sys.argv[1] != "look":
    meters.command(Seen())
print(meters.told().decode())
"""
    told = ""
    for turn in ("first", "second", "look"):
        ran = subprocess.run([sys.executable, "-c", one, turn], capture_output=True, text=True, check=True)
        told = ran.stdout
    assert 'zhiping_commands_total{command="Try",outcome="ok"} 2.0' in told
    assert 'zhiping_command_seconds_count{command="Try"} 2.0' in told
