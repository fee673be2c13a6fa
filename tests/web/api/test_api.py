"""The JSON API, route by route, over a small process: a clerk of the group `hr` checks, then the owner's group closes."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from engine.engine import Engine
from engine.identity.throttle import FREE_GUESSES
from tests.unit.identity.conftest import PASSWORD, Wall
from tests.web.api.conftest import API, Caller

PROCESS = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  id="d" targetNamespace="test">
  <bpmn:process id="{key}" name="一件事" isExecutable="true" camunda:candidateStarterGroups="hr">
    <bpmn:startEvent id="begin"/>
    <bpmn:userTask id="check" name="核对" camunda:candidateGroups="hr" camunda:dueDate="2026-06-05T17:00:00+08:00"/>
    <bpmn:userTask id="close" name="办结" camunda:candidateGroups="hr"/>
    <bpmn:endEvent id="finish"/>
    <bpmn:sequenceFlow id="f1" sourceRef="begin" targetRef="check"/>
    <bpmn:sequenceFlow id="f2" sourceRef="check" targetRef="close"/>
    <bpmn:sequenceFlow id="f3" sourceRef="close" targetRef="finish"/>
  </bpmn:process>
</bpmn:definitions>"""

Login = Callable[..., Caller]


def upload(
    caller: Caller, path: str = "deployments", headers: dict[str, str] | None = None, **files: bytes | str
) -> Any:
    data = {
        f"file{n}": (io.BytesIO(content if isinstance(content, bytes) else content.encode()), name.replace("__", "."))
        for n, (name, content) in enumerate(files.items())
    }
    return caller.post(path, data=data, content_type="multipart/form-data", headers=headers or {})


@pytest.fixture
def deployed(caller: Login) -> str:
    """The process `thing` is active; the id of its deployment."""
    owner, owner2 = caller("owner"), caller("owner2")
    made = upload(owner, thing__bpmn=PROCESS.format(key="thing"))
    assert made.status_code == 201, made.text
    assert (made.json["state"], [d["key"] for d in made.json["definitions"]]) == ("candidate", ["thing"])
    assert owner.post(f"deployments/{made.json['id']}/activate").status_code == 403
    done = owner2.post(f"deployments/{made.json['id']}/activate")
    assert (done.status_code, done.json["state"]) == (200, "active")
    deployment_id: str = made.json["id"]
    return deployment_id


