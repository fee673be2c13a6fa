"""The public's objection, without an account and without scripts: what is typed and uploaded is never lost."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from io import BytesIO

import pytest
from sqlalchemy import insert, select

from engine import history
from engine.attachments.tables import attachment
from engine.clock import FixedClock
from engine.identity.passwords import DEMO_PASSWORD
from engine.store import tables as t
from processes.openness.evidence import SweepEvidence
from processes.register.notice_tables import publicity_item
from processes.register.objection_tables import compensation, objection, supplementary_period
from tests.process.province import Province
from tests.web.public.conftest import CLOSES, HOSTILE, LEE, PICTURE, Publish, Visitor, Wall

RECEIPT = re.compile(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){4}")


def rows(province: Province) -> list[dict[str, object]]:
    return province.rows(objection)


def set_clock(province: Province, at: datetime) -> None:
    assert isinstance(province.engine.clock, FixedClock)
    province.engine.clock.set(at)


def test_an_anonymous_objection_is_received_and_holds_its_item_alone(
    province: Province, publish: Publish, visitor: Visitor
) -> None:
    notice = publish(LEE, HOSTILE)
    visitor.open(f"/public/notices/{notice}/objection?item=1")
    assert '<option value="1" selected' in visitor.page
    visitor.objection(notice)
    assert visitor.status == 303, visitor.page
    page = visitor.open(visitor.location)
    assert "已经收到" in page
    assert "在公示期内，作为异议受理" in page
    (kept,) = rows(province)
    assert kept["receipt_no"] in page
    assert (kept["kind"], kept["real_name"], kept["grounds"], kept["timely"]) == (
        "objection",
        False,
        ["education"],
        True,
    )
    held = {row["position"]: row["hold"] for row in province.rows(publicity_item)}
    assert held == {1: True, 2: False}
    shown = visitor.open(f"/public/notices/{notice}")
    assert "暂缓" not in shown  # a hold is never shown


def test_a_page_sent_twice_is_one_objection(province: Province, publish: Publish, visitor: Visitor) -> None:
    notice = publish()
    visitor.open(f"/public/notices/{notice}/objection")
    form = visitor.page
    visitor.objection(notice)
    first = visitor.location
    visitor.page = form
    visitor.objection(notice, text="再点一次，内容也改了，仍然是同一个页面。" * 2)
    assert visitor.location == first
    assert len(rows(province)) == 1


def test_errors_keep_what_was_typed_and_the_files_that_arrived(
    province: Province, publish: Publish, visitor: Visitor
) -> None:
    notice = publish()
    visitor.open(f"/public/notices/{notice}/objection")
    files = [("证明.png", PICTURE), ("病毒.pdf", b"MZ" + bytes(100))]
    visitor.objection(notice, *files, text="太短", item="", real_name="yes", name="张三<b>", phone="not a phone")
    assert visitor.status == 422
    for said in ("请选择对哪一项有异议", "请写明具体情况", "请填写联系电话", "“病毒.pdf”没有收下"):
        assert said in visitor.page
    assert "太短</textarea>" in visitor.page
    assert 'value="张三&lt;b&gt;"' in visitor.page
    assert "不要这个文件：证明.png" in visitor.page
    assert 'value="yes" checked' in visitor.page
    assert rows(province) == []
    # The file is not sent again; the rest is put right.
    visitor.objection(notice, real_name="yes", name="张三", phone="0971-6121234")
    assert visitor.status == 303, visitor.page
    (kept,) = rows(province)
    (file,) = province.rows(attachment, attachment.c.uploaded_by.like("~%"))
    assert kept["evidence"] == [file["id"]]
    assert kept["real_name"] is True
    assert "张三".encode() not in bytes(kept["contact_name"])


def test_a_file_can_be_taken_back_and_five_are_the_most(province: Province, publish: Publish, visitor: Visitor) -> None:
    notice = publish()
    visitor.open(f"/public/notices/{notice}/objection")
    visitor.objection(notice, *((f"{n}.png", PICTURE) for n in range(7)), text="短")
    assert visitor.page.count("不要这个文件") == 5
    assert visitor.page.count("没有收下：证明材料最多 5 个文件") == 4  # in the summary and at the field
    dropped = re.findall(r'name="drop" value="([^"]+)"', visitor.page)[:4]
    visitor.objection(notice, drop=dropped)
    (kept,) = rows(province)
    assert len(kept["evidence"]) == 1
    assert not set(kept["evidence"]) & set(dropped)


def test_a_hundred_megabytes_have_room_here_and_nowhere_else(
    province: Province, publish: Publish, visitor: Visitor
) -> None:
    notice = publish()
    visitor.open(f"/public/notices/{notice}/objection")
    long = b"%PDF-1.7\n" + bytes(15_000_000)
    visitor.objection(notice, ("一.pdf", long), ("二.pdf", long), ("太大.pdf", long + bytes(7_000_000)))
    assert visitor.status == 422
    assert "“太大.pdf”没有收下" in visitor.page
    assert visitor.page.count("不要这个文件") == 2
    visitor.objection(notice)
    assert visitor.status == 303
    (kept,) = rows(province)
    assert len(kept["evidence"]) == 2
    elsewhere = visitor.client.post("/certificates", data={"no": (BytesIO(long + long), "x.pdf")})
    assert elsewhere.status_code == 413


def test_many_files_from_one_address_wait_and_those_that_came_stay(
    province: Province, publish: Publish, visitor: Visitor
) -> None:
    notice = publish()
    for _ in range(5):
        visitor.open(f"/public/notices/{notice}/objection")
        visitor.objection(notice, *((f"{n}.png", PICTURE) for n in range(5)), text="短", wait=0)
    visitor.objection(
        notice, ("再来.png", PICTURE), wait=0, drop=re.findall(r'name="drop" value="([^"]+)"', visitor.page)[:1]
    )
    assert visitor.status == 429
    assert visitor.page.count("不要这个文件") == 4


def test_files_of_another_page_cannot_be_named(province: Province, publish: Publish, visitor: Visitor) -> None:
    notice = publish()
    visitor.open(f"/public/notices/{notice}/objection")
    visitor.objection(notice, ("a.png", PICTURE), text="短")
    kept = visitor.hidden("kept")
    visitor.open(f"/public/notices/{notice}/objection")
    visitor.objection(notice, kept=kept)
    assert visitor.status == 303
    assert rows(province)[0]["evidence"] == []


def test_after_the_close_there_is_no_form_and_an_open_page_becomes_a_tip_off(
    province: Province, publish: Publish, visitor: Visitor
) -> None:
    notice = publish()
    visitor.open(f"/public/notices/{notice}/objection")
    form = visitor.page
    set_clock(province, CLOSES - timedelta(seconds=1))
    visitor.open(f"/public/notices/{notice}")
    assert f"/public/notices/{notice}/objection" in visitor.page
    set_clock(province, CLOSES)
    visitor.open(f"/public/notices/{notice}")
    assert f"/public/notices/{notice}/objection" not in visitor.page
    visitor.open(f"/public/notices/{notice}/objection")
    assert visitor.status == 410
    assert "<textarea" not in visitor.page
    assert f"/public/notices/{notice}/tip-off" in visitor.page

    visitor.page = form
    text = "打开页面时还没有截止，写完已经过了二十四点。"
    visitor.objection(notice, ("a.png", PICTURE), text=text)
    assert visitor.status == 409
    assert "没有作为异议收下" in visitor.page
    assert text in visitor.page
    assert "不要这个文件：a.png" in visitor.page
    assert rows(province) == []
    visitor.objection(notice, text=text)
    assert visitor.status == 303
    page = visitor.open(visitor.location)
    assert "作为举报线索处理" in page
    (kept,) = rows(province)
    assert (kept["kind"], kept["timely"], len(kept["evidence"])) == ("tip_off", False, 1)
    assert not any(row["hold"] for row in province.rows(publicity_item))


def test_the_last_second_counts_and_the_next_does_not(province: Province, publish: Publish, visitor: Visitor) -> None:
    notice = publish()
    for at, timely in ((CLOSES - timedelta(seconds=1), True), (CLOSES, False)):
        set_clock(province, at)
        visitor.open(f"/public/notices/{notice}/{'objection' if timely else 'tip-off'}")
        visitor.objection(notice)
        assert visitor.status == 303, visitor.page
        assert rows(province)[-1]["timely"] is timely or sorted(r["timely"] for r in rows(province)) == [False, True]


def test_a_tip_off_page_leads_to_the_form_while_the_window_is_open(publish: Publish, visitor: Visitor) -> None:
    notice = publish()
    visitor.open(f"/public/notices/{notice}/tip-off")
    assert visitor.location == f"/public/notices/{notice}/objection"


def test_too_many_from_one_address_wait_in_words_and_lose_nothing(
    province: Province, publish: Publish, visitor: Visitor, wall: Wall
) -> None:
    notice = publish()
    for _ in range(5):
        visitor.open(f"/public/notices/{notice}/objection")
        visitor.objection(notice, wait=3)
        assert visitor.status == 303
    visitor.open(f"/public/notices/{notice}/objection")
    wall.at -= timedelta(seconds=3)
    text = "第六份异议，写了很久，不能因为提交得快而丢失。"
    visitor.objection(notice, wait=3, text=text)
    assert visitor.status == 429
    assert visitor.answer is not None
    assert int(visitor.answer.headers["Retry-After"]) >= 1
    assert text in visitor.page
    assert "您填写的内容都在这一页上" in visitor.page
    visitor.objection(notice, wait=2, text=text)
    assert visitor.status == 303
    assert len(rows(province)) == 6


def test_a_page_sent_at_once_is_asked_to_wait(province: Province, publish: Publish, visitor: Visitor) -> None:
    notice = publish()
    visitor.open(f"/public/notices/{notice}/objection")
    visitor.objection(notice, wait=0)
    assert visitor.status == 429
    assert rows(province) == []
    visitor.objection(notice, wait=3)
    assert visitor.status == 303


@pytest.mark.parametrize("mark", ["", "x", "A" * 200])
def test_a_forged_or_foreign_mark_loses_nothing(
    province: Province, publish: Publish, visitor: Visitor, mark: str
) -> None:
    notice, other = publish(), publish(title="另一份公示")
    visitor.open(f"/public/notices/{other}/objection")
    foreign = visitor.hidden("page")
    visitor.open(f"/public/notices/{notice}/objection")
    for page in (mark, foreign):
        visitor.objection(notice, ("a.png", PICTURE), page=page)
        assert visitor.status == 422
        assert "请再提交一次" in visitor.page
        assert "不要这个文件：a.png" in visitor.page
    assert rows(province) == []
    visitor.objection(notice)
    assert visitor.status == 303


def test_a_notice_of_a_unit_or_a_draft_takes_no_objection_here(
    province: Province, publish: Publish, visitor: Visitor
) -> None:
    public, unit = publish(), publish(scope="unit")
    visitor.open(f"/public/notices/{public}/objection")
    for notice in (unit, "none-such"):
        for path in ("", "/objection", "/tip-off"):
            visitor.open(f"/public/notices/{notice}{path}")
            assert visitor.status == 404
        answer = visitor.client.post(f"/public/notices/{notice}/objection", data={"text": "x"})
        assert answer.status_code == 404
    assert rows(province) == []


def test_inside_a_unit_its_people_object_and_nobody_else(
    province: Province, publish: Publish, visitor: Visitor
) -> None:
    notice = publish(scope="unit", title="单位推荐人选公示")
    path = f"/public/notices/{notice}/objection"
    for stranger in ("c-008", "hr-u02"):
        log_in(visitor, stranger)
        visitor.open(path)
        assert visitor.status == 404
    log_in(visitor, "c-002")  # works in the unit
    assert path in visitor.open(f"/publicity/{notice}")
    visitor.open(path)
    visitor.objection(notice)
    assert visitor.status == 303, visitor.page
    (kept,) = rows(province)
    assert "c-002" not in str(kept)
    with province.engine.store.snapshot() as connection:
        told = [line for line in history.every(connection) if line.kind == "objection_received"]
    assert [row.actor for row in told] == [None]
    assert "c-002" not in str(told)


def log_in(visitor: Visitor, username: str) -> None:
    visitor.client.delete_cookie("zhiping")
    page = visitor.open("/login")
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page)
    assert token
    sent = {"csrf_token": token[1], "username": username, "password": DEMO_PASSWORD}
    assert visitor.client.post("/login", data=sent).status_code == 303


def test_after_an_outage_a_supplementary_period_takes_objections_in_time(
    province: Province, publish: Publish, visitor: Visitor
) -> None:
    notice = publish()
    until = CLOSES + timedelta(days=1)
    with province.engine.store.transaction() as connection:
        given = {"from_at": CLOSES - timedelta(hours=2), "to_at": CLOSES, "reason": "停电"}
        connection.execute(insert(compensation).values(id="c", offered_by="a", offered_at=CLOSES, **given))
        connection.execute(
            insert(supplementary_period).values(
                notice_id=notice, compensation_id="c", opened_at=CLOSES, objections_until=until
            )
        )
    set_clock(province, until - timedelta(seconds=1))
    assert "因系统停用" in visitor.open(f"/public/notices/{notice}")
    visitor.open(f"/public/notices/{notice}/objection")
    visitor.objection(notice)
    assert visitor.status == 303
    assert rows(province)[0]["timely"] is True
    set_clock(province, until)
    visitor.open(f"/public/notices/{notice}/objection")
    assert visitor.status == 410


def test_the_receipt_is_found_as_people_type_it_and_guesses_are_slowed(
    province: Province, publish: Publish, visitor: Visitor
) -> None:
    notice = publish()
    visitor.open(f"/public/notices/{notice}/objection")
    visitor.objection(notice)
    no = str(rows(province)[0]["receipt_no"])
    found = visitor.client.post("/public/receipts", data={"no": no.lower().replace("-", " ")})
    assert (found.status_code, found.headers["Location"]) == (303, f"/public/receipts/{no}")
    page = visitor.open(f"/public/receipts/{no}")
    assert "已收到" in page
    for _ in range(50):
        visitor.open("/public/receipts/0000-0000-0000-0000-0000")
        assert visitor.status == 404
    visitor.open("/public/receipts/0000-0000-0000-0000-0000")
    assert visitor.status == 429
    assert visitor.answer is not None
    assert visitor.answer.headers["Retry-After"]


def test_nothing_of_an_objection_is_told_to_logs_and_histories(
    province: Province, publish: Publish, visitor: Visitor, capfd: pytest.CaptureFixture[str]
) -> None:
    notice = publish()
    visitor.open(f"/public/notices/{notice}/objection")
    secret = {"name": "揭发人甲乙丙", "phone": "0971-7654321"}
    visitor.objection(notice, real_name="yes", text="这是只有调查人员可以看到的详细情况，写得长一些。", **secret)
    assert visitor.status == 303
    logged = capfd.readouterr()
    with province.engine.store.snapshot() as connection:
        told = [str(row) for table in (t.job, t.message) for row in connection.execute(select(table))]
        told += [str(line) for line in history.every(connection)]
    everything = "\n".join([*told, logged.out, logged.err])
    for word in (*secret.values(), "只有调查人员"):
        assert word not in everything


def test_evidence_of_a_page_never_sent_is_forgotten_after_a_day(
    province: Province, publish: Publish, visitor: Visitor
) -> None:
    notice = publish()
    visitor.open(f"/public/notices/{notice}/objection")
    visitor.objection(notice, ("留下.png", PICTURE))
    visitor.open(f"/public/notices/{notice}/objection")
    visitor.objection(notice, ("丢弃.png", PICTURE), text="短")
    engine = province.engine
    assert engine.run(SweepEvidence(engine.now() + timedelta(hours=23))) == []
    assert len(engine.run(SweepEvidence(engine.now() + timedelta(hours=25)))) == 1
    (left,) = province.rows(attachment, attachment.c.uploaded_by.like("~%"))
    assert rows(province)[0]["evidence"] == [left["id"]]
