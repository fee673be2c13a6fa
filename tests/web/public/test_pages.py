"""The public pages: what stands on them, what search engines may keep, and that nothing private is ever on them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import update

from engine.clock import FixedClock
from processes.demo.candidates import identity_number
from processes.demo.small import CANDIDATES
from processes.register.notice_tables import publicity_item
from processes.register.notice_windows import move_window
from tests.process.province import Province
from tests.web.permissions.table import PUBLIC
from tests.web.public.conftest import CLOSES, HOSTILE, LEE, Publish, Visitor

PRIVATE = re.compile(r"\d{17}[\dXx]|(?<!\d)1[3-9]\d{9}(?!\d)")
PLANTED = [one for c in CANDIDATES for one in (identity_number(c.born, c.number), f"1300000{c.number:04d}")]


def set_clock(province: Province, at: datetime) -> None:
    assert isinstance(province.engine.clock, FixedClock)
    province.engine.clock.set(at)


def reachable(visitor: Visitor, start: str = "/") -> dict[str, tuple[int, str]]:
    """Every page somebody without an account gets to by following links, with its status and text."""
    found: dict[str, tuple[int, str]] = {}
    waiting = [start, "/robots.txt", "/api/v1/public/policies", "/api/v1/public/notices"]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        visitor.open(path)
        found[path] = (visitor.status, visitor.page)
        links = re.findall(r'(?:href|data-xml)="(/[^"#]*)', visitor.page)
        waiting += [unescape(one) for one in links if not one.startswith("/static/")]
    return found


def test_whoever_follows_the_links_reads_open_pages_and_nothing_private(
    province: Province, publish: Publish, visitor: Visitor
) -> None:
    public, unit = publish(LEE, HOSTILE), publish(scope="unit", title="单位内部公示")
    pages = reachable(visitor)
    assert f"/public/notices/{public}" in pages
    assert {status for status, _ in pages.values()} == {200}
    assert len(pages) > 35
    for path, (_, text) in pages.items():
        without_hash = re.sub(r"[0-9a-f]{64}", "", text)  # digits of a sha256 are nobody's number
        without_seals = re.sub(r'value="[^"]*"', "", without_hash)
        assert not PRIVATE.search(without_seals), path
        assert not [planted for planted in PLANTED if planted in text], path
        assert unit not in text, path
        assert "单位内部公示" not in text, path


def test_without_an_account_no_other_route_opens(province: Province, app: Flask, publish: Publish) -> None:
    """Every GET route of the application with real ids in its places: 200 for those of the list alone."""
    places = {
        "instance_id": str(province.application(province.open_case("c-007"))["instance_id"]),
        "notice_id": publish(),
        "key": "P04_candidate_title_review",
        "username": "admin",
        "year": "2026",
        "filename": "none",
    }
    client = app.test_client()
    opened = set()
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: places.get(found[1], "none-such"), rule.rule)
        if client.get(path).status_code == 200:
            opened.add(f"GET {rule.rule}")
    assert opened <= PUBLIC.keys()


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/", True),
        ("/public/policies", True),
        ("/public/standards", True),
        ("/public/procedures", True),
        ("/public/procedures/P04_candidate_title_review", True),
        ("/public/procedures/none-such", False),
        ("/public/procedures/P04_candidate_title_review/xml", False),
        ("/public/notices", False),
        ("/public/notices/{notice}", False),
        ("/public/notices/{notice}/objection", False),
        ("/public/receipts", False),
        ("/public/receipts/none-such", False),
        ("/certificates", False),
        ("/certificates/none-such", False),
        ("/login", False),
        ("/api/v1/public/notices/{notice}", False),
    ],
)
def test_search_engines_keep_policies_standards_and_procedures_alone(
    publish: Publish, visitor: Visitor, path: str, kept: bool
) -> None:
    visitor.open(path.format(notice=publish()) if "{" in path else path)
    assert visitor.answer is not None
    header = visitor.answer.headers.get("X-Robots-Tag")
    assert header == (None if kept else "noindex, nofollow")
    if "<html" in visitor.page:
        assert ('name="robots"' in visitor.page) is not kept or visitor.status != 200
        assert f'<link rel="canonical" href="{path}">' in visitor.page or not kept


def test_robots_txt_bars_the_offices_and_leaves_noindex_readable(visitor: Visitor) -> None:
    text = visitor.open("/robots.txt")
    assert "Disallow: /api/" in text
    assert "Disallow: /public" not in text


def test_the_list_shows_the_running_ones_first_with_what_remains(
    province: Province, publish: Publish, visitor: Visitor
) -> None:
    old = publish(title="去年的公示")
    set_clock(province, CLOSES + timedelta(hours=9))
    publish(title="今年的公示")
    page = visitor.open("/public/notices")
    assert page.index("今年的公示") < page.index("已结束") < page.index("去年的公示")
    assert "还有 5 个工作日" in page
    assert "2026年6月16日（周二）24:00" in page
    assert "2026年6月8日（周一）24:00 截止" in page
    assert f"/public/notices/{old}" in page
    assert "去年的公示" not in visitor.open("/public/notices?kind=works")


def test_a_notice_tells_which_days_count(province: Province, publish: Publish, visitor: Visitor) -> None:
    set_clock(province, datetime.fromisoformat("2026-09-28T10:00:00+08:00"))
    notice = publish()
    page = visitor.open(f"/public/notices/{notice}")
    # National Day is left out, the Saturday that is worked for it counts.
    assert "2026年10月10日（周六） （调休上班）" in page
    assert "2026年10月10日（周六）24:00" in page
    assert page.count("<li>2026年") == 5
    assert "2026年10月1日" not in page
    with province.engine.store.transaction() as connection:
        move_window(
            connection,
            notice,
            datetime.fromisoformat("2026-10-13T00:00:00+08:00"),
            cause="extended",
            reason="补充材料",
            actor="committee_office",
            now=province.now,
        )
    page = visitor.open(f"/public/notices/{notice}")
    assert page.count("<li>2026年") == 6
    assert "公示期延长过" in page
    assert "补充材料" not in page


def test_hostile_text_is_shown_as_text_and_holds_are_not_shown(
    province: Province, publish: Publish, visitor: Visitor
) -> None:
    notice = publish(LEE, HOSTILE, title="<i>公示</i>")
    pages = [visitor.open(path) for path in ("/public/notices", f"/public/notices/{notice}")]
    pages.append(visitor.open(f"/public/notices/{notice}/objection"))
    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<i>公示" not in page
        assert "&lt;i&gt;公示&lt;/i&gt;" in page

    def main() -> str:
        return visitor.open(f"/public/notices/{notice}").partition("<main")[2].partition("</main>")[0]

    before = main()
    with province.engine.store.transaction() as connection:
        connection.execute(update(publicity_item).values(hold=True))
    assert main() == before


def test_posts_are_published_as_numbers(publish: Publish, visitor: Visitor) -> None:
    page = visitor.open(f"/public/notices/{publish(kind='quota')}")
    for word in ("副高级", "核定数", "空缺数"):
        assert word in page


def test_names_go_when_their_time_is_over(province: Province, publish: Publish, visitor: Visitor) -> None:
    notice = publish(LEE)
    set_clock(province, CLOSES + timedelta(days=180))
    for path in ("", "/tip-off"):
        page = visitor.open(f"/public/notices/{notice}{path}")
        assert visitor.status == 200
        assert LEE.name not in page
        assert LEE.unit not in page
        assert "现将评审结果" not in page
    assert "第 1 项" in page


def test_standards_are_the_tables_in_force_in_words(visitor: Visitor) -> None:
    page = visitor.open("/public/standards")
    assert re.search(r"研究馆员</th><td[^>]*>1 至 4 级", page)
    assert re.search(r"管理员</th><td[^>]*>13 级", page)
    assert page.count("<h3>申报") == 5
    assert re.search(r'<th scope="row">硕士</th><td[^>]*>助理馆员</td><td[^>]*>满 2 年</td><td[^>]*>不限</td>', page)
    assert re.search(r'<th scope="row">博士、硕士、本科（学士）</th><td[^>]*>副研究馆员</td><td[^>]*>满 5 年', page)
    for word in ("出席人数不足，不能表决", "评审结果公示的最短工作日数", "2/3", "12月31日", "论文不是限制性条件"):
        assert word in page
    for code in ("archivist", "_", "&gt;="):
        assert code not in re.sub(r"<[^>]+>", "", page.partition("<main")[2].partition("</main>")[0])


def test_procedures_say_who_does_what_within_how_long(visitor: Visitor) -> None:
    assert "P04" in visitor.open("/public/procedures")
    page = visitor.open("/public/procedures/P05_unit_recommendation")
    assert re.search(r"<td[^>]*>单位人事</td><td[^>]*>\d+ 个工作日</td>", page)
    assert "文字版" in page
    assert 'data-island="viewer"' in page
    visitor.open("/public/procedures/P05_unit_recommendation/xml")
    assert visitor.answer is not None
    assert visitor.answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_policy_tells_where_it_comes_from(visitor: Visitor) -> None:
    page = visitor.open("/public/policies")
    assert "人社部发〔2020〕20号" in page
    assert page.index("现行文件（11 份）") < page.index("已废止（1 份）")
    plan = re.findall(r'href="(/public/policies/[^"]+)"[^>]*>青海省深化档案专业人员职称制度改革实施方案<', page)[0]
    page = visitor.open(plan)
    for word in ("三（二）3", "代表作制度", "以印发的文本为准", "依据它制定的文件"):
        assert word in page


@pytest.mark.parametrize(
    "path", ["/public/notices", "/public/policies", "/public/procedures", "/public/standards", "/"]
)
def test_a_list_asks_as_often_for_many_as_for_one(
    publish: Publish, visitor: Visitor, statements: list[str], path: str
) -> None:
    publish()
    visitor.open(path)
    statements.clear()
    visitor.open(path)
    few = len(statements)
    for n in range(10):
        publish(LEE, HOSTILE, title=f"公示{n}")
    statements.clear()
    visitor.open(path)
    assert len(statements) == few
    assert few < 12


def test_the_pages_speak_english(publish: Publish, visitor: Visitor) -> None:
    notice = publish()
    for path in (
        "/",
        "/public/policies",
        "/public/standards",
        "/public/procedures",
        "/public/procedures/P04_candidate_title_review",
        "/public/notices",
        f"/public/notices/{notice}",
        f"/public/notices/{notice}/objection",
        "/public/receipts",
    ):
        page = visitor.open(path, headers={"Accept-Language": "en"})
        assert visitor.status == 200
        main = page.partition("<main")[2].partition("</main>")[0]
        spoken = re.sub(r'<(\w+)[^>]*lang="zh-Hans"[^>]*>.*?</\1>', "", main, flags=re.S)
        visible = re.sub(r"<[^>]+>", "", spoken)
        names = ("演示·李明", "西宁演示区档案馆", "档案数字化作业规范", "2026 年度评审结果公示")
        for name in (*names, "现将评审结果予以公示。", "如有异议请反映。"):
            visible = visible.replace(name, "")
        assert not re.findall(r"[\u4e00-\u9fff]+", visible), path