def start(caller: Caller, **body: Any) -> dict[str, Any]:
    answer = caller.post("process-definitions/key/thing/start", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_one_case_from_start_to_end(caller: Login, deployed: str) -> None:
    wang = caller("wang")
    started = start(wang, variables={"amount": 3}, businessKey="K-1")
    assert (started["state"], started["businessKey"]) == ("active", "K-1")
    found = wang.get("tasks?mine=true").json
    assert found["total"] == 1
    task = found["items"][0]
    assert (task["elementId"], task["name"], task["candidateGroups"]) == ("check", "核对", ["hr"])
    assert task["dueAt"] == "2026-06-05T17:00:00+08:00"
    assert task["processInstanceId"] == started["id"]
    assert wang.get(f"tasks/{task['id']}").json["data"] == {"amount": 3}
    assert wang.get(f"tasks/{task['id']}/form").json["schema"] is None
    after = wang.post(f"tasks/{task['id']}/complete", json={"variables": {"ok": True}, "revision": task["revision"]})
    assert after.status_code == 200, after.text
    assert after.json["instance"]["state"] == "active"
    following = after.json["nextTasks"]
    assert [t["elementId"] for t in following] == ["close"]
    view = wang.get(f"process-instances/{started['id']}").json
    assert view["variables"] == {"amount": 3, "ok": True}
    assert [(e["elementId"], e["count"]) for e in view["activeElements"]] == [("close", 1)]
    done = wang.post(f"tasks/{following[0]['id']}/complete").json
    assert (done["instance"]["state"], done["nextTasks"]) == ("completed", [])
    events = wang.get(f"process-instances/{started['id']}/events").json
    assert events["total"] == len(events["items"])
    assert all(event["at"].endswith("+08:00") for event in events["items"])
    mine = wang.get("process-instances?state=completed&sortBy=startedAt").json
    assert [item["id"] for item in mine["items"]] == [started["id"]]


def test_two_people_finishing_one_task(caller: Login, deployed: str) -> None:
    wang, li = caller("wang"), caller("li")
    started = start(wang)
    task = wang.get("tasks").json["items"][0]
    assert wang.post(f"tasks/{task['id']}/complete").status_code == 200
    late = li.post(f"tasks/{task['id']}/complete")
    assert late.status_code == 409
    assert late.json["changedBy"]
    assert late.json["changedAt"].endswith("+08:00")
    assert late.content_type == "application/problem+json"
    assert wang.get(f"process-instances/{started['id']}").status_code == 200


def test_claiming_giving_back_and_handing_on(caller: Login, deployed: str) -> None:
    wang, li = caller("wang"), caller("li")
    start(wang)
    task = wang.get("tasks").json["items"][0]
    assert wang.post(f"tasks/{task['id']}/claim").status_code == 200
    assert li.post(f"tasks/{task['id']}/claim").status_code == 409
    assert li.post(f"tasks/{task['id']}/complete").status_code == 409
    assert wang.get(f"tasks/{task['id']}").json["assignee"] == "wang"
    assert wang.post(f"tasks/{task['id']}/unclaim").status_code == 200
    assert wang.post(f"tasks/{task['id']}/assign", json={"assignee": "li"}).status_code == 200
    assert li.post(f"tasks/{task['id']}/delegate", json={"assignee": "wang"}).status_code == 200
    assert wang.post(f"tasks/{task['id']}/assign", json={}).json["errors"].keys() == {"assignee"}


def test_the_draft_is_the_writers_alone(caller: Login, deployed: str) -> None:
    wang, li = caller("wang"), caller("li")
    start(wang)
    task = wang.get("tasks").json["items"][0]["id"]
    saved = wang.put(f"tasks/{task}/draft", json={"variables": {"half": "typed"}})
    assert saved.status_code == 200, saved.text
    assert saved.json["savedAt"].endswith("+08:00")
    assert wang.get(f"tasks/{task}/form").json["draft"] == {"half": "typed"}
    assert li.get(f"tasks/{task}/form").json["draft"] is None


def test_an_idempotency_key_gives_one_effect_and_the_same_answer(caller: Login, deployed: str) -> None:
    wang = caller("wang")
    key = {"Idempotency-Key": "a-1"}
    path = "process-definitions/key/thing/start"
    first = wang.post(path, json={"businessKey": "K"}, headers=key)
    again = wang.post(path, json={"businessKey": "K"}, headers=key)
    assert (first.status_code, first.json) == (again.status_code, again.json)
    assert wang.get("process-instances").json["total"] == 1
    other = wang.post(path, json={"businessKey": "L"}, headers=key)
    assert (other.status_code, other.json["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert caller("li").post(path, json={"businessKey": "L"}, headers=key).status_code == 201
    task = wang.get("tasks").json["items"][0]["id"]
    for _ in range(3):
        assert wang.post(f"tasks/{task}/complete", headers=key).status_code == 200
    assert wang.post(f"tasks/{task}/complete").status_code == 409


def test_an_upload_may_be_repeated_whatever_its_boundary(caller: Login) -> None:
    owner, key = caller("owner"), {"Idempotency-Key": "up"}
    first = upload(owner, headers=key, a__bpmn=PROCESS.format(key="a"))
    again = upload(owner, headers=key, a__bpmn=PROCESS.format(key="a"))
    assert (first.status_code, first.json) == (201, again.json)
    other = upload(owner, headers=key, a__bpmn=PROCESS.format(key="b"))
    assert other.status_code == 422


@pytest.mark.parametrize("key", ["", "x" * 201, "schlüssel"])
def test_keys_that_cannot_be(caller: Login, key: str) -> None:
    answer = caller("owner").post("messages", json={"name": "x"}, headers={"Idempotency-Key": key})
    assert answer.status_code == 422


def test_a_refused_upload_names_every_problem(caller: Login) -> None:
    broken = PROCESS.format(key="thing").replace('targetRef="close"', 'targetRef="nowhere"')
    answer = upload(caller("owner"), thing__bpmn=broken)
    assert answer.status_code == 422
    assert answer.json["problems"]
    assert all({"file", "line", "element", "code", "message"} <= found.keys() for found in answer.json["problems"])
    assert caller("owner").get("deployments").json["total"] == 0


@pytest.mark.parametrize("content", [b"", b"\x00", b"<", b"not xml", b"\xff\xfe\x00"])
def test_uploads_that_are_nothing(caller: Login, content: bytes) -> None:
    assert upload(caller("owner"), x__bpmn=content).status_code == 422
    assert caller("owner").post("deployments").status_code == 422
    assert upload(caller("wang"), x__bpmn=content).status_code == 403


def test_definitions_can_be_read_with_their_file(caller: Login, deployed: str) -> None:
    wang = caller("wang")
    found = wang.get("process-definitions?active=true&kind=process").json["items"]
    assert [(d["key"], d["version"], d["active"]) for d in found] == [("thing", 1, True)]
    assert wang.get(f"process-definitions/{found[0]['id']}").json["name"] == "一件事"
    file = wang.get(f"process-definitions/{found[0]['id']}/xml")
    assert file.data.decode() == PROCESS.format(key="thing")
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert file.headers["Content-Disposition"].startswith("attachment")
    start(wang)
    statistics = caller("manager").get(f"process-definitions/{found[0]['id']}/statistics").json
    assert [(e["elementId"], e["instances"]) for e in statistics["elements"] if e["instances"]] == [("check", 1)]


def test_suspending_resuming_cancelling(caller: Login, deployed: str) -> None:
    owner = caller("owner")
    instance = start(owner)["id"]
    for action, state in (("suspend", "suspended"), ("resume", "active"), ("cancel", "cancelled")):
        answer = owner.post(
            f"process-instances/{instance}/{action}", json={"reason": "试"} if action != "resume" else {}
        )
        assert (answer.status_code, answer.json.get("state")) == (200, state), answer.text


def test_what_must_not_be_known_is_not_found(caller: Login, deployed: str) -> None:
    instance = start(caller("wang"))["id"]
    task = caller("wang").get("tasks").json["items"][0]["id"]
    nobody = caller("nobody")
    for path in (
        f"process-instances/{instance}",
        f"process-instances/{instance}/events",
        f"tasks/{task}",
        f"tasks/{task}/form",
    ):
        missing = nobody.get(path.replace(instance, "x").replace(task, "x"))
        assert (nobody.get(path).status_code, nobody.get(path).json) == (404, missing.json)
    assert nobody.post(f"tasks/{task}/complete").status_code == 404
    assert nobody.get("tasks").json == {"items": [], "total": 0}
    assert nobody.post("process-definitions/key/thing/start").status_code == 403
    assert caller("manager").post(f"tasks/{task}/complete").status_code == 403


def test_messages_decisions_incidents_and_the_clock(caller: Login, deployed: str) -> None:
    owner = caller("owner")
    assert owner.post("messages", json={"name": "news", "businessKey": "x"}).status_code == 404
    assert owner.post("messages", json={"name": "news", "businessKey": "x", "keep": True}).json == {"delivered": 0}
    assert owner.post("decision-definitions/key/none/evaluate", json={"variables": {}}).status_code == 404
    assert owner.get("incidents").json == {"items": [], "total": 0}
    assert owner.post("incidents/none/retry").status_code == 404
    now = owner.get("clock").json
    assert now["now"].endswith("+08:00")
    assert owner.put("clock", json={"now": now["now"]}).status_code == 403
    assert owner.put("clock", json={"now": "2026-06-01"}).status_code == 422


def test_lists_are_paged_and_sorted(caller: Login, deployed: str) -> None:
    wang = caller("wang")
    for number in range(5):
        start(wang, businessKey=f"K-{number}")
    page = wang.get("process-instances?sortBy=businessKey&sortOrder=asc&firstResult=1&maxResults=2").json
    assert (page["total"], [item["businessKey"] for item in page["items"]]) == (5, ["K-1", "K-2"])
    assert wang.get("tasks?maxResults=0").json == {"items": [], "total": 5}
    for query, field in (
        ("maxResults=501", "maxResults"),
        ("maxResults=x", "maxResults"),
        ("firstResult=-1", "firstResult"),
        ("sortBy=password", "sortBy"),
        ("sortOrder=up", "sortOrder"),
        ("dueBefore=soon", "dueBefore"),
        ("dueBefore=2026-06-01T09:00:00", "dueBefore"),
        ("mine=perhaps", "mine"),
    ):
        answer = wang.get(f"tasks?{query}")
        assert (answer.status_code, list(answer.json.get("errors", ()))) == (422, [field])
    assert wang.get("tasks?dueBefore=2026-06-06T00:00:00+08:00").json["total"] == 5
    assert wang.get("tasks?dueBefore=2026-06-05T00:00:00%2B08:00").json["total"] == 0


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ({"data": "{", "content_type": "application/json"}, 400),
        ({"data": b"\xff", "content_type": "application/json"}, 400),
        ({"data": '{"name": NaN}', "content_type": "application/json"}, 400),
        ({"data": '{"name": "\\ud800"}', "content_type": "application/json"}, 400),
        ({"data": '{"name": "a\\u0000"}', "content_type": "application/json"}, 400),
        ({"data": '{"variables": ' + '{"a":' * 200 + "1" + "}" * 201, "content_type": "application/json"}, 400),
        ({"data": "[" * 100_000, "content_type": "application/json"}, 400),
        ({"data": "name=x", "content_type": "application/x-www-form-urlencoded"}, 415),
        ({"data": "name=x", "content_type": "text/plain"}, 415),
        ({"data": '{"name": "x", "variables": {"n": 99999999999999999999}}', "content_type": "application/json"}, 422),
        ({"data": '{"name": ' + "9" * 5000 + "}", "content_type": "application/json"}, 400),
        ({"json": []}, 422),
        ({"json": "x"}, 422),
        ({"json": {}}, 422),
        ({"json": {"name": 1}}, 422),
        ({"json": {"name": "x", "variables": []}}, 422),
        ({"json": {"name": "x", "role": "admin"}}, 422),
        ({"json": {"name": "x" * 256}}, 422),
        ({"data": b" " * (25 * 2**20), "content_type": "application/json"}, 413),
    ],
)
def test_bad_bodies(caller: Login, arguments: dict[str, Any], status: int) -> None:
    answer = caller("owner").post("messages", **arguments)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.json["status"] == status


def test_a_stray_body_is_not_taken_for_an_empty_one(caller: Login, deployed: str) -> None:
    wang = caller("wang")
    start(wang)
    task = wang.get("tasks").json["items"][0]["id"]
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = wang.post(f"tasks/{task}/complete", data='{"variables": {"a": 1}}', content_type=kind)
        assert answer.status_code == 415
    assert wang.get(f"tasks/{task}").json["state"] == "open"


def test_errors_speak_the_callers_language(caller: Login) -> None:
    wang = caller("wang")
    for language, title in (
        ("zh-CN", "没有找到"),
        ("en-GB,en;q=0.9", "Not found"),
        ("fr", "没有找到"),
        ("", "没有找到"),
    ):
        assert wang.get("tasks/none", headers={"Accept-Language": language}).json["title"] == title
    english = wang.get("tasks?maxResults=x", headers={"Accept-Language": "en"}).json
    assert english["errors"] == {"maxResults": ["This has the wrong type or format."]}


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "nothing", 404), ("DELETE", "tasks", 405), ("PUT", "me", 405)]
)
def test_places_that_are_none(caller: Login, method: str, path: str, status: int) -> None:
    answer = caller("wang")(method, path)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    if status == 405:
        assert "GET" in answer.headers["Allow"]


