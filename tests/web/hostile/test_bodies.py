"""Hostile requests: every call answers with a problem, never with a failure, and the database takes what it is given."""

from __future__ import annotations

from typing import Any

from tests.web.hostile.test_expressions import PATIENCE, works
from tests.web.office import Office

# Bodies as bytes, because no honest client would write them.
BROKEN = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"5",
    b'"text"',
    b"true",
    b"NaN",
    b"\xff\xfe\x00",
    b'{"variables": NaN}',
    b'{"variables": {"a": 1e999}}',
    b'{"variables": {"a": ' + b"9" * 5_000 + b"}}",
    b'{"variables": {"a": -99999999999999999999}}',
    b'{"variables": {"a": "\\ud800"}}',
    b'{"variables": {"a": "\xed\xa0\x80"}}',
    b'{"variables": {"a": "\\u0000"}}',
    b'{"variables": {"\\u0000": 1}}',
    b'{"variables": {"\\ud800": 1}}',
    b'{"variables": {"": 1, "__proto__": {"x": 1}, "constructor": 2, "typename": 3}}',
    b'{"variables": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}",
    b'{"variables": {"a": ' + b"[" * 90 + b"]" * 90 + b"}}",
    b"[" * 200_000 + b"]" * 200_000,
    b'{"variables": {"a": "' + b"x" * 5_000_000 + b'"}}',
    b'{"variables": {"' + b"k" * 100_000 + b'": 1}}',
    b'{"variables": {"a": "\\u202e<script>"}, "variables": {"b": 1}}',
    b'{"variables": []}',
    b'{"variables": "x"}',
    b'{"variables": null}',
    b'{"variables": {}, "unheard": 1}',
    b'{"variables": {}, "revision": "x"}',
    b'{"variables": {}, "revision": -1}',
    b'{"variables": {}, "revision": 1e99}',
    b'{"variables": {}, "revision": 99999999999999999999}',
    b'{"businessKey": 5}',
    b'{"businessKey": ["a"]}',
    b'{"businessKey": "\\u0000"}',
    b'{"businessKey": "' + b"x" * 10_000 + b'"}',
    b'{"name": "news", "correlation": {"a": {"b": [1e308, -0.0, 1e-320]}}, "all": 7}',
    b'{"name": "\\u0000", "correlation": {"a": 1}}',
    b'{"name": "' + b"x" * 10_000 + b'", "correlation": {"a": 1}}',
    b'{"name": "news", "correlation": {"\\ud800": 1}, "keep": true}',
    b'{"name": "news", "correlation": {"a": "' + b"x" * 100_000 + b'"}, "keep": true}',
    b'{"name": "news", "correlation": {"a": 9223372036854775808}, "keep": true}',
    b'{"name": "news", "businessKey": "' + b"x" * 300 + b'", "keep": true}',
    b'{"assignee": "\\u0000"}',
    b'{"assignee": {"a": 1}}',
    b'{"assignee": "' + b"x" * 10_000 + b'"}',
    b'{"reason": "\\ud800"}',
    b'{"now": "9999-12-31T23:59:59+08:00x"}',
    b'{"now": "0001-01-01T00:00:00+14:00"}',
    b'{"now": 1e999}',
    b'{"username": "\\u0000", "password": "\\ud800"}',
]
POSTS = [
    "process-definitions/key/honest/start",
    "process-definitions/{definition}/start",
    "tasks/{task}/complete",
    "tasks/{task}/claim",
    "tasks/{task}/unclaim",
    "tasks/{task}/assign",
    "tasks/{task}/delegate",
    "process-instances/{instance}/suspend",
    "process-instances/{instance}/resume",
    "messages",
    "decision-definitions/key/none/evaluate",
    "incidents/none/retry",
    "deployments/none/activate",
    "tokens",
]
PUTS = ["tasks/{task}/draft", "clock"]


def test_no_body_breaks_a_call(both: Office) -> None:
    office = both
    for method, paths in (("POST", POSTS), ("PUT", PUTS)):
        for path in paths:
            instance = office.owner.start("honest")
            place = {
                "instance": instance,
                "task": office.ann.task(instance, "t"),
                "definition": office.owner.get("process-definitions", key="honest")["items"][0]["id"],
            }
            program = office.ann if path.startswith("tasks/") else office.admin if path == "clock" else office.owner
            for body in BROKEN:
                answer = program.raw(method, path.format(**place), data=body, content_type="application/json")
                assert answer.status_code < 500
                assert office.slowest < PATIENCE, (path, body[:60])
    works(office)


