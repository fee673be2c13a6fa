"""What holds for every call: who asks, in which language, in which shape, and asking twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.web.office import Office
from tests.web.program import PASSWORD, diagram, flows, is_chinese

FILES = {
    "again.bpmn": diagram(
        "again", '<bpmn:startEvent id="s"/><bpmn:userTask id="t"/><bpmn:endEvent id="e"/>' + flows("s", "t", "e")
    )
}


def test_a_token_is_traded_for_a_password(office: Office) -> None:
    nobody = office.program(None)
    answer = nobody.post("tokens", {"username": "ann", "password": PASSWORD}, expect=201)
    assert set(answer) == {"token", "expiresAt"}
    assert datetime.fromisoformat(answer["expiresAt"]).tzinfo is not None
    headers = {"Authorization": f"Bearer {answer['token']}"}
    assert nobody.call("GET", "tasks", headers=headers)["total"] == 0


def test_a_wrong_password_is_401_and_says_nothing_more(office: Office) -> None:
    nobody = office.program(None)
    one = nobody.post("tokens", {"username": "ann", "password": "wrong"}, expect=401)
    other = nobody.post("tokens", {"username": "no-such-person", "password": "wrong"}, expect=401)
    assert one == other
    for body in ({}, {"username": "ann"}, {"username": 5, "password": []}, {"username": "ann", "password": None}):
        nobody.post("tokens", body, expect=422)


CALLS = [
    ("POST", "deployments"),
    ("GET", "deployments"),
    ("POST", "deployments/x/activate"),
    ("GET", "process-definitions"),
    ("GET", "process-definitions/x"),
    ("GET", "process-definitions/x/xml"),
    ("GET", "process-definitions/x/statistics"),
    ("POST", "process-definitions/x/start"),
    ("POST", "process-definitions/key/simple/start"),
    ("GET", "process-instances"),
    ("GET", "process-instances/x"),
    ("GET", "process-instances/x/events"),
    ("POST", "process-instances/x/suspend"),
    ("POST", "process-instances/x/resume"),
    ("POST", "process-instances/x/cancel"),
    ("GET", "tasks"),
    ("GET", "tasks/x"),
    ("GET", "tasks/x/form"),
    ("PUT", "tasks/x/draft"),
    ("POST", "tasks/x/claim"),
    ("POST", "tasks/x/unclaim"),
    ("POST", "tasks/x/assign"),
    ("POST", "tasks/x/delegate"),
    ("POST", "tasks/x/complete"),
    ("POST", "attachments"),
    ("GET", "attachments/x"),
    ("POST", "messages"),
    ("POST", "decision-definitions/key/fee/evaluate"),
    ("GET", "incidents"),
    ("POST", "incidents/x/retry"),
    ("GET", "clock"),
    ("PUT", "clock"),
]


def test_nobody_gets_nothing(office: Office) -> None:
    for method, path in CALLS:
        for headers in ({}, {"Authorization": "Bearer zp_wrong"}, {"Authorization": "Basic YW5uOmFubg=="}):
            body = {"json": {}} if method != "GET" and path not in ("deployments", "attachments") else {}
            answer = office.program(None).raw(method, path, headers=headers, **body)
            assert answer.status_code == 401, (method, path, headers)


def test_problems_speak_the_callers_language(office: Office) -> None:
    for language, chinese in ((None, True), ("zh-CN", True), ("en", False), ("en-GB,en;q=0.9,zh;q=0.1", False)):
        problem = office.program("ann", language).get("tasks/x", expect=404)
        assert is_chinese(problem["title"]) is chinese
        assert is_chinese(problem["detail"]) is chinese
        assert problem["code"].isascii()


def test_unknown_addresses_and_methods_are_problems(office: Office) -> None:
    office.ann.get("no-such-address", expect=404)
    office.ann.call("DELETE", "tasks", expect=405)
    office.ann.call("PATCH", "clock", expect=405)


# Asking twice


def test_the_same_key_gives_the_same_answer_and_one_effect(office: Office) -> None:
    body = {"variables": {"n": 1}, "businessKey": "I-1"}
    headers = {"Idempotency-Key": "start-1"}
    first, second = (
        office.owner.post("process-definitions/key/simple/start", body, expect=201, headers=headers) for _ in range(2)
    )
    assert first == second
    assert office.owner.get("process-instances")["total"] == 1
    without = office.owner.post("process-definitions/key/simple/start", body, expect=201)
    assert without["id"] != first["id"]


def test_the_same_key_with_another_body_is_422(office: Office) -> None:
    headers = {"Idempotency-Key": "start-1"}
    path = "process-definitions/key/simple/start"
    office.owner.post(path, {"variables": {"n": 1}}, expect=201, headers=headers)
    office.owner.post(path, {"variables": {"n": 2}}, expect=422, headers=headers)
    office.owner.post(path, expect=422, headers=headers)
    assert office.owner.get("process-instances")["total"] == 1


def test_a_key_belongs_to_one_user_and_one_route(office: Office) -> None:
    headers = {"Idempotency-Key": "mine"}
    path = "process-definitions/key/simple/start"
    ids = {
        office.owner.post(path, {}, expect=201, headers=headers)["id"],
        office.ann.post(path, {}, expect=201, headers=headers)["id"],
        office.owner.post("process-definitions/key/both/start", {}, expect=201, headers=headers)["id"],
    }
    assert len(ids) == 3


def test_a_key_is_kept_for_a_day(office: Office) -> None:
    headers = {"Idempotency-Key": "daily"}
    path = "process-definitions/key/simple/start"
    first = office.owner.post(path, {}, expect=201, headers=headers)["id"]
    office.pass_(hours=23, minutes=59)
    assert office.owner.post(path, {}, expect=201, headers=headers)["id"] == first


def test_a_refused_request_does_not_use_its_key_up(office: Office) -> None:
    instance = office.owner.start("formed")
    path = f"tasks/{office.ann.task(instance, 'fill')}/complete"
    headers = {"Idempotency-Key": "form"}
    office.ann.post(path, {"variables": {}}, expect=422, headers=headers)
    office.ann.post(path, {"variables": {"applicant": "甲"}}, headers=headers)


def test_completing_twice_with_one_key_is_no_conflict(office: Office) -> None:
    instance = office.owner.start("simple")
    path = f"tasks/{office.ann.task(instance, 'check')}/complete"
    headers = {"Idempotency-Key": "done"}
    first = office.ann.post(path, {"variables": {"n": 1}}, headers=headers)
    assert office.ann.post(path, {"variables": {"n": 1}}, headers=headers) == first
    office.ann.post(path, {"variables": {"n": 1}}, expect=409)


def test_every_kind_of_change_knows_its_repetition(office: Office) -> None:
    def twice(program: Any, path: str, body: Any, status: int = 200) -> Any:
        headers = {"Idempotency-Key": "k"}
        first = program.call("POST", path, body, expect=status, headers=headers)
        assert program.call("POST", path, body, expect=status, headers=headers) == first
        return first

    headers = {"Idempotency-Key": "upload"}
    deployed = office.owner.upload(FILES, headers=headers)
    assert office.owner.upload(FILES, headers=headers) == deployed
    assert office.owner.get("deployments", state="candidate")["total"] == 1
    twice(office.program("process_owner2"), f"deployments/{deployed['id']}/activate", None)
    receiver = office.owner.start("receiver", number=1)
    other = office.owner.start("receiver", number=1)
    twice(office.owner, "messages", {"name": "news", "correlation": {"number": 1}})
    assert sum(bool(office.ann.tasks(each)) for each in (receiver, other)) == 1
    instance = office.owner.start("simple")
    task = office.ann.task(instance, "check")
    for action, body in (("claim", None), ("unclaim", None), ("claim", None), ("delegate", {"assignee": "ben"})):
        office.ann.post(f"tasks/{task}/{action}", body)
    twice(office.owner, f"tasks/{task}/assign", {"assignee": "ann"})
    for action in ("suspend", "resume", "cancel"):
        twice(office.owner, f"process-instances/{instance}/{action}", {} if action == "resume" else {"reason": "x"})
    broken = office.owner.start("late", deadline="2026-05-01")
    (incident,) = office.owner.look(broken)["incidents"]
    twice(office.owner, f"incidents/{incident['id']}/retry", None)
    assert office.owner.look(broken)["incidents"][0]["attempts"] == 2


def test_a_key_that_is_none_is_refused(office: Office) -> None:
    for key in ("", "x" * 1000, "ключ", "a\tb"):
        headers = {"Idempotency-Key": key.encode().decode("latin-1")}
        office.owner.post("process-definitions/key/simple/start", {}, expect=422, headers=headers)


# The documents


def test_the_openapi_document_describes_the_contract(office: Office) -> None:
    document = office.program(None).get("openapi.json")
    assert document["openapi"].startswith("3.")
    paths = {path.removeprefix("/api/v1"): set(methods) for path, methods in document["paths"].items()}
    assert paths["/tokens"] >= {"post"}
    assert paths["/deployments"] >= {"get", "post"}
    assert paths["/tasks/{task_id}/complete"] >= {"post"}
    assert paths["/clock"] >= {"get", "put"}
    for path, methods in paths.items():
        declared = {part[1:-1] for part in path.split("/") if part.startswith("{")}
        whole = document["paths"].get(f"/api/v1{path}") or document["paths"][path]
        named = {each["name"] for each in whole.get("parameters", []) if each["in"] == "path"}
        for method in methods & {"get", "post", "put", "delete"}:
            operation = whole[method]
            inner = {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
            assert named | inner == declared, path
            assert operation["responses"], path
    check_references(document, document)


def check_references(value: Any, document: Any) -> None:
    """Every `$ref` leads somewhere."""
    if isinstance(value, list):
        for each in value:
            check_references(each, document)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key == "$ref":
                found = document
                for part in each.removeprefix("#/").split("/"):
                    found = found[part]
            else:
                check_references(each, document)


def test_health_and_metrics_need_no_account(office: Office) -> None:
    nobody = office.program(None)
    assert nobody.raw("GET", "/healthz").status_code == 200
    assert nobody.raw("GET", "/readyz").status_code == 200
    metrics = nobody.raw("GET", "/metrics")
    assert metrics.status_code == 200
    assert metrics.mimetype == "text/plain"
    assert "# TYPE" in metrics.text