def test_everything_but_the_door_wants_a_login(app: Flask) -> None:
    client = app.test_client(use_cookies=False)
    public = {"/api/v1/tokens", "/api/v1/openapi.json"}
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith(API) or rule.rule in public or rule.rule.startswith(f"{API}/public/"):
            continue
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            answer = client.open(rule.rule, method=method, json={})
            assert answer.status_code in (401, 404), (method, rule.rule, answer.status_code)
            assert "items" not in answer.text


def test_the_document_describes_every_route(app: Flask) -> None:
    document = app.test_client().get(f"{API}/openapi.json").json
    described = {(path, method.upper()) for path, operations in document["paths"].items() for method in operations}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(API) and not rule.rule.endswith("openapi.json"):
            path = rule.rule.replace("<", "{").replace(">", "}")
            for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
                assert (path, method) in described or (path, "PARAMETERS") in described, (method, path)
    properties = document["components"]["schemas"]["Task"]["properties"]
    assert {"processInstanceId", "dueAt", "candidateGroups"} <= properties.keys()


def test_tokens_are_for_the_right_password(app: Flask, wall: Wall) -> None:
    client = app.test_client(use_cookies=False)

    def ask(**body: Any) -> Any:
        return client.post(f"{API}/tokens", json=body)

    good = ask(username="wang", password=PASSWORD)
    assert good.status_code == 201
    assert good.json["expiresAt"].endswith("+08:00")
    assert ask(username="wang", password="wrong password").status_code == 401
    assert ask(username="wang").status_code == 422
    assert ask(username="wang", password=["x"]).status_code == 422
    for _ in range(4):
        ask(username="wang", password="wrong password")
    late = ask(username="wang", password=PASSWORD)
    assert (late.status_code, late.headers["Retry-After"]) == (429, "1")
    wall.pass_(seconds=1)
    assert ask(username="wang", password=PASSWORD).status_code == 201


