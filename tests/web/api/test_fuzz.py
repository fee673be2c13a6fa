"""Whatever a caller sends to whatever route: never 500, always a problem document, nothing of the inside in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.engine import Engine
from tests.conftest import MakeEngine
from tests.web.api.conftest import API, Caller, peopled


@pytest.fixture
def engine_(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Engine:
    """On both databases: they refuse different things."""
    return peopled(make_engine, database_url, tmp_path)


NASTY = [
    "x",
    "",
    "0",
    "-1",
    "null",
    "%00",
    "%ff%fe",
    "..%2f..%2fetc%2fpasswd",
    "' OR 1=1 --",
    "${7*7}",
    "{{7*7}}",
    "=now()",
    "a" * 3000,
    "\u202e",
    "😀",
    "0001-01-01T00:00:00%2B08:00",
    "9999-12-31T23:59:59-12:00",
    "99999999999999999999",
    "00000000-0000-0000-0000-000000000000",
]

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**62),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(NASTY[:12]),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)
NAMES = (
    "variables",
    "businessKey",
    "name",
    "correlation",
    "keep",
    "all",
    "revision",
    "assignee",
    "reason",
    "now",
    "username",
    "password",
    "group",
    "scope",
    "memberships",
)
bodies = st.one_of(values, st.dictionaries(st.sampled_from(NAMES), values, max_size=5))
queries = st.dictionaries(
    st.sampled_from(
        ["firstResult", "maxResults", "sortBy", "sortOrder", "mine", "overdue", "dueBefore", "q", "state", "kind", "x"]
    ),
    st.one_of(st.sampled_from(NASTY), st.text(max_size=20), st.integers().map(str)),
    max_size=4,
)


def routes(app: Flask) -> list[tuple[str, str]]:
    return sorted(
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(API)
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}
    )


def holds(answer: Any, what: object) -> None:
    assert answer.status_code < 500, (what, answer.status_code, answer.text)
    if answer.status_code >= 400:
        assert answer.content_type == "application/problem+json", what
        assert answer.json["status"] == answer.status_code
        assert {"title", "code", "detail"} <= answer.json.keys()
        assert not re.search(r"Traceback|sqlalchemy|sqlite3|psycopg|File \"", answer.text), what


def test_nasty_text_in_every_place_of_an_address(app: Flask, caller: Callable[..., Caller]) -> None:
    admin = caller("admin")
    for nasty, (method, rule) in product(NASTY, routes(app)):
        path = re.sub(r"<[^>]+>", nasty or "%20", rule)
        holds(admin(method, path, json={} if method != "GET" else None), (method, path))
        if method == "GET":
            holds(admin.get(f"{path}?q={nasty}&sortBy={nasty}&dueBefore={nasty}"), (method, path))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_json_to_any_route(app: Flask, caller: Callable[..., Caller], data: st.DataObject) -> None:
    if not hasattr(app, "fuzzer"):
        app.fuzzer = caller("owner")  # type: ignore[attr-defined]
    method, rule = data.draw(st.sampled_from([r for r in routes(app) if r[0] != "GET"]))
    path = re.sub(r"<[^>]+>", "x", rule)
    body = data.draw(bodies)
    # The standard library writes what a strict reader refuses: NaN, endless numbers, half characters.
    sent = app.fuzzer(method, path, data=json.dumps(body), content_type="application/json")  # type: ignore[attr-defined]
    holds(sent, (method, path, body))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_query_to_any_list(app: Flask, caller: Callable[..., Caller], data: st.DataObject) -> None:
    if not hasattr(app, "fuzzer"):
        app.fuzzer = caller("admin")  # type: ignore[attr-defined]
    _, rule = data.draw(st.sampled_from([r for r in routes(app) if r[0] == "GET" and "<" not in r[1]]))
    query = data.draw(queries)
    holds(app.fuzzer.get(rule, query_string=query), (rule, query))  # type: ignore[attr-defined]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=60),
    kind=st.sampled_from(["application/json", "multipart/form-data; boundary=x", "text/xml", ""]),
)
def test_any_bytes(app: Flask, caller: Callable[..., Caller], body: bytes, kind: str) -> None:
    if not hasattr(app, "fuzzer"):
        app.fuzzer = caller("owner")  # type: ignore[attr-defined]
    for path in ("messages", "attachments", "deployments", "tokens"):
        holds(app.fuzzer.post(path, data=body, content_type=kind), (path, body, kind))  # type: ignore[attr-defined]


HEADERS = [
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer "},
    {"Authorization": "Basic eDp4"},
    {"Authorization": "Bearer \x80\xff"},
    {"Accept-Language": "*;q=x,,;"},
    {"Accept": "image/png"},
    {"Content-Type": ";;;"},
    {"Idempotency-Key": "\x80"},
    {"Cookie": "zhiping=\xff; __Host-zhiping=; lang=xx"},
    {"Range": "bytes=-1-0"},
    {"X-HTTP-Method-Override": "DELETE"},
    {"Host": "evil.example:99999"},
]


def test_strange_headers(caller: Callable[..., Caller]) -> None:
    wang = caller("wang")
    for header, (method, path) in product(HEADERS, (("GET", "me"), ("GET", "tasks"), ("POST", "messages"))):
        holds(wang(method, path, headers=header, json={"name": "x"} if method == "POST" else None), (path, header))
