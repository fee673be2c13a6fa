"""The studio's own pages, and what the editors' scripts ask: changes, files, drafts, versions, two people at one file."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REVIEW = (Path(__file__).parent / "review.bpmn").read_text("utf-8")
BETTER = REVIEW.replace("审核材料", "认真审核材料")
WORSE = REVIEW.replace("审核材料", "随便审核材料")
BROKEN = REVIEW.replace('targetRef="handed_on"', 'targetRef="nowhere"')
JSON = {"Accept": "application/json"}


class Desk:
    """What desk.js does for one person in one file."""

    def __init__(self, browser: Any, change: str, file: str = "review.bpmn") -> None:
        self.client = browser.client
        self.base = f"{change}/files/{file}"
        self.csrf = ""
        self.csrf = self.ask("GET", "state")["csrf"]

    def ask(self, method: str, place: str, body: Any = None, status: int = 200) -> Any:
        answer = self.client.open(
            f"{self.base}/{place}", method=method, headers=JSON | {"X-CSRF-Token": self.csrf}, json=body
        )
        assert answer.status_code == status, answer.text
        return json.loads(answer.text) if answer.text else None

    def save(self, content: str, seen: int, status: int = 201) -> Any:
        return self.ask("POST", "versions", {"content": content, "comment": "改", "seen": seen}, status)

    def keep(self, content: str | None, base: int) -> Any:
        return self.ask("PUT", "draft", {"content": content, "base": base})


@pytest.fixture
def owner(browse: Callable[..., Any]) -> Any:
    return browse("owner")


@pytest.fixture
def change(owner: Any) -> str:
    """The address of a change that `owner` began."""
    owner.open("/studio")
    owner.send("/studio/changes", {"title": "审核更认真", "reason": "群众反映"})
    path: str = owner.path
    return path


def test_a_definition_is_edited_in_a_change_of_its_own(owner: Any, browse: Callable[..., Any]) -> None:
    owner.open("/processes")
    definition = next(part for part in owner.page.split('href="/processes/')[1:] if "review</code>" in part).split('"')[
        0
    ]
    page = owner.open(f"/processes/{definition}")
    assert f"/studio/changes/new?definition_id={definition}" in page
    assert "/studio/changes/new" not in browse("admin").open(f"/processes/{definition}")
    owner.open(f"/studio/changes/new?definition_id={definition}")
    owner.send("/studio/changes", {"definition_id": definition, "title": " "})
    assert (owner.status, "请填写。" in owner.page) == (422, True)
    page = owner.send("/studio/changes", {"definition_id": definition, "title": "改审核"})
    assert owner.path.endswith("/files/review.bpmn")
    assert 'data-island="diagram-editor"' in page
    assert f'data-state="{owner.path}/state"' in page
    place = owner.path
    page = owner.open(f"/studio/changes/new?definition_id={definition}")
    assert f'href="{place}"' in page  # the open change is offered
    assert owner.client.get(place).headers["Content-Security-Policy"].count("unsafe-inline") == 1


def test_a_change_shows_what_it_holds_and_takes_files_in(owner: Any, change: str) -> None:
    page = owner.open(change)
    assert "还没有改任何文件" in page
    assert "check.form" in page
    files = {"files": [(io.BytesIO(BETTER.encode()), "folder/review.bpmn")], "comment": "带入的"}
    page = owner.send(f"{change}/files", files)
    assert "已带入 1 个文件" in page
    assert "带入的" in page
    assert "完全相同" in owner.send(f"{change}/files", {"files": [(io.BytesIO(BETTER.encode()), "review.bpmn")]})
    page = owner.send(f"{change}/files", {"files": [(io.BytesIO(b"<!DOCTYPE a><a/>"), "x.bpmn")]})
    assert (owner.status, "没有带入任何文件" in page) == (422, True)
    twice = [(io.BytesIO(b"1"), "a.form"), (io.BytesIO(b"2"), "a.form")]
    assert "同名文件选了两次" in owner.send(f"{change}/files", {"files": twice})
    page = owner.send(f"{change}/new", {"kind": "form", "key": "check", "name": "核对"})
    assert (owner.status, "请换一个编号" in page) == (422, True)
    page = owner.send(f"{change}/new", {"kind": "form", "key": "P19_form", "name": "预审<b>"})
    assert owner.path == f"{change}/files/P19_form.form"
    assert "预审&lt;b&gt;" in page
    page = owner.open(change)
    assert "新增" in page
    page = owner.send(f"{change}/drop", {"reason": ""})
    assert (owner.status, "请填写。" in page) == (422, True)
    page = owner.send(f"{change}/drop", {"reason": "不改了"})
    assert "恢复编辑" in page
    assert "只能查看" in owner.open(f"{change}/files/review.bpmn")
    assert "接下来" in owner.send(f"{change}/take-up")


def test_editors_keep_check_and_save(owner: Any, change: str) -> None:
    desk = Desk(owner, change)
    state = desk.ask("GET", "state")
    assert (state["content"], state["number"], state["draft"], state["editable"]) == (REVIEW, 0, None, True)
    assert desk.keep(BETTER, 0)["latest"] == 0
    assert desk.ask("GET", "state")["draft"]["content"] == BETTER
    assert "您在这个文件里有未保存的草稿" in owner.open(change)
    found = desk.ask("POST", "check", {"content": BROKEN})["problems"]
    line = BROKEN[: BROKEN.index('targetRef="nowhere"')].count("\n") + 1
    told = next(problem for problem in found if problem["element"] == "flow_hand")
    assert (told["file"], told["line"], told["element"]) == ("review.bpmn", line, "flow_hand")
    assert told["remedy"]
    assert desk.save(BROKEN, 0) == {"number": 1}  # unfinished work may be kept
    assert desk.ask("GET", "state")["draft"] is None
    refused = desk.save("<!DOCTYPE a><a/>", 1, 422)
    assert (refused["code"], bool(refused["problems"])) == ("DEPLOYMENT_REFUSED", True)
    for body in ({}, [], {"content": 1, "seen": 0}, {"content": "x", "seen": -1}):
        assert desk.ask("POST", "versions", body, 422)["code"] == "INVALID"
    desk.keep(BETTER, 1)
    desk.ask("DELETE", "draft", status=204)
    assert desk.ask("GET", "state")["draft"] is None
    assert owner.client.get(f"{desk.base}/versions/1").text == BROKEN
    assert owner.client.get(f"{desk.base}/versions/0").text == REVIEW


def test_a_login_that_is_lost_and_found_goes_on_saving(owner: Any, change: str) -> None:
    desk = Desk(owner, change)
    owner.open("/studio")
    owner.send("/logout")
    assert desk.ask("PUT", "draft", {"content": BETTER, "base": 0}, 401)["code"] == "LOGIN_NEEDED"
    owner.log_in("owner")
    assert desk.ask("PUT", "draft", {"content": BETTER, "base": 0}, 403)["code"] == "CSRF"
    desk.csrf = desk.ask("GET", "state")["csrf"]
    assert desk.keep(BETTER, 0)["at"]


def test_whoever_saves_second_sees_both_and_chooses(owner: Any, change: str, browse: Callable[..., Any]) -> None:
    second = browse("owner2")
    mine, theirs = Desk(owner, change), Desk(second, change)
    mine.keep(None, 0)
    assert [other["name"] for other in theirs.keep(BETTER, 0)["others"]] == ["负责人甲"]
    assert "负责人乙正在改，有未保存的修改" in owner.open(change)
    theirs.save(BETTER, 0)
    assert mine.keep(None, 0)["latest_by"] == "负责人乙"
    moved = mine.save(WORSE, 0, 409)
    assert (moved["code"], moved["latest"], moved["by"]) == ("VERSION_MOVED", 1, "负责人乙")
    page = owner.open(moved["href"])
    assert "随便审核材料" in page  # both stand there, line by line
    assert "认真审核材料" in page
    owner.send(moved["href"], {"take": "both", "seen": 1})
    state = mine.ask("GET", "state")
    assert (state["draft"]["content"], state["draft"]["base"], state["content"]) == (WORSE, 1, BETTER)
    theirs.save(BETTER + "\n", 1)
    assert "请再看一遍" in owner.send(moved["href"], {"take": "mine", "seen": 1})
    page = owner.send(moved["href"], {"take": "mine", "seen": 2, "comment": "我的"})
    assert "已保存为第 3 版" in page
    theirs.keep(BETTER, 2)
    second.open(moved["href"])
    assert "已采用第 3 版" in second.send(moved["href"], {"take": "theirs", "seen": 3})
    assert theirs.ask("GET", "state")["content"] == WORSE
    page = owner.open(f"{mine.base}/history")
    assert page.count("恢复第") == 2
    page = owner.send(f"{mine.base}/restore", {"number": "1"})
    assert "现在是第 4 版" in page
    assert "内容与第 1 版相同" in page
    owner.send(f"{mine.base}/restore", {"number": "-1"})
    assert owner.status == 404
    assert "已移出这个改动" in owner.send(f"{mine.base}/remove")
    assert mine.ask("GET", "state")["content"] == REVIEW


def test_without_scripts_the_plain_text_is_a_form(owner: Any, change: str, browse: Callable[..., Any]) -> None:
    place = f"{change}/files/review.bpmn"
    owner.open(f"{place}?source=1")
    seen = owner.hidden("seen")
    sent = BETTER.replace("\n", "\r\n")  # as browsers send it
    assert "已保存为第 1 版" in owner.send(place, {"content": sent, "comment": "", "seen": seen})
    assert owner.client.get(f"{place}/versions/1").text == BETTER
    second = browse("owner2")
    second.open(f"{place}?source=1")
    second.send(place, {"content": WORSE, "seen": "0"})
    assert second.path.endswith("/conflict")
    assert "随便审核材料" in second.page
    reader = browse("admin")
    page = reader.open(f"{place}?source=1")
    assert "只能查看" in page
    assert "readonly" in page
    reader.send(place, {"content": WORSE, "seen": "1"})
    assert reader.status == 403
