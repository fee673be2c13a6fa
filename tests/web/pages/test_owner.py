"""Owners: uploading, reading what the lint says, a second person activating; the definitions in force."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

HERE = Path(__file__).parent
REVIEW = (HERE / "review.bpmn").read_bytes()
BETTER = REVIEW.replace("审核材料".encode(), "认真审核材料".encode())
BROKEN = REVIEW.replace(b'targetRef="handed_on"', b'targetRef="nowhere"')
DRAWING = REVIEW.replace(b'id="review"', b'id="sketch"').replace(b'isExecutable="true"', b'isExecutable="false"')


def upload(browser, *files: tuple[str, bytes], comment: str = "") -> str:
    browser.open("/deployments/new")
    sent = {"comment": comment, "files": [(io.BytesIO(raw), name) for name, raw in files]}
    return browser.send("/deployments/new", sent)


def test_a_second_person_activates(browse) -> None:
    first, second = browse("owner"), browse("owner2")
    page = upload(first, ("review.bpmn", BETTER), comment="说得更清楚")
    release = first.path
    assert "检查通过" in page
    assert "待启用" in page
    assert "要由另一位流程负责人核对后启用" in page
    assert "disabled" in page
    assert "说得更清楚" in second.open(release)
    second.send(f"{release}/activate", {"reason": "核对过"})
    assert "已启用" in second.page
    assert "启用中" in second.page


def test_the_uploader_cannot_activate_by_sending_the_form(browse) -> None:
    browser = browse("owner")
    upload(browser, ("review.bpmn", BETTER))
    browser.send(f"{browser.path}/activate", {"reason": "核对过"})
    assert browser.status == 403
    assert "没有启用" in browser.page


def test_every_finding_names_file_line_element_and_what_to_do(browse) -> None:
    browser = browse("owner")
    page = upload(browser, ("review.bpmn", BROKEN), ("apply.form", b"{"))
    assert browser.status == 422
    line = BROKEN[: BROKEN.index(b'targetRef="nowhere"')].count(b"\n") + 1
    assert f"第 {line} 行" in page
    assert "flow_hand" in page
    assert "apply.form" in page
    assert 'data-island="viewer"' in page
    assert "待启用" not in browser.open("/deployments")


def test_a_file_that_is_no_diagram_is_refused_in_words(browse) -> None:
    browser = browse("owner")
    upload(browser, ("x.bpmn", b"<script>alert(1)</script>"))
    assert browser.status == 422
    assert "<script>alert" not in browser.page


@pytest.mark.parametrize("files", [[], [("a.bpmn", BETTER), ("a.bpmn", BETTER)]])
def test_a_choice_that_cannot_be_meant_is_refused(browse, files) -> None:
    browser = browse("owner")
    upload(browser, *files)
    assert browser.status == 422
    assert 'href="#files"' in browser.page


def test_a_drawing_says_it_is_a_drawing(browse) -> None:
    browser = browse("owner")
    page = upload(browser, ("sketch.bpmn", DRAWING))
    assert browser.status == 200
    assert "只作图纸保存" in page


@pytest.mark.parametrize("path", ["/deployments", "/deployments/new"])
@pytest.mark.parametrize("username", ["clerk", "c-001"])
def test_releases_are_for_owners(browse, path: str, username: str) -> None:
    browser = browse(username)
    browser.open(path)
    assert browser.status == 403
    assert "没有权限" in browser.page


def test_definitions_are_listed_with_their_steps_in_words(browse) -> None:
    browser = browse("owner")
    page = browser.open("/processes")
    assert "申请审核" in page
    assert "审核材料" in page  # its form
    link = page.split('href="/processes/')[1:]
    ids = [part.split('"')[0] for part in link]
    pages = [browser.open(f"/processes/{one}") for one in ids]
    assert any("材料齐全？需补正 → 由申报人办理“填写申请表”" in each for each in pages)
    assert any("&#34;审核结论&#34;" in each for each in pages)  # a form is shown as text
    assert all("第 1 版" in each for each in pages)


def test_the_viewer_reads_the_diagram_as_xml(browse) -> None:
    browser = browse("owner")
    page = browser.open("/processes")
    definition = page.split("申请审核")[0].rsplit('href="/processes/', 1)[1].split('"')[0]
    answer = browser.client.get(f"/processes/{definition}/xml")
    assert answer.content_type.startswith("application/xml")
    assert answer.data == REVIEW
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
