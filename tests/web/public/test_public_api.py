"""The public JSON API: exactly the fields that R-150 allows, objections as JSON or with files, once per key."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from engine import replies
from engine.clock import FixedClock
from engine.identity import throttle
from engine.identity.tables import login_attempt
from engine.store.tables import idempotency
from processes.register.notice_tables import publicity_item
from processes.register.objection_tables import objection
from tests.process.province import Province
from tests.web.public.conftest import CLOSES, HOSTILE, LEE, PICTURE, Publish, Wall

API = "/api/v1/public"
TEXT = "其学历证书的编号与学校公布的名单不一致，请核实。"
BODY = {"item": 1, "grounds": ["education"], "text": TEXT}


@pytest.fixture
def get(app: Flask) -> Any:
    client = app.test_client(use_cookies=False)

    def ask(path: str, expect: int = 200, **query: Any) -> Any:
        answer = client.get(f"{API}/{path}", query_string=query)
        assert answer.status_code == expect, answer.text
        return answer.json

    return ask


@pytest.fixture
def post(app: Flask) -> Any:
    client = app.test_client(use_cookies=False)

    def send(notice: str, body: Any = None, expect: int = 201, key: str | None = None, **sent: Any) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        given = {"data": sent, "content_type": "multipart/form-data"} if body is None else {"json": body}
        answer = client.post(f"{API}/notices/{notice}/objections", headers=headers, **given)
        assert answer.status_code == expect, answer.text
        if expect >= 400:
            assert answer.mimetype == "application/problem+json"
        return answer.json

    return send


def test_policies_are_listed_page_by_page(get: Any) -> None:
    page = get("policies", maxResults=5)
    assert (page["total"], len(page["items"])) == (12, 5)
    assert set(page["items"][0]) == {
        "id",
        "docNo",
        "title",
        "issuers",
        "level",
        "issuedYear",
        "issuedOn",
        "effectiveOn",
        "repealedOn",
        "inForce",
        "fictional",
        "summary",
    }
    assert len(get("policies", firstResult=10)["items"]) == 2


def test_notices_show_the_allowed_fields_and_no_other(province: Province, publish: Publish, get: Any) -> None:
    notice, unit = publish(LEE, HOSTILE), publish(scope="unit")
    quota = publish(kind="quota", title="岗位数额公示")
    with (
        province.engine.store.transaction() as connection
    ):  # what must never stand in a row is not told even if it does
        shown = {"name": "甲", "unit": "乙", "id_no": "630102199001011234", "phone": "13000000001", "hold": True}
        connection.execute(
            update(publicity_item)
            .where(publicity_item.c.notice_id == notice, publicity_item.c.position == 2)
            .values(shown=shown, hold=True)
        )
    page = get("notices")
    assert {one["id"] for one in page["items"]} == {notice, quota}
    assert set(page["items"][0]) == {"id", "kind", "title", "publishedAt", "closesAt", "state", "itemCount"}
    assert [one["id"] for one in get("notices", kind="quota")["items"]] == [quota]
    get("notices", expect=422, kind="nonsense")
    one = get(f"notices/{notice}")
    assert set(one) == {
        "id",
        "kind",
        "title",
        "body",
        "contactPhone",
        "contactEmail",
        "publishedAt",
        "closesAt",
        "objectionsUntil",
        "minWorkdays",
        "state",
        "contentHash",
        "itemCount",
        "namesHidden",
        "items",
    }
    assert one["closesAt"] == "2026-06-09T00:00:00+08:00"
    assert one["items"] == [
        {
            "name": LEE.name,
            "unit": LEE.unit,
            "currentTitle": "archivist",
            "targetTitle": "associate_research_archivist",
            "channel": "normal",
            "works": list(LEE.works),
        },
        {"name": "甲", "unit": "乙"},
    ]
    assert get(f"notices/{quota}")["items"] == [{"level": "deputy_senior", "approved": 3, "occupied": 2, "vacant": 1}]
    for hidden in (unit, "none-such"):
        assert get(f"notices/{hidden}", expect=404)["code"] == "NOT_FOUND"


def test_names_are_dropped_when_their_time_is_over(province: Province, publish: Publish, get: Any) -> None:
    notice = publish(LEE)
    assert isinstance(province.engine.clock, FixedClock)
    province.engine.clock.set(CLOSES + timedelta(days=180, seconds=-1))
    assert get(f"notices/{notice}")["items"][0]["name"] == LEE.name
    province.engine.clock.set(CLOSES + timedelta(days=180))
    one = get(f"notices/{notice}")
    assert (one["namesHidden"], one["items"], one["body"], one["itemCount"]) == (True, [], "", 1)


def test_an_objection_by_json_is_given_a_receipt(province: Province, publish: Publish, post: Any) -> None:
    notice = publish()
    answer = post(notice, BODY)
    assert set(answer) == {"receiptNo", "timely", "kind"}
    assert (answer["timely"], answer["kind"]) == (True, "objection")
    (kept,) = province.rows(objection)
    assert (kept["receipt_no"], kept["text"], kept["real_name"]) == (answer["receiptNo"], TEXT, False)


def test_an_objection_by_form_brings_its_files(province: Province, publish: Publish, post: Any) -> None:
    notice = publish()
    files = [(BytesIO(PICTURE), f"{n}.png") for n in range(3)]
    post(notice, item="1", grounds=["education", "other"], text=TEXT, realName="true", name="甲", phone="0971-1234567",
         evidence=files)  # fmt: skip
    (kept,) = province.rows(objection)
    assert (len(kept["evidence"]), kept["grounds"], kept["real_name"]) == (3, ["education", "other"], True)


def test_there_is_room_for_large_evidence(province: Province, publish: Publish, post: Any) -> None:
    long = b"%PDF-1.7\n" + bytes(15_000_000)
    files = [(BytesIO(long), f"{n}.pdf") for n in range(2)]
    post(publish(), grounds="other", text=TEXT, evidence=files)
    assert len(province.rows(objection)[0]["evidence"]) == 2


def test_what_is_wrong_is_told_by_field_and_nothing_is_kept(province: Province, publish: Publish, post: Any) -> None:
    notice = publish()
    assert set(post(notice, {}, 422)["errors"]) == {"grounds", "text"}
    assert set(post(notice, {**BODY, "text": "短"}, 422)["errors"]) == {"text"}
    assert set(post(notice, {**BODY, "realName": True}, 422)["errors"]) == {"name", "phone"}
    assert set(post(notice, {**BODY, "item": 9}, 422)["errors"]) == {"item"}
    assert set(post(notice, {**BODY, "grounds": ["envy"]}, 422)["errors"]) == {"grounds.0"}
    assert set(post(notice, {**BODY, "receivedAt": "2020-01-01"}, 422)["errors"]) == {"receivedAt"}
    assert set(post(notice, {**BODY, "via": "paper"}, 422)["errors"]) == {"via"}
    bad = post(notice, None, 422, item="1", grounds="education", text=TEXT, evidence=[(BytesIO(b"MZ"), "a.pdf")])
    assert set(bad["errors"]) == {"evidence"}
    six = [(BytesIO(PICTURE), f"{n}.png") for n in range(6)]
    assert set(post(notice, None, 422, grounds="education", text=TEXT, evidence=six)["errors"]) == {"evidence"}
    post("none-such", BODY, 404)
    assert province.rows(objection) == []


def test_a_key_repeated_is_one_objection(province: Province, publish: Publish, post: Any) -> None:
    notice = publish()
    first = post(notice, BODY, key="k-1")
    assert post(notice, BODY, key="k-1") == first
    assert post(notice, {**BODY, "item": None}, 422, key="k-1")["code"] == "IDEMPOTENCY_KEY_REUSED"

    def form() -> dict[str, Any]:
        return {"grounds": "other", "text": TEXT, "evidence": [(BytesIO(PICTURE), "a.png")]}

    again = post(notice, None, key="k-2", **form())
    assert post(notice, None, key="k-2", **form()) == again
    assert len(province.rows(objection)) == 2


def test_nobody_who_reads_the_database_finds_the_address_again(province: Province, publish: Publish, post: Any) -> None:
    """There are few enough addresses to hash them all: what is kept of one is keyed with the installation's secret."""
    notice = publish()
    post(notice, BODY, key="k-1")
    address = "127.0.0.1"
    kept = {row["id"] for row in province.rows(idempotency)}
    kept |= {row["subject"] for row in province.rows(login_attempt)}
    guessed: set[object] = {throttle.guesser(f"pace {what}", address) for what in ("objection", "evidence")}
    assert len(kept) >= 3
    caller = "~" + hashlib.sha256(address.encode()).hexdigest()[:32]
    guessed.add(replies.key_of(caller, f"POST {API}/notices/{notice}/objections", "k-1"))
    assert kept.isdisjoint(guessed)