def test_what_no_database_keeps_is_refused_and_what_json_can_say_is_kept(both: Office) -> None:
    office = both
    instance = office.owner.start("honest")
    path = f"tasks/{office.ann.task(instance, 't')}/complete"
    for body in (
        b'{"variables": {"a": "\\u0000"}}',
        b'{"variables": {"a": "\\ud800"}}',
        b'{"variables": {"\\u0000": 1}}',
        b'{"variables": {"a": NaN}}',
        b'{"variables": {"a": Infinity}}',
        b"\xff",
    ):
        assert office.ann.raw("POST", path, data=body, content_type="application/json").status_code in (400, 422)
    kept: dict[str, Any] = {
        "文": "青海 \U0001f600 \u202e \x7f",
        "float": 0.1,
        "small": 1e-300,
        "large": 2**53,
        "negative": -(2**62),
        "nothing": None,
        "list": [[], {}, [None, False, ""]],
        "": "no name",
        "a.b[c]": {"__proto__": 1, "typename": "x"},
        "long": "x" * 200_000,
    }
    office.ann.post(path, {"variables": kept})
    assert office.owner.variables(instance) == kept


QUERIES = [
    {"firstResult": "x"},
    {"firstResult": "9" * 400},
    {"maxResults": "-1"},
    {"maxResults": "1e9"},
    {"sortBy": "id; drop table task"},
    {"sortBy": "\x00"},
    {"sortOrder": "\x00"},
    {"q": "\x00"},
    {"q": "%" * 300},
    {"q": "'; drop table task; --"},
    {"q": "\\"},
    {"assignee": "\x00"},
    {"processInstanceId": "\x00"},
    {"processInstanceId": "x" * 10_000},
    {"definitionKey": "\ufffe"},
    {"businessKey": "\x00"},
    {"dueBefore": "2026"},
    {"dueBefore": "0001-01-01T00:00:00+14:00"},
    {"dueBefore": "9999-12-31T23:59:59-14:00"},
    {"mine": "perhaps"},
    {"overdue": "2"},
    {"state": "\x00"},
    {"active": "[]"},
    {"unheard": "of"},
]
PLACES = [
    "\x00",
    "%00",
    "x" * 3_000,
    "..",
    "%2e%2e",
    "'",
    '"',
    "\ud7ff",
    "%ed%a0%80",
    "%ff",
    "0",
    "-1",
    "null",
    "{id}",
    "a%0d%0ab",
]


def test_no_query_breaks_a_list(both: Office) -> None:
    office = both
    office.owner.start("honest", business_key="100%_\\")
    for path in ("tasks", "process-instances", "process-definitions", "deployments", "incidents"):
        for query in QUERIES:
            assert office.owner.raw("GET", path, query_string=query).status_code in (200, 400, 422), (path, query)
    assert office.owner.get("process-instances", q="100%")["total"] == 1
    assert office.owner.get("process-instances", q="100x")["total"] == 0
    works(office)


def test_no_address_breaks_a_call(both: Office) -> None:
    office = both
    for place in PLACES:
        for path in (
            "tasks/{}",
            "tasks/{}/form",
            "process-instances/{}",
            "process-instances/{}/events",
            "process-definitions/{}",
            "process-definitions/{}/xml",
            "process-definitions/{}/statistics",
            "deployments/{}",
            "attachments/{}",
        ):
            assert office.owner.raw("GET", path.format(place)).status_code in (400, 404, 308), (path, place)
        for path in ("process-definitions/key/{}/start", "decision-definitions/key/{}/evaluate", "tasks/{}/complete"):
            assert office.owner.raw("POST", path.format(place), json={}).status_code in (400, 404, 405, 308), (
                path,
                place,
            )
    works(office)


def test_headers_are_only_headers(office: Office) -> None:
    for headers in (
        {"Authorization": "Bearer " + "x" * 100_000},
        {"Authorization": "Bearer \xff\xfe"},
        {"Authorization": "Bearer"},
        {"Accept-Language": "x" * 10_000},
        {"Accept-Language": "../../etc,en;q=nan"},
        {"Accept": "image/png"},
        {"Content-Type": "application/json; charset=utf-7"},
        {"Content-Type": "\xff"},
        {"Host": "evil.example.org"},
        {"X-HTTP-Method-Override": "DELETE"},
        {"Idempotency-Key": "\xff"},
    ):
        answer = office.ann.raw("POST", "tasks/none/complete", data=b"{}", headers=headers)
        assert answer.status_code in (400, 401, 404, 415, 422), headers
    works(office)