def test_accounts_are_the_administrators(caller: Login) -> None:
    admin = caller("admin")
    made = admin.post(
        "accounts", json={"username": "new", "name": "新人", "memberships": [{"group": "hr", "scope": "unit:u01"}]}
    )
    assert made.status_code == 201, made.text
    assert made.json["oneTimePassword"]
    assert admin.get("accounts/new").json["memberships"] == [{"group": "hr", "scope": "unit:u01"}]
    assert admin.get("accounts?q=new").json["total"] == 1
    assert admin.post("accounts", json={"username": "new", "name": "x"}).status_code == 409
    assert admin.post("accounts/new/memberships", json={"group": "expert"}).json["group"] == "expert"
    assert admin("DELETE", "accounts/new/memberships?group=hr&scope=unit:u01").status_code == 200
    assert admin.get("accounts/new").json["memberships"] == [{"group": "expert", "scope": None}]
    assert admin.post("accounts/new/password").json["oneTimePassword"] != made.json["oneTimePassword"]
    assert admin.post("accounts/new/disable").json == {"username": "new", "disabled": True}
    assert admin.post("accounts/new/enable").json["disabled"] is False
    assert admin.post("accounts/admin/disable").json["code"] in ("SELF", "LAST_ADMIN")
    wang = caller("wang")
    for method, path in (("GET", "accounts"), ("GET", "accounts/admin"), ("POST", "accounts/admin/password")):
        assert wang(method, path).status_code == 403