def test_after_the_close_it_is_a_tip_off(province: Province, publish: Publish, post: Any) -> None:
    notice = publish()
    assert isinstance(province.engine.clock, FixedClock)
    province.engine.clock.set(CLOSES)
    answer = post(notice, BODY)
    assert (answer["timely"], answer["kind"]) == (False, "tip_off")


def test_a_flood_waits_and_another_notice_of_another_address_does_not(
    app: Flask, publish: Publish, post: Any, wall: Wall
) -> None:
    notice = publish()
    for _ in range(5):
        post(notice, BODY)
    told = post(notice, BODY, 429)
    assert told["retryAfter"] >= 1
    other = app.test_client(use_cookies=False).post(
        f"{API}/notices/{notice}/objections", json=BODY, environ_base={"REMOTE_ADDR": "203.0.113.9"}
    )
    assert other.status_code == 201
    wall.pass_(minutes=16)
    post(notice, BODY)


def test_one_notice_is_never_shut_by_a_flood_from_everywhere(app: Flask, publish: Publish) -> None:
    notice = publish()
    client = app.test_client(use_cookies=False)

    def send(address: str) -> Any:
        return client.post(f"{API}/notices/{notice}/objections", json=BODY, environ_base={"REMOTE_ADDR": address})

    statuses = [send(f"198.51.100.{n}").status_code for n in range(61)]
    assert statuses[:60] == [201] * 60
    assert statuses[60] == 429
    assert int(send("203.0.113.200").headers["Retry-After"]) <= 8


def test_a_flood_before_the_close_makes_nobodys_objection_late(
    province: Province, app: Flask, publish: Publish
) -> None:
    notice = publish()
    assert isinstance(province.engine.clock, FixedClock)
    province.engine.clock.set(CLOSES - timedelta(seconds=5))
    client = app.test_client(use_cookies=False)

    def send(address: str) -> Any:
        return client.post(f"{API}/notices/{notice}/objections", json=BODY, environ_base={"REMOTE_ADDR": address})

    for n in range(61):
        assert send(f"198.51.100.{n}").status_code == 201
    assert send("203.0.113.200").json["timely"] is True
    for _ in range(4):
        assert send("203.0.113.200").status_code == 201
    assert send("203.0.113.200").status_code == 429


def test_the_document_of_the_api_names_them(app: Flask) -> None:
    paths = app.test_client().get("/api/v1/openapi.json").json["paths"]
    sent = paths["/api/v1/public/notices/{notice_id}/objections"]["post"]["requestBody"]["content"]
    assert set(sent) == {"application/json", "multipart/form-data"}
    assert {"/api/v1/public/policies", "/api/v1/public/notices", "/api/v1/public/notices/{notice_id}"} <= set(paths)
