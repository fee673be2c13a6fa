"""The two islands on bare pages under the pages' own CSP: the diagram viewer and the form, without a server of ours behind them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesParser
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.bpmn.feel import Feel
from forms.definition import FormDefinition
from forms.html import render_fields
from forms.submission import parse_submission
from tests.live import ROOT
from web.security import CSP

pytestmark = pytest.mark.browser
DIST = ROOT / "web" / "static" / "dist"
KINDS = {".js": "text/javascript", ".css": "text/css"}

DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t"
  xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
  xmlns:di="http://www.omg.org/spec/DD/20100524/DI">
<process id="p" isExecutable="true"><startEvent id="begin"/><sequenceFlow id="f1" sourceRef="begin" targetRef="apply"/>
<userTask id="apply" name="填写申报表"/><sequenceFlow id="f2" sourceRef="apply" targetRef="review"/>
<userTask id="review" name="审核"/><sequenceFlow id="f3" sourceRef="review" targetRef="over"/><endEvent id="over"/></process>
<bpmndi:BPMNDiagram id="di"><bpmndi:BPMNPlane id="pl" bpmnElement="p">
<bpmndi:BPMNShape id="s1" bpmnElement="begin"><dc:Bounds x="100" y="100" width="36" height="36"/></bpmndi:BPMNShape>
<bpmndi:BPMNShape id="s2" bpmnElement="apply"><dc:Bounds x="200" y="78" width="100" height="80"/></bpmndi:BPMNShape>
<bpmndi:BPMNShape id="s3" bpmnElement="review"><dc:Bounds x="360" y="78" width="100" height="80"/></bpmndi:BPMNShape>
<bpmndi:BPMNShape id="s4" bpmnElement="over"><dc:Bounds x="520" y="100" width="36" height="36"/></bpmndi:BPMNShape>
<bpmndi:BPMNEdge id="e1" bpmnElement="f1"><di:waypoint x="136" y="118"/><di:waypoint x="200" y="118"/></bpmndi:BPMNEdge>
<bpmndi:BPMNEdge id="e2" bpmnElement="f2"><di:waypoint x="300" y="118"/><di:waypoint x="360" y="118"/></bpmndi:BPMNEdge>
<bpmndi:BPMNEdge id="e3" bpmnElement="f3"><di:waypoint x="460" y="118"/><di:waypoint x="520" y="118"/></bpmndi:BPMNEdge>
</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></definitions>"""
BARE = re.sub(r"<bpmndi:BPMNDiagram.*</bpmndi:BPMNDiagram>", "", DIAGRAM, flags=re.DOTALL)


def text(key: str, hide: str | None = None, kind: str = "textfield", **more: Any) -> dict[str, Any]:
    conditional = {"conditional": {"hide": hide}} if hide else {}
    return {"type": kind, "id": f"f_{key}", "key": key, "label": key, **conditional, **more}


def options(*values: str) -> list[dict[str, str]]:
    return [{"label": value, "value": value} for value in values]