def test_attachments_go_in_checked_and_come_out_as_downloads(caller: Login) -> None:
    wang, li = caller("wang"), caller("li")
    made = upload(wang, "attachments", 论文__pdf=b"%PDF-1.7\n")
    assert made.status_code == 201, made.text
    assert made.json | {"id": "", "sha256": ""} == {
        "id": "", "name": "论文.pdf", "size": 9, "type": "application/pdf", "sha256": ""
    }  # fmt: skip
    got = wang.get(f"attachments/{made.json['id']}")
    assert got.data == b"%PDF-1.7\n"
    assert got.headers["Content-Disposition"].startswith("attachment;")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got.headers["Content-Security-Policy"]
    assert li.get(f"attachments/{made.json['id']}").status_code == 404
    assert upload(wang, "attachments", evil__pdf=b"<html>").json["code"] == "FILE_TYPE"
    assert upload(wang, "attachments", empty__pdf=b"").json["code"] == "FILE_EMPTY"
    assert upload(wang, "attachments").status_code == 422
    assert upload(wang, "attachments", a__pdf=b"%PDF-1", b__pdf=b"%PDF-1").status_code == 422


def test_an_attachment_sent_twice_with_one_key_is_one_file(caller: Login, tmp_path: Path) -> None:
    wang, key = caller("wang"), {"Idempotency-Key": "file"}
    first = upload(wang, "attachments", headers=key, a__pdf=b"%PDF-1.7\n")
    again = upload(wang, "attachments", headers=key, a__pdf=b"%PDF-1.7\n")
    assert (first.status_code, first.json) == (201, again.json)
    assert upload(wang, "attachments", headers=key, a__pdf=b"%PDF-1.4\n").json["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert len([path for path in (tmp_path / "attachments").rglob("*") if path.is_file()]) == 1


def test_the_program_says_how_it_is(app: Flask, engine_: Engine, caller: Login, deployed: str) -> None:
    client = app.test_client()
    start(caller("wang"))
    assert client.get("/healthz").json == {"status": "ok"}
    checks = dict.fromkeys(("database", "schema", "calendars", "background"), "ok")
    assert client.get("/readyz").json == {"status": "ok", "checks": checks}
    told = client.get("/metrics").text
    assert "zhiping_open_tasks 1.0" in told
    assert 'route="/api/v1/process-definitions/key/<key>/start"' in told
    assert "zhiping_request_seconds_bucket" in told


def test_a_certificate_nobody_has_and_a_wrong_code_are_answered_alike(app: Flask) -> None:
    client = app.test_client(use_cookies=False)
    answer = client.get(f"{API}/public/certificates/QH-2026-0001?code=x")
    assert (answer.status_code, answer.json["code"]) == (404, "NOT_FOUND")
    assert client.get(f"{API}/public/certificates/QH-2026-0001").status_code == 422


def test_guessing_certificates_is_slowed_down_and_nobody_else_is(app: Flask) -> None:
    client = app.test_client(use_cookies=False)

    def guess(number: int, address: str = "203.0.113.5") -> Any:
        path = f"{API}/public/certificates/QH-2026-{number:04d}?code={number:032x}"
        return client.get(path, environ_overrides={"REMOTE_ADDR": address})

    assert {guess(number).status_code for number in range(FREE_GUESSES)} == {404}
    refused = guess(FREE_GUESSES)
    assert (refused.status_code, refused.json["code"]) == (429, "TOO_MANY")
    assert int(refused.headers["Retry-After"]) >= 1
    page = client.get("/certificates/QH-2026-0001?code=x", environ_overrides={"REMOTE_ADDR": "203.0.113.5"})
    assert (page.status_code, page.headers["Retry-After"]) == (429, refused.headers["Retry-After"])
    assert "秒后再试" in page.text
    assert guess(1, "203.0.113.6").status_code == 404
