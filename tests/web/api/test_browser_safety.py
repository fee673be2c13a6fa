"""Cookies, forged requests, headers, and forms that outlive a lost login."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from werkzeug.test import TestResponse

from engine.engine import Engine
from engine.identity.accounts import SetPassword
from engine.identity.memberships import GrantMembership
from engine.registry import Membership
from tests.unit.identity.conftest import PASSWORD, Wall
from tests.web.api.conftest import Caller
from web.security import SAFE_METHODS, current_actor, kept_fields, login_required, safe_path

TYPED = {"reason": "因为……\n第二行", "rows[0].name": "张三", "rows[1].name": "<b>李四</b>"}


def page() -> ResponseReturnValue:
    typed = kept_fields()
    return {"who": current_actor().username, "typed": list(typed.items(multi=True)) if typed else None}  # type: ignore[union-attr]


def send() -> ResponseReturnValue:
    return {"sent": sorted(request.form)}


@pytest.fixture
def form_app(app: Flask) -> Flask:
    """A page with a form, as the tasks have one: `/case/1` shows it, `/case/1/send` takes it."""
    app.add_url_rule("/case/<number>", "case", login_required(lambda number: page()))
    guarded = login_required(back="case")(lambda number: send())
    app.add_url_rule("/case/<number>/send", "send_case", guarded, methods=["POST"])
    app.add_url_rule("/secret", "secret", login_required(keep=False)(lambda: send()), methods=["POST"])
    return app


def hidden(answer: TestResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.text)
    assert found is not None, answer.text
    return unescape(found.group(1))


def enter(client: FlaskClient, username: str = "wang", password: str = PASSWORD, **fields: str) -> TestResponse:
    shown = client.get("/login")
    token = hidden(shown, "csrf_token") if shown.status_code == 200 else token_of(client)
    return client.post("/login", data={"csrf_token": token, "username": username, "password": password, **fields})


def token_of(client: FlaskClient) -> str:
    """The token a page of this session carries."""
    return hidden(client.get("/password"), "csrf_token")


@pytest.fixture
def browser(form_app: Flask) -> FlaskClient:
    client = form_app.test_client()
    assert enter(client).status_code == 303
    return client


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(app: Flask) -> None:
    cookie = next(c for c in enter(app.test_client()).headers.getlist("Set-Cookie") if c.startswith("zhiping="))
    for mark in ("HttpOnly", "SameSite=Lax", "Path=/"):
        assert mark in cookie
    assert "Domain" not in cookie


def test_over_https_the_cookie_is_bound_to_the_host(app: Flask) -> None:
    client = app.test_client()
    base = "https://zhiping.example"
    login = client.get("/login", base_url=base)
    data = {"csrf_token": hidden(login, "csrf_token"), "username": "wang", "password": PASSWORD}
    answer = client.post("/login", data=data, base_url=base)
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("__Host-zhiping="))
    assert "Secure" in cookie
    assert "Domain" not in cookie
    assert "max-age=" in answer.headers["Strict-Transport-Security"]


def test_a_login_changes_the_session_key(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie("zhiping", "chosen-by-somebody-else")
    enter(client)
    first = client.get_cookie("zhiping").value  # type: ignore[union-attr]
    enter(client)
    second = client.get_cookie("zhiping").value  # type: ignore[union-attr]
    assert len({"chosen-by-somebody-else", first, second}) == 3


@pytest.mark.parametrize("path", ["/login", "/nothing", "/api/v1/me", "/healthz", "/"])
def test_every_answer_is_guarded(app: Flask, path: str) -> None:
    headers = app.test_client().get(path).headers
    policy = headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        assert part in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "http://localhost"}, 200),
        ({}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
    ],
)
def test_changes_come_from_our_own_pages(browser: FlaskClient, headers: dict[str, str], status: int) -> None:
    data = {"csrf_token": token_of(browser), **TYPED}
    assert browser.post("/case/1/send", data=data, headers=headers).status_code == status


@pytest.mark.parametrize("token", [None, "", "zz", "00" * 32, "00" * 16, "ä"])
def test_without_the_token_nothing_is_done(browser: FlaskClient, token: str | None) -> None:
    data = dict(TYPED) if token is None else {"csrf_token": token, **TYPED}
    answer = browser.post("/case/1/send", data=data)
    assert answer.status_code in (303, 403)
    assert "sent" not in answer.text


def test_the_token_of_another_session_does_not_count(form_app: Flask, browser: FlaskClient) -> None:
    other = form_app.test_client()
    enter(other, "li")
    stranger = other.post("/case/1/send", data={"csrf_token": token_of(browser), **TYPED})
    assert "sent" not in stranger.text


def test_the_token_looks_different_every_time_and_stays_good(browser: FlaskClient) -> None:
    first, second = token_of(browser), token_of(browser)
    assert first != second
    for token in (first, second):
        assert browser.post("/case/1/send", data={"csrf_token": token, **TYPED}).status_code == 200


def test_scripts_send_the_token_as_a_header(browser: FlaskClient) -> None:
    token = token_of(browser)
    wanted = {"name": "nobody waits for this"}
    assert browser.post("/api/v1/messages", json=wanted).status_code == 403
    assert browser.post("/api/v1/messages", json=wanted, headers={"X-CSRF-Token": token}).json["code"] != "CSRF"


def test_the_login_form_itself_needs_the_browsers_token(app: Flask) -> None:
    client = app.test_client()
    answer = client.post("/login", data={"username": "wang", "password": PASSWORD})
    assert answer.status_code == 403
    assert client.get_cookie("zhiping") is None


def test_a_login_page_left_open_still_works_after_a_login_elsewhere(app: Flask) -> None:
    client = app.test_client()
    token = hidden(client.get("/login"), "csrf_token")
    enter(client)
    data = {"csrf_token": token, "username": "wang", "password": PASSWORD}
    assert client.post("/login", data=data).status_code == 303


def test_every_unsafe_route_wants_a_token_or_a_login(app: Flask, browser: FlaskClient) -> None:
    """Whatever route is added later: with a session and no token it changes nothing; with neither it asks for a login."""
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - SAFE_METHODS:
            path = re.sub(r"<[^>]+>", "x", rule.rule)
            if getattr(app.view_functions[rule.endpoint], "no_session", False):
                continue
            with_session = browser.open(path, method=method, json={})
            assert with_session.status_code == 403, (method, path, with_session.text)
            stranger = app.test_client().open(path, method=method, json={})
            assert stranger.status_code in (303, 401, 403), (method, path, stranger.text)


def test_a_form_sent_after_the_login_expired_comes_back_whole(browser: FlaskClient, wall: Wall) -> None:
    token = token_of(browser)
    wall.pass_(minutes=31)
    lost = browser.post("/case/1/send", data={"csrf_token": token, **TYPED})
    assert lost.status_code == 401
    kept = hidden(lost, "kept")
    assert "张三" not in lost.text  # sealed, not merely hidden
    again = enter(browser, kept=kept, next=hidden(lost, "next"))
    assert again.status_code == 303
    shown = browser.get(again.location).json
    assert again.location.startswith("/case/1?kept=")
    assert dict(shown["typed"]) == TYPED
    assert dict(browser.get(again.location).json["typed"]) == TYPED  # a reload shows it again


def test_a_wrong_password_in_between_does_not_lose_it(browser: FlaskClient, wall: Wall) -> None:
    token = token_of(browser)
    wall.pass_(minutes=31)
    lost = browser.post("/case/1/send", data={"csrf_token": token, **TYPED})
    wrong = enter(browser, password="wrong password", kept=hidden(lost, "kept"), next=hidden(lost, "next"))
    again = enter(browser, kept=hidden(wrong, "kept"), next=hidden(wrong, "next"))
    assert dict(browser.get(again.location).json["typed"]) == TYPED


def test_somebody_else_who_logs_in_does_not_get_it(browser: FlaskClient, wall: Wall) -> None:
    token = token_of(browser)
    wall.pass_(minutes=31)
    lost = browser.post("/case/1/send", data={"csrf_token": token, **TYPED})
    other = enter(browser, "li", kept=hidden(lost, "kept"), next=hidden(lost, "next"))
    assert other.location == "/case/1"
    assert browser.get(other.location).json == {"who": "li", "typed": None}


def test_a_kept_form_is_shown_to_nobody_else_and_on_no_other_page(
    form_app: Flask, browser: FlaskClient, wall: Wall
) -> None:
    token = token_of(browser)
    wall.pass_(minutes=31)
    lost = browser.post("/case/1/send", data={"csrf_token": token, **TYPED})
    location = enter(browser, kept=hidden(lost, "kept")).location
    assert browser.get(location.replace("/case/1", "/case/2")).json["typed"] is None
    other = form_app.test_client()
    enter(other, "li")
    assert other.get(location).json["typed"] is None
    wall.pass_(days=1)
    enter(browser)
    assert browser.get(location).json["typed"] is None


@pytest.mark.parametrize("kept", ["", "x", "A" * 500, "ä" * 40])
def test_a_forged_kept_form_is_ignored(browser: FlaskClient, kept: str) -> None:
    assert enter(browser, kept=kept, next="/case/1").location == "/case/1"


def test_a_new_login_in_another_tab_does_not_lose_the_form(browser: FlaskClient) -> None:
    token = token_of(browser)
    enter(browser)
    answer = browser.post("/case/1/send", data={"csrf_token": token, **TYPED})
    assert answer.status_code == 303
    assert dict(browser.get(answer.location).json["typed"]) == TYPED


def test_a_form_with_passwords_is_never_kept(browser: FlaskClient, wall: Wall) -> None:
    token = token_of(browser)
    wall.pass_(minutes=31)
    answer = browser.post("/secret", data={"csrf_token": token, "pin": "1234"})
    assert answer.status_code == 303
    assert answer.location.startswith("/login?next=")


def test_a_script_without_login_gets_401_in_json(form_app: Flask) -> None:
    answer = form_app.test_client().post("/case/1/send", data=TYPED, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["code"]) == (401, "LOGIN_NEEDED")


@pytest.mark.parametrize("change", ["password", "membership"])
def test_a_change_of_the_account_ends_the_session_at_once(
    engine_: Engine, browser: FlaskClient, wall: Wall, change: str
) -> None:
    assert browser.get("/case/1").status_code == 200
    if change == "password":
        engine_.run(SetPassword(username="wang", actor=None, at=wall.now()))
    else:
        engine_.run(GrantMembership(username="wang", membership=Membership("x"), actor=None, at=wall.now()))
    assert browser.get("/case/1").status_code == 303


def test_a_handed_out_password_opens_only_its_own_change(engine_: Engine, form_app: Flask, wall: Wall) -> None:
    handed = engine_.run(SetPassword(username="wang", actor=None, at=wall.now()))["one_time_password"]
    client = form_app.test_client()
    enter(client, password=handed)
    assert client.get("/case/1").location == "/password"
    assert client.get("/api/v1/me").json["code"] == "PASSWORD_MUST_CHANGE"
    new = "a better password"
    data = {"csrf_token": token_of(client), "current": handed, "new": new, "again": new}
    assert client.post("/password", data=data).status_code == 303
    assert client.get("/case/1").json["who"] == "wang"


def test_the_session_idles_out_and_lives_on_when_used(browser: FlaskClient, wall: Wall) -> None:
    for _ in range(5):
        wall.pass_(minutes=20)
        assert browser.get("/case/1").status_code == 200
    wall.pass_(minutes=30)
    assert browser.get("/case/1").status_code == 303


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("/work?x=1", "/work?x=1"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\nb", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_after_login_one_stays_here(given: str | None, path: str) -> None:
    assert safe_path(given) == path


def test_logging_out_ends_the_session_for_its_cookie_too(browser: FlaskClient) -> None:
    stolen = browser.get_cookie("zhiping").value  # type: ignore[union-attr]
    browser.post("/logout", data={"csrf_token": token_of(browser)})
    assert browser.get("/case/1").status_code == 303
    browser.set_cookie("zhiping", stolen)
    assert browser.get("/case/1").status_code == 303


def test_a_bearer_token_needs_no_cookie_and_a_wrong_one_is_401(caller: Callable[..., Caller]) -> None:
    wang: Any = caller("wang")
    assert wang.get("me").json == {"username": "wang", "name": "Wang", "memberships": [{"group": "hr", "scope": None}]}
    wang.token = "zp_wrong"
    assert (wang.get("me").status_code, wang.get("me").json["code"]) == (401, "TOKEN_INVALID")
    assert caller().get("me").status_code == 401


def test_a_wrong_token_does_not_fall_back_to_the_cookie(browser: FlaskClient) -> None:
    assert browser.get("/api/v1/me").status_code == 200
    assert browser.get("/api/v1/me", headers={"Authorization": "Bearer wrong"}).status_code == 401