def box(kind: str, path: str, *components: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": kind, "id": f"f_{path}", "path": path, "label": path, "components": list(components), **more}


FORM: dict[str, Any] = {
    "id": "demo",
    "type": "default",
    "components": [
        text("name", validate={"maxLength": 20}),
        text("kind", kind="radio", values=options("a", "b")),
        text("why", '=kind != "b"', kind="textarea", validate={"maxLength": 50}),
        text("years", kind="number"),
        text("note", "=years = null or years < limit"),
        text("sure", kind="checkbox"),
        text("tags", kind="checklist", values=options("1", "2")),
        text("files", kind="filepicker", multiple=True),
        box(
            "dynamiclist",
            "works",
            text("title"),
            text("form", kind="select", values=options("paper", "book")),
            text("isbn", '=this.form != "book"'),
            box("dynamiclist", "authors", text("who")),
            properties={"itemLabel": "代表作"},
        ),
        box("group", "unit", text("code")),
    ],
}
DEFINITION = FormDefinition.parse(json.dumps(FORM).encode(), "demo.form")


class Stage:
    """Serves the built files and one page at a time, and keeps what was sent to it."""

    def __init__(self) -> None:
        self.body = ""
        self.files: dict[str, str] = {}
        self.drafts: list[dict[str, Any]] = []
        self.tokens: list[str | None] = []
        self.submitted: list[tuple[str, str]] = []
        self.refuse_uploads = False
        stage = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Quiet."""

            def answer(self, body: bytes, kind: str, status: int = 200) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Security-Policy", CSP)
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                if self.path.startswith("/dist/"):
                    file = DIST / self.path.removeprefix("/dist/")
                    self.answer(file.read_bytes(), KINDS.get(file.suffix, "application/octet-stream"))
                elif self.path in stage.files:
                    self.answer(stage.files[self.path].encode(), "application/xml")
                else:
                    self.answer(stage.page().encode(), "text/html; charset=utf-8")

            def do_PUT(self) -> None:
                stage.tokens.append(self.headers["X-CSRF-Token"])
                stage.drafts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.answer(b"{}", "application/json")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
                parts = BytesParser().parsebytes(head + body)
                if self.path == "/api/v1/attachments":
                    stage.tokens.append(self.headers["X-CSRF-Token"])
                    if stage.refuse_uploads:
                        wrong = {"detail": "…", "errors": {"file": ["只接收 PDF。"]}}
                        return self.answer(json.dumps(wrong).encode(), "application/problem+json", 422)
                    return self.answer(b'{"id": "att1", "name": "a.pdf", "size": 2048}', "application/json", 201)
                assert isinstance(parts.get_payload(), list)
                stage.submitted = [pair for part in parts.get_payload() if (pair := _pair(part))]
                return self.answer(b"<!doctype html><p id=sent>sent</p>", "text/html")

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def page(self) -> str:
        built = json.loads((DIST / "manifest.json").read_text())["app"]
        return (
            '<!doctype html><html lang="zh-Hans"><head><meta charset="utf-8"><title>t</title><link rel="icon" href="data:,">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<link rel="stylesheet" href="/dist/{built["css"]}"></head><body class="zp-body"><main class="container-xl">'
            f'{self.body}</main><script type="module" src="/dist/{built["js"]}"></script></body></html>'
        )


def _pair(part: Message) -> tuple[str, str] | None:
    name = part.get_param("name", header="content-disposition")
    payload = part.get_payload(decode=True)
    if part.get_filename() is not None:
        return None
    assert isinstance(payload, bytes)
    return str(name), payload.decode()


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.server.shutdown()


@pytest.fixture
def shown(browser: Browser, stage: Stage) -> Iterator[Callable[..., Page]]:
    """Opens the stage's page and waits for the island; the console must stay silent (a CSP violation would speak)."""
    said: list[str] = []
    contexts = []

    def open_page(body: str, width: int = 1366) -> Page:
        stage.body = body
        context = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text) if "422" not in message.text else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(stage.url)
        page.wait_for_selector("[data-ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []


def diagram(state: dict[str, Any], source: str) -> str:
    return f'<div class="zp-diagram" data-island="viewer" {source} data-state="{escape(json.dumps(state))}" aria-label="图"></div>'


def marks(page: Page, element: str) -> set[str]:
    names = (page.locator(f'[data-element-id="{element}"]').first.get_attribute("class") or "").split()
    return {name.removeprefix("zp-mark-") for name in names if name.startswith("zp-mark-")}


def test_a_diagram_shows_where_the_case_stands(shown: Callable[..., Page], stage: Stage) -> None:
    stage.files["/p.xml"] = DIAGRAM
    state = {
        "visited": ["begin", "apply"],
        "active": [{"element": "review", "count": 3}, {"element": "elsewhere", "count": 1}],
        "timers": [{"element": "review", "text": "6月8日 24:00"}],
        "incidents": [{"element": "over", "text": "没有日历"}],
    }
    page = shown(diagram(state, 'data-xml="/p.xml"'))
    assert marks(page, "begin") == marks(page, "apply") == marks(page, "f1") == marks(page, "f2") == {"visited"}
    assert marks(page, "review") == {"active"}
    assert marks(page, "over") == {"incident"}
    assert marks(page, "f3") == set()
    assert sorted(page.locator(".zp-flag").all_inner_texts()) == ["6月8日 24:00", "×3", "停住了"]
    expect(page.locator(".bjs-powered-by")).to_be_visible()
    assert page.locator(".zp-diagram-key li").all_inner_texts() == ["正在这里", "走过", "停住了"]
    assert page.locator("[data-island]").get_attribute("role") == "group"


def test_a_diagram_is_moved_and_zoomed_by_keyboard(shown: Callable[..., Page]) -> None:
    page = shown(diagram({"active": [{"element": "apply", "count": 1}]}, f'data-inline="{escape(DIAGRAM)}"'))
    view = lambda: page.locator(".viewport").get_attribute("transform")  # noqa: E731
    page.locator("svg[tabindex]").focus()
    seen = [view()]
    for key in ("ArrowRight", "+", "-", "ArrowDown", "0"):
        page.keyboard.press(key)
        seen.append(view())
    assert all(before != after for before, after in pairwise(seen))
    page.get_by_role("button", name="放大").click()
    assert view() != seen[-1]
    for name in ("缩小", "看全图", "看当前步骤"):
        page.get_by_role("button", name=name).click()


@pytest.mark.parametrize("width", [390, 1366])
def test_a_file_without_layout_is_arranged_and_findings_are_marked(shown: Callable[..., Page], width: int) -> None:
    problems = [
        {"element": "apply", "severity": "error", "text": "没有候选组"},
        {"element": "apply", "severity": "warning", "text": "没有期限"},
        {"element": "review", "severity": "warning", "text": "没有期限"},
    ]
    page = shown(diagram({"problems": problems}, f'data-inline="{escape(BARE)}"'), width)
    assert marks(page, "apply") == {"error"}
    assert marks(page, "review") == {"warning"}
    assert page.locator(".zp-flag-error").get_attribute("title") == "没有候选组\n没有期限"
    assert page.evaluate("document.documentElement.scrollWidth") == width


def form(values: dict[str, Any]) -> str:
    evaluator = Feel()

    def judge(expression: str, variables: Any) -> Any:
        return evaluator.evaluate(expression, variables, {}, datetime(2026, 6, 1, tzinfo=UTC))

    fields = render_fields(DEFINITION, values=values, feel=judge, context={"limit": 5})
    return (
        '<form method="post" action="/sent" enctype="multipart/form-data" novalidate data-island="form" data-task="t1">'
        f'<input type="hidden" name="csrf_token" value="token">{fields}'
        '<button type="submit" name="_action" value="submit">提交</button><span data-draft-status></span></form>'
    )


def test_which_step_is_which_is_said_by_clicking_both_diagrams(shown: Callable[..., Page], stage: Stage) -> None:
    stage.files = {"/old.bpmn": DIAGRAM, "/new.bpmn": DIAGRAM.replace('"review"', '"examine"')}
    sides = "".join(
        f'<div class="zp-diagram" data-side="{side}" data-xml="/{side}.bpmn"></div>' for side in ("old", "new")
    )
    options = '<option value="">?</option><option value="examine">审核</option>'
    page = shown(
        '<form data-island="moving" data-hint="先在左边点">'
        f'<div class="zp-moving" data-process="p" data-standing="{escape(json.dumps([{"element": "review", "count": 2}]))}" hidden>'
        f'<p class="zp-moving-said" role="status"></p>{sides}</div>'
        f'<select data-process="p" data-element="review" aria-label="x">{options}</select></form>'
    )
    old, new = page.locator('[data-side="old"]'), page.locator('[data-side="new"]')
    said, select = page.get_by_role("status"), page.locator("select")
    assert old.locator(".zp-flag-count").inner_text() == "2 件"
    assert "zp-moving-asked" in (old.locator('[data-element-id="review"]').first.get_attribute("class") or "")
    new.locator('[data-element-id="examine"] .djs-hit').first.click()
    assert said.inner_text() == "先在左边点"
    old.locator('[data-element-id="apply"] .djs-hit').first.click()
    assert "编号没有变" in said.inner_text()
    old.locator('[data-element-id="review"] .djs-hit').first.click()
    new.locator('[data-element-id="over"] .djs-hit').first.click()
    assert "不是同一类步骤" in said.inner_text()
    assert select.input_value() == ""
    new.locator('[data-element-id="examine"] .djs-hit').first.click()
    assert said.inner_text() == "已指明：“审核”现在是“审核”。"
    assert select.input_value() == "examine"
    assert "zp-moving-answered" in (new.locator('[data-element-id="examine"]').first.get_attribute("class") or "")


def test_fields_answer_while_typing(shown: Callable[..., Page]) -> None:
    page = shown(form({"works": [{"form": "paper"}, {"form": "book"}]}))
    field = lambda path: page.locator(f'[data-path="{path}"]')  # noqa: E731
    expect(field("why")).to_be_hidden()
    page.check("[name=kind][value=b]")
    expect(field("why")).to_be_visible()
    expect(field("note")).to_be_hidden()
    for typed, visible in (("5", True), ("4", False), ("１２", True), ("about 7", False)):
        page.fill("[name=years]", typed)
        expect(field("note")).to_be_visible(visible=visible)
    expect(field("works[0].isbn")).to_be_hidden()
    expect(field("works[1].isbn")).to_be_visible()
    page.select_option('[name="works[0].form"]', "book")
    expect(field("works[0].isbn")).to_be_visible()
    page.fill("[name=why]", "字" * 53)
    expect(field("why").locator(".zp-counter")).to_have_text("超出 3 字")


def test_rows_come_and_go_and_the_draft_equals_the_submission(shown: Callable[..., Page], stage: Stage) -> None:
    page = shown(
        form({"name": "张三", "works": [{"title": "一", "authors": [{"who": "甲"}]}, {"title": "二", "form": "book"}]})
    )
    page.click("button[name=_add][value=works]")
    expect(page.locator('[name="works[2].title"]')).to_be_focused()
    page.fill('[name="works[2].title"]', "三 works[2] f-works-2-title")
    page.click('button[name=_add][value="works[2].authors"]')
    page.fill('[name="works[2].authors[0].who"]', "乙")
    page.click('button[name=_remove][value="works.0"]')
    titles = page.locator("[data-list=works] > [data-rows] > [data-row] > .card-header .card-title")
    assert titles.all_inner_texts() == ["代表作 1", "代表作 2"]
    assert page.locator('label[for="f-works-1-title"]').count() == 1
    assert page.evaluate(
        "[...document.querySelectorAll('[id]')].length === new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size"
    )
    page.check("[name=sure]")
    page.check("[name=tags][value='2']")
    page.fill("[name=years]", "abc")
    page.set_input_files("[name=files][type=file]", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"})
    expect(page.locator("[data-file=att1] input")).to_be_checked()
    expect(page.locator("[data-draft-status]")).to_contain_text("草稿已保存", timeout=10_000)
    page.click("button[value=submit]")
    page.wait_for_selector("#sent")
    sent, action = parse_submission(DEFINITION, [pair for pair in stage.submitted if pair[0] != "csrf_token"])
    assert action == ("submit",)
    assert stage.drafts[-1] == {"variables": sent}
    assert sent["works"] == [
        {"title": "二", "form": "book", "authors": []},
        {"title": "三 works[2] f-works-2-title", "authors": [{"who": "乙"}]},
    ]
    assert sent["files"] == ["att1"]
    assert set(stage.tokens) == {"token"}


def test_a_refused_file_is_told_and_stays_chosen(shown: Callable[..., Page], stage: Stage) -> None:
    stage.refuse_uploads = True
    page = shown(form({}))
    page.set_input_files("[name=files][type=file]", {"name": "a.exe", "mimeType": "x/y", "buffer": b"MZ"})
    expect(page.get_by_role("alert")).to_contain_text("a.exe 没有上传成功：只接收 PDF。")
    assert page.locator("[name=files][type=file]").evaluate("one => one.files.length") == 1
    expect(page.locator("button[value=submit]")).to_be_enabled()


def test_leaving_with_unsaved_changes_is_asked(shown: Callable[..., Page]) -> None:
    page = shown(form({}))
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.fill("[name=name]", "卓玛")
    page.evaluate("location.href = '/elsewhere'")
    page.wait_for_url("**/elsewhere")
    assert asked == ["beforeunload"]
