"""`validate`: what is kept, what is refused with which sentence, where."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from forms.errors import FormBroken
from forms.i18n import T
from forms.schema import schema_of, validate

YES_NO = [{"label": "同意", "value": "yes"}, {"label": "不同意", "value": "no"}]


def field(kind: str, key: str = "x", label: str = "名称", **more: Any) -> dict[str, Any]:
    return {"type": kind, "key": key, "id": f"f_{key}", "label": label, **more}


def required(kind: str, **more: Any) -> dict[str, Any]:
    return field(kind, validate={"required": True}, **more)


@pytest.mark.parametrize(
    ("component", "typed", "kept"),
    [
        (field("textfield"), "  张三 ", "张三"),
        (field("textarea"), "一\r\n二", "一\n二"),
        (field("number"), "12", 12),
        (field("number", serializeToString=True), "1,234.50", "1234.5"),
        (field("datetime"), "2026年6月1日", "2026-06-01"),
        (field("datetime", subtype="time"), "9:30", "09:30:00"),
        (field("datetime", subtype="datetime"), "2026-06-01T09:30", "2026-06-01T09:30:00+08:00"),
        (field("checkbox"), True, True),
        (field("radio", values=YES_NO), "yes", "yes"),
        (field("select", values=[{"label": "一", "value": 1}, {"label": "是", "value": True}]), "1", 1),
        (field("select", values=[{"label": "一", "value": 1}, {"label": "是", "value": True}]), "true", True),
        (field("checklist", values=YES_NO), ["no", "yes", "no"], ["yes", "no"]),
        (field("taglist", values=YES_NO), [], []),
    ],
)
def test_keeps(form: Any, check: Any, component: Any, typed: Any, kept: Any) -> None:
    result = check(form(component), {"x": typed})
    assert result == {"x": kept}
    assert type(result["x"]) is type(kept)
    assert check(form(component), result) == result, "what was kept is valid again"


@pytest.mark.parametrize(
    ("component", "typed", "sentence"),
    [
        (required("textfield"), "   ", "请填写“名称”。"),
        (required("number"), None, "请填写“名称”。"),
        (required("radio", values=YES_NO), "", "请选择“名称”。"),
        (required("checklist", values=YES_NO), [], "请在“名称”中至少选一项。"),
        (required("filepicker"), [], "请上传“名称”。"),
        (required("checkbox"), False, "请勾选“名称”。"),
        (field("textfield"), 5, "“名称”应填写文字。"),
        (field("textfield"), {"a": 1}, "“名称”应填写文字。"),
        (field("textfield", validate={"minLength": 3}), "二字", "“名称”至少 3 字，现有 2 字。"),
        (field("textfield", validate={"maxLength": "1"}), "二字", "“名称”最多 1 字，现有 2 字。"),
        (field("textfield", validate={"pattern": "^[0-9]{4}$"}), "12345", "“名称”的格式不对，请按说明填写。"),
        (
            field("textfield", validate={"pattern": "^A"}, properties={"patternMessage": "编号以 A 开头。"}),
            "B",
            "编号以 A 开头。",
        ),
        (
            field("textfield", validate={"validationType": "email"}),
            "a@b",
            "“名称”应填写电子邮箱，例如 name@example.cn。",
        ),
        (
            field("textfield", validate={"validationType": "phone"}),
            "12345",
            "“名称”应填写手机号码或带区号的座机号码，例如 13900000000。",
        ),
        (field("number", decimalDigits=0), "1.5", "“名称”应填写整数。"),
        (field("number", decimalDigits=1), "1.55", "“名称”最多 1 位小数。"),
        (field("number", validate={"min": 0, "max": 100}), "101", "“名称”应在 0 至 100 之间。"),
        (field("number", validate={"min": 1}), "0", "“名称”不能小于 1。"),
        (field("number", validate={"max": "=cap"}), "9", "“名称”不能大于 7。"),
        (field("number"), "七", "“名称”应填写数字，例如 12 或 12.5。"),
        (field("datetime", properties={"max": "=today()"}), "2026-06-02", "“名称”不能晚于 2026-06-01。"),
        (field("datetime", disallowPassedDates=True), "2026-05-31", "“名称”不能早于 2026-06-01。"),
        (field("checkbox"), "yes", "“名称”应为是或否。"),
        (field("radio", values=YES_NO), "maybe", "请从“名称”列出的选项中选择。"),
        (field("radio", values=[{"label": "一", "value": 1}]), True, "请从“名称”列出的选项中选择。"),
        (field("radio", values=YES_NO), ["yes"], "请从“名称”列出的选项中选择。"),
        (field("checklist", values=YES_NO), "yes", "请从“名称”列出的选项中选择。"),
        (field("checklist", values=YES_NO), ["yes", {}], "请从“名称”列出的选项中选择。"),
        (
            field("checklist", values=YES_NO, properties={"maxItems": "1"}),
            ["yes", "no"],
            "“名称”最多 1 项，现有 2 项，请移除多余的。",
        ),
        (field("filepicker"), "a1", "“名称”应为已上传文件的编号列表。"),
        (field("filepicker"), ["a1", "a2"], "“名称”最多 1 个文件，现有 2 个，请移除多余的。"),
        (field("filepicker"), ["a1"], "这里不能附文件。"),
    ],
)
def test_refuses(form: Any, check: Any, component: Any, typed: Any, sentence: str) -> None:
    result = check(form(component), {"x": typed}, {"cap": 7})
    assert type(result).__name__ == "Refusal"
    assert result == {"x": [sentence]}


def test_a_blank_optional_field_replaces_an_older_value(form: Any, check: Any) -> None:
    definition = form(
        field("textfield"), field("checkbox", "c"), field("checklist", "l", values=YES_NO), field("filepicker", "f")
    )
    assert check(definition, {}, {"x": "old"}) == {"x": None, "c": False, "l": [], "f": []}


@pytest.mark.parametrize(
    ("submitted", "path"),
    [
        ({"approved": True}, "approved"),
        ({"g": {"y": "1", "role": "admin"}}, "g.role"),
        ({"l": [{"z": "1"}, {"__class__": "x"}]}, "l[1].__class__"),
        ({"g.y": "1"}, "g.y"),
    ],
)
def test_a_key_the_form_does_not_declare_is_refused(form: Any, check: Any, submitted: Any, path: str) -> None:
    definition = form(
        field("textfield"),
        {"type": "group", "path": "g", "label": "组", "components": [field("textfield", "y")]},
        {"type": "dynamiclist", "path": "l", "label": "表", "components": [field("textfield", "z")]},
    )
    assert list(check(definition, submitted)) == [path]


@pytest.mark.parametrize("wrong", ["text", 5, {"0": {}}, ["row"], [None], [{}] * 501])
def test_a_list_that_is_none_is_refused(form: Any, check: Any, wrong: Any) -> None:
    definition = form({"type": "dynamiclist", "path": "l", "label": "表", "components": [field("textfield", "z")]})
    assert check(definition, {"l": wrong}) == {"l": ["“表”的内容不成形，请刷新页面后重新填写。"]}
    definition = form({"type": "group", "path": "g", "label": "组", "components": [field("textfield", "z")]})
    assert check(definition, {"g": [1]}) == {"g": ["“组”的内容不成形，请刷新页面后重新填写。"]}


WORKS = {
    "type": "dynamiclist",
    "path": "works",
    "label": "代表作",
    "properties": {"minItems": "1", "maxItems": "=cap"},
    "components": [
        required("textfield", label="题名"),
        field("number", "year", "年份"),
        field("checkbox", "secret", "涉密"),
    ],
}


def test_rows(form: Any, check: Any) -> None:
    definition, context = form(WORKS), {"cap": 2}
    rows = [{"x": "甲"}, {"x": " ", "secret": False}, {"x": "乙", "year": "2020"}]
    kept = [{"x": "甲", "year": None, "secret": False}, {"x": "乙", "year": 2020, "secret": False}]
    assert check(definition, {"works": rows}, context) == {"works": kept}
    assert check(definition, {"works": [{}]}, context) == {"works": ["“代表作”至少 1 项，现有 0 项。"]}
    assert check(definition, {"works": [{"x": "甲"}] * 3}, context) == {
        "works": ["“代表作”最多 2 项，现有 3 项，请移除多余的。"]
    }


def test_errors_name_the_row_as_it_was_sent_and_come_in_the_order_of_the_form(form: Any, check: Any) -> None:
    definition = form(required("textfield", label="首"), WORKS, field("number", "last", "末"))
    rows = [{}, {"year": "x"}]
    result = check(definition, {"last": "?", "works": rows}, {"cap": 3})
    assert list(result) == ["x", "works[1].x", "works[1].year", "last"]


def test_rows_of_rows(form: Any, check: Any) -> None:
    inner = {"type": "dynamiclist", "path": "authors", "label": "作者", "components": [required("textfield")]}
    definition = form(
        {"type": "dynamiclist", "path": "works", "label": "著作", "components": [field("textfield", "t"), inner]}
    )
    data = {"works": [{"t": "甲", "authors": [{"x": "a"}, {"x": "b"}]}, {"t": "乙", "authors": []}]}
    assert check(definition, data) == data


def test_read_only_values_come_from_the_process_never_from_the_client(form: Any, check: Any) -> None:
    definition = form(
        field("textfield", "unit", readonly=True),
        field("textfield", "pledge", disabled=True, defaultValue="本人承诺"),
        field("textfield", "grade", readonly="=locked"),
        {"type": "group", "path": "g", "label": "组", "readonly": True, "components": [field("textfield", "y")]},
        field("textfield", "greeting", readonly=True, defaultValue='="您好"'),
    )
    context = {"unit": "省档案馆", "locked": True, "grade": "高级", "g": {"y": "内"}}
    forged = {"unit": "伪", "pledge": "伪", "grade": "伪", "g": {"y": "伪"}, "greeting": "伪"}
    kept = {"unit": "省档案馆", "pledge": "本人承诺", "grade": "高级", "g": {"y": "内"}, "greeting": "您好"}
    assert check(definition, forged, context) == kept
    assert check(definition, {}, context) == kept
    assert check(definition, {"grade": "填"}, {**context, "locked": False})["grade"] == "填"


def test_rows_the_process_gave_stay_as_they_are(form: Any, check: Any) -> None:
    definition = form(
        {
            "type": "dynamiclist",
            "path": "checklist",
            "label": "清单",
            "allowAddRemove": False,
            "components": [field("textfield", "item", readonly=True), required("radio", label="结论", values=YES_NO)],
        }
    )
    context = {"checklist": [{"item": "学历"}, {"item": "业绩"}]}
    sent = {"checklist": [{"x": "yes", "item": "伪"}, {}]}
    assert check(definition, sent, context) == {"checklist[1].x": ["请选择“结论”。"]}
    sent["checklist"][1]["x"] = "no"
    assert check(definition, sent, context)["checklist"] == [{"item": "学历", "x": "yes"}, {"item": "业绩", "x": "no"}]
    sent["checklist"].append({"x": "no"})
    assert check(definition, sent, context) == {"checklist": ["“清单”的行数是固定的，不能增减。"]}
    assert check(definition, sent, {"checklist": []}) == {"checklist": ["“清单”的行数是固定的，不能增减。"]}
    assert check(definition, {"checklist": [{"x": "no"}]}) == {"checklist": [{"x": "no"}]}, "one row to begin with"


def test_expressions_are_computed_here(form: Any, check: Any) -> None:
    total = {"type": "expression", "key": "total", "id": "t", "label": "合计", "expression": "=x + y"}
    assert check(form(field("number"), field("number", "y"), total), {"x": "１", "y": 2, "total": 99}) == {
        "x": 1,
        "y": 2,
        "total": 3,
    }


def test_files_are_asked_about_once(form: Any, check: Any) -> None:
    definition = form(
        field("filepicker", "a", "甲", multiple=True),
        {"type": "dynamiclist", "path": "l", "label": "表", "components": [field("filepicker", "f", "附件")]},
    )
    asked: list[list[str]] = []

    def attachments(ids: list[str]) -> dict[str, Any]:
        asked.append(ids)
        return {"1": None, "2": T("文件未通过检查。")}

    assert check(definition, {"a": ["1"], "l": [{"f": ["1"]}]}, attachments=attachments) == {
        "a": ["1"],
        "l": [{"f": ["1"]}],
    }
    result = check(definition, {"a": ["1", "2", "3"], "l": [{"f": ["2"]}]}, attachments=attachments)
    assert result == {"a": ["文件未通过检查。", "有文件未能找到，请重新上传。"], "l[0].f": ["文件未通过检查。"]}
    assert [sorted(ids) for ids in asked] == [["1"], ["1", "2", "3"]]


def test_options_come_from_the_process_or_an_expression(form: Any, check: Any) -> None:
    definition = form(field("select", valuesKey="units"), field("select", "y", valuesExpression='=["a", "b"]'))
    context = {"units": [{"label": "省档案馆", "value": "u1"}, "u2"]}
    assert check(definition, {"x": "u1", "y": "b"}, context) == {"x": "u1", "y": "b"}
    assert set(check(definition, {"x": "u3", "y": "c"}, context)) == {"x", "y"}
    assert set(check(definition, {"x": "u1"})) == {"x"}, "no options, no choice"


@pytest.mark.parametrize("kind", ["text", "table", "image", "button", "separator", "spacer"])
def test_what_is_only_shown_carries_no_data(form: Any, check: Any, kind: str) -> None:
    definition = form({"type": kind, "key": "x", "id": "s"})
    assert check(definition, {}) == {}
    assert list(check(definition, {"x": 1})) == ["x"]


def test_the_submission_is_not_changed(form: Any, check: Any) -> None:
    sent = {"works": [{"x": " 甲 "}, {}]}
    before = copy.deepcopy(sent)
    check(form(WORKS), sent, {"cap": 3})
    assert sent == before


def test_a_failing_expression_is_the_owners_fault_and_says_where(form: Any, feel: Any) -> None:
    definition = form(field("textfield", conditional={"hide": "=fail()"}))
    with pytest.raises(FormBroken) as broken:
        validate(definition, {}, context={}, feel=feel, attachments=None)
    assert (broken.value.form, broken.value.element, broken.value.expression) == ("test_form", "f_x", "fail()")
    assert broken.value.__cause__ is not None


def test_the_documented_schema_names_every_field_a_client_writes(form: Any) -> None:
    definition = form(WORKS, field("textfield", "fixed", readonly=True), field("number", "n"))
    schema = schema_of(definition)
    assert set(schema.fields) == {"works", "n"}
    assert set(schema.fields["works"].inner.schema.fields) == {"x", "year", "secret"}  # type: ignore[attr-defined]
