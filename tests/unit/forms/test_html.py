"""Pages: accessible, safe, and nothing typed is lost."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from forms.html import (
    FileInfo,
    field_id,
    initial_values,
    parse_submission,
    render_fields,
    render_readonly,
    render_summary,
)
from forms.i18n import T

OPTIONS = [{"label": "同意", "value": "yes"}, {"label": "不同意", "value": "no"}]
EVIL = "\"'><script>alert(1)</script>"
NEED = {"required": True}

COMPONENTS: list[dict[str, Any]] = [
    {
        "type": "text",
        "id": "intro",
        "text": "# 说明\n\n请**如实**填写，见[办法](https://example.org/a)。\n\n- 一\n- 二",
    },
    {
        "type": "textfield",
        "key": "name",
        "label": "姓名",
        "description": "与身份证一致",
        "validate": NEED,
        "properties": {"autocomplete": "name", "why": "核对身份", "help": "填全名"},
    },
    {
        "type": "textarea",
        "key": "summary",
        "label": "总结",
        "validate": {"maxLength": 3000},
        "properties": {"rows": "8"},
    },
    {"type": "number", "key": "age", "label": "年龄", "decimalDigits": 0, "appearance": {"suffixAdorner": "岁"}},
    {"type": "datetime", "key": "day", "subtype": "date", "dateLabel": "日期", "properties": {"max": "=today()"}},
    {"type": "datetime", "key": "at", "subtype": "datetime", "dateLabel": "时刻"},
    {"type": "checkbox", "key": "agree", "label": "同意处理", "validate": NEED},
    {"type": "radio", "key": "decision", "label": "决定", "values": OPTIONS, "validate": NEED},
    {"type": "select", "key": "level", "label": "级别", "values": OPTIONS},
    {"type": "checklist", "key": "marks", "label": "勾选", "values": OPTIONS},
    {
        "type": "filepicker",
        "key": "files",
        "label": "附件",
        "multiple": True,
        "properties": {"accept": ".pdf", "why": "证明"},
    },
    {"type": "textfield", "key": "reason", "label": "理由", "conditional": {"hide": '=decision = "yes"'}},
    {"type": "textfield", "key": "unit", "label": "单位", "readonly": True},
    {"type": "expression", "key": "n", "label": "篇数", "expression": "=count(works)"},
    {
        "type": "group",
        "path": "contact",
        "label": "联系",
        "properties": {"columns": "2"},
        "components": [{"type": "textfield", "key": "phone", "label": "电话", "validate": {"validationType": "phone"}}],
    },
    {
        "type": "dynamiclist",
        "path": "works",
        "label": "代表作",
        "properties": {"itemLabel": "作品", "minItems": "1", "maxItems": "3"},
        "components": [
            {"type": "textfield", "key": "title", "label": "题名", "validate": NEED},
            {"type": "radio", "key": "kind", "label": "类型", "values": OPTIONS},
            {"type": "checkbox", "key": "secret", "label": "涉密"},
            {"type": "textfield", "key": "place", "label": "存放地", "conditional": {"hide": "=this.secret != true"}},
        ],
    },
    {
        "type": "table",
        "id": "t",
        "label": "名单",
        "dataSource": "people",
        "columns": [{"label": "姓名", "key": "name"}],
    },
    {"type": "separator"},
    {"type": "button", "label": "提交", "action": "submit"},
]
TYPED: dict[str, Any] = {
    "name": EVIL,
    "summary": "\n第一行\n  第二行",
    "age": "十二 ",
    "day": "2026年2月30日",
    "at": "2026-06-01T09:00",
    "agree": True,
    "decision": "no",
    "level": "yes",
    "marks": ["no"],
    "files": ["id1"],
    "reason": "理由",
    "contact": {"phone": "123"},
    "works": [{"title": "甲", "kind": "yes", "secret": True, "place": "库房"}, {"secret": False}],
}
CONTEXT = {"unit": "省档案馆", "people": [{"name": EVIL}], "secret_variable": "不可外传"}
FILES = {"id1": FileInfo("证书.pdf", 30_000, "/attachments/id1")}


@pytest.fixture(scope="module")
def definition(form: Any) -> Any:
    return form(*COMPONENTS)


@pytest.fixture(scope="module")
def page(definition: Any, feel: Any) -> str:
    errors = {
        "name": [T("请填写“{label}”。", label=T("姓名"))],
        "works[0].title": [T("有误 {x}", x=EVIL)],
        "decision": [T("错")],
        "works": [T("错")],
    }
    return str(render_fields(definition, values=TYPED, errors=errors, feel=feel, context=CONTEXT, attachments=FILES))


def test_nothing_typed_is_lost(definition: Any, page: str, browse: Any) -> None:
    assert parse_submission(definition, browse(page).pairs)[0] == TYPED


def test_nothing_typed_becomes_markup(page: str, definition: Any) -> None:
    shown = page + str(
        render_readonly(definition, TYPED, attachments={"id1": FileInfo(EVIL, 1, "javascript:alert(1)")})
    )
    assert "<script" not in shown
    assert "javascript:" not in shown
    assert not re.search(r"<[^>]*\s(?:on\w+|style|srcdoc)\s*=", re.sub(r'"[^"]*"', '""', shown))


def test_every_input_has_a_label_and_every_reference_a_target(page: str, browse: Any) -> None:
    seen = browse(page)
    ids = [given["id"] for _, given in seen.tags if "id" in given]
    assert len(ids) == len(set(ids))
    labelled = {given["for"] for given in seen.find("label")}
    for tag, given in seen.tags:
        if tag in ("input", "select", "textarea") and given.get("type") != "hidden":
            assert given["id"] in labelled
        for name in ("aria-describedby", "aria-labelledby", "for", "list"):
            for target in (given.get(name) or "").split():
                assert target in ids, (tag, name, target)


def test_errors_stand_beside_their_fields(page: str, browse: Any) -> None:
    seen = browse(page)
    (name,) = seen.find("input", name="name")
    assert (name["aria-invalid"], name["aria-describedby"]) == ("true", "f-name-error f-name-hint f-name-why")
    assert "is-invalid" in (name["class"] or "")
    assert seen.find(id="f-name-error")
    assert seen.find(id="f-works-0-title-error")
    assert seen.find(id="f-decision-error")
    assert seen.find("fieldset", id="f-works", aria_describedby="f-works-error")
    (summary,) = seen.find("textarea")
    assert "aria-invalid" not in summary


def test_required_marks_are_words(page: str, browse: Any) -> None:
    text = browse(page).text
    assert "姓名 （必填）" in text
    assert "总结 （选填）" in text
    assert "代表作 （必填）" in text, "a list that needs an entry"


def test_the_summary_leads_to_the_fields(definition: Any, page: str, browse: Any) -> None:
    errors = {
        "name": [T("请填写姓名。")],
        "decision": [T("请选择。")],
        "works[1].title": [T("题名")],
        "works": [T("作品")],
        "files": [T("附件")],
    }
    links = [given["href"] for given in browse(str(render_summary(errors, definition))).find("a")]
    ids = {given.get("id") for _, given in browse(page).tags}
    assert len(links) == 5
    assert {str(link).removeprefix("#") for link in links} <= ids
    assert render_summary({}, definition) == ""


def test_native_inputs_where_they_keep_what_was_typed(page: str, browse: Any, definition: Any, feel: Any) -> None:
    seen = browse(page)
    assert seen.find("input", name="day", type="text", value="2026年2月30日", max="2026-06-01")
    assert seen.find("input", name="at", type="datetime-local", value="2026-06-01T09:00")
    assert seen.find("input", name="age", type="text", inputmode="numeric", value="十二 ")
    good = browse(str(render_fields(definition, values={"day": "2026/6/1"}, feel=feel, context={})))
    assert good.find("input", name="day", type="date", value="2026-06-01")


def test_attached_files_can_be_kept_and_added(page: str, browse: Any) -> None:
    seen = browse(page)
    assert seen.find("input", type="checkbox", name="files", value="id1")
    assert seen.find("input", type="file", name="files", accept=".pdf")
    assert "保留：证书.pdf (29 KB)" in seen.text


def test_conditional_fields_are_there_hidden_with_their_expression(page: str, browse: Any) -> None:
    seen = browse(page)
    (reason,) = seen.find("div", data_path="reason")
    assert (reason["data-hide-if"], "hidden" in reason) == ('decision = "yes"', False)
    assert "hidden" not in seen.find("div", data_path="works[0].place")[0]
    assert "hidden" in seen.find("div", data_path="works[1].place")[0]


def test_the_browser_learns_only_the_variables_that_visibility_names(form: Any, feel: Any, browse: Any) -> None:
    definition = form(
        {"type": "textfield", "key": "a", "label": "甲", "conditional": {"hide": '=track = "x"'}},
        {"type": "textfield", "key": "unit", "label": "单位", "readonly": True},
    )
    page = browse(str(render_fields(definition, values={}, feel=feel, context=CONTEXT | {"track": "y"})))
    (root,) = page.find("div", data_form="test_form")
    assert json.loads(root["data-context"] or "") == {"track": "y"}
    assert not [given for _, given in page.tags if "data-value" in given]


def test_read_only_values_that_visibility_names_are_told(form: Any, feel: Any, browse: Any) -> None:
    item = {"type": "textfield", "key": "item", "label": "项", "readonly": True}
    note = {"type": "textfield", "key": "note", "label": "注", "conditional": {"hide": '=this.item = "甲"'}}
    rows = {"type": "dynamiclist", "path": "l", "label": "表", "allowAddRemove": False, "components": [item, note]}
    page = browse(str(render_fields(form(rows), values={}, feel=feel, context={"l": [{"item": "甲"}, {"item": "乙"}]})))
    assert [given["data-value"] for given in page.find("div", data_type="textfield") if "data-value" in given] == [
        '"甲"',
        '"乙"',
    ]
    assert ["hidden" in page.find("div", data_path=f"l[{n}].note")[0] for n in (0, 1)] == [True, False]


def test_read_only_values_have_no_input(page: str, browse: Any) -> None:
    seen = browse(page)
    assert not seen.find(name="unit")
    assert "省档案馆" in seen.text
    assert not seen.find(name="n")
    assert "不可外传" not in page


def test_rows_work_without_a_script(page: str, browse: Any) -> None:
    seen = browse(page)
    assert [given["data-row"] for _, given in seen.tags if "data-row" in given] == ["works[0]", "works[1]"]
    assert seen.find("button", name="_add", value="works", type="submit")
    assert seen.find("button", name="_remove", value="works.1", type="submit")
    assert "作品 2" in seen.text
    assert "works[__0__].title" in page, "a template row for the browser script"


def test_enter_never_removes_a_row(page: str, browse: Any) -> None:
    first = browse(page).find("button")[0]
    assert (first["name"], first["value"]) == ("_action", "save")


def test_a_fresh_form_is_prefilled(form: Any, feel: Any, browse: Any) -> None:
    definition = form(
        {"type": "textfield", "key": "a", "label": "甲"},
        {"type": "textfield", "key": "b", "label": "乙", "defaultValue": "默认"},
        {"type": "textfield", "key": "c", "label": "丙", "defaultValue": "=origin"},
        {
            "type": "dynamiclist",
            "path": "l",
            "label": "表",
            "defaultRepetitions": 2,
            "components": [{"type": "textfield", "key": "x", "label": "项", "defaultValue": "空"}],
        },
    )
    context = {"a": "已知", "origin": "来源"}
    rows = [{"x": "空"}, {"x": "空"}]
    assert initial_values(definition, context=context, feel=feel) == {"a": "已知", "b": "默认", "c": "来源", "l": rows}
    page = browse(str(render_fields(definition, values=None, feel=feel, context=context | {"l": [{"x": "一"}]})))
    assert parse_submission(definition, page.pairs)[0] == {"a": "已知", "b": "默认", "c": "来源", "l": [{"x": "一"}]}
    blank = browse(str(render_fields(definition, values={}, feel=feel, context=context)))
    assert parse_submission(definition, blank.pairs)[0] == {"l": []}, "what was emptied stays empty"


def test_a_prefix_keeps_two_forms_apart(definition: Any, feel: Any, browse: Any) -> None:
    page = browse(str(render_fields(definition, values=TYPED, feel=feel, context=CONTEXT, names_prefix="p-")))
    assert page.find("input", name="p-name", id=field_id("name", "p-"))
    assert parse_submission(definition, page.pairs, names_prefix="p-")[0] == TYPED


def test_answers_to_read(definition: Any, browse: Any) -> None:
    values = {
        "name": EVIL,
        "decision": "no",
        "agree": True,
        "files": ["id1"],
        "level": None,
        "at": "2026-06-01T09:00:00+08:00",
        "works": [{"title": "甲", "kind": "yes", "secret": False}],
    }
    seen = browse(str(render_readonly(definition, values, attachments=FILES)))
    for words in (EVIL, "不同意", "证书.pdf", "未填写", "2026-06-01 09:00", "题名", "甲"):
        assert words in seen.text
    assert seen.find("a", href="/attachments/id1")
    assert "理由" not in seen.text, "what was hidden is not shown"
    assert len(seen.find("th")) == 4


def test_tables_show_what_the_process_knows(page: str, browse: Any) -> None:
    seen = browse(page)
    assert "名单" in seen.text
    assert seen.text.count(EVIL) == 2, "as error text and in the table"


def test_prose(page: str, browse: Any) -> None:
    seen = browse(page)
    assert seen.find("a", href="https://example.org/a", rel="noopener noreferrer")
    assert seen.find("h3")[0] == {}
    assert seen.text.index("说明") < seen.text.index("如实")
    assert len(seen.find("strong")) == 1


def test_english(definition: Any, feel: Any) -> None:
    english = str(render_fields(definition, values=TYPED, feel=feel, context=CONTEXT, language="en"))
    assert "(required)" in english
    assert "Why we ask" in english
    assert "必填" not in english


def test_slots_in_texts_are_filled_and_escaped(form: Any, feel: Any) -> None:
    definition = form({"type": "text", "id": "t", "text": "您申报的是 {{title}}，共 {{count(list)}} 篇"})
    page = str(render_fields(definition, values={}, feel=feel, context={"title": "<b>馆员</b>", "list": [1, 2]}))
    assert "您申报的是 &lt;b&gt;馆员&lt;/b&gt;，共 2 篇" in page
