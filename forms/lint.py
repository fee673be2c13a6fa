"""What is wrong with a form file, each finding with its place and what to do. An error refuses the deployment."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from forms.component import (
    CHOICES,
    EXTENSIONS,
    FIELDS,
    MULTIPLE,
    TYPES,
    Component,
    bare,
    is_feel,
    members,
)
from forms.convert import TEMPORAL, Bad, to_decimal, unprintable
from forms.errors import FormProblem
from forms.i18n import T, Text
from forms.pattern import BadPattern, compiled
from forms.reading import line_of, read_json, shape, tree

CheckFeel = Callable[[str], str | Text | None]

MAX_COMPONENTS = 500
MAX_NESTING = 6
MAX_OPTIONS = 500

REFUSED = frozenset({"html", "iframe", "documentPreview"})
# Names that mean something else: to FEEL in a row, to the stored state, to JavaScript objects, to Python ones.
_RESERVED = re.compile(
    "this|parent|i|typename|constructor|prototype|toString|valueOf|hasOwnProperty|null|true|false|and|or|not|if|then|else"
    "|for|in|return|some|every|satisfies|between|instance|of|function|_.*"
)
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_TAG = re.compile(r"<[A-Za-z/!?]")
_SCRIPT = re.compile(r"(?:javascript|vbscript|livescript):|data:text/html")
_INVISIBLE = re.compile(r"[\s\x00-\x20\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_SLOT = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)

WORDS = ("label", "dateLabel", "timeLabel", "description", "text", "alt", "title")
FEEL_SLOTS = ("readonly", "disabled", "valuesExpression", "columnsExpression", "dataSource", "source", "defaultValue")
NUMBER_RULES = ("min", "max", "minLength", "maxLength")
FEEL_EXTENSIONS = ("minItems", "maxItems", "min", "max", "suggestions")


def lint_form(file: str, raw: bytes, check_feel: CheckFeel | None = None) -> list[FormProblem]:
    """All findings, in the order of the file; empty when there is nothing to say.

    `check_feel(expression)` answers None for a FEEL expression that can be read, else the fault in words. Without it
    expressions are taken as they are.
    """
    data, problems = read_json(raw, file)
    if problems:
        return problems
    wrong = shape(data)
    if wrong is not None:
        return [FormProblem(file, 1, None, "FORM_SHAPE", wrong)]
    return _Lint(file, raw, check_feel).run(data)


class _Lint:
    def __init__(self, file: str, raw: bytes, check_feel: CheckFeel | None) -> None:
        self.file, self.raw, self.check_feel = file, raw, check_feel
        self.problems: list[FormProblem] = []

    def say(self, element: str | None, code: str, text: Text, severity: str = "error") -> None:
        self.problems.append(FormProblem(self.file, line_of(self.raw, element), element, code, text, severity))

    def run(self, data: Mapping[str, Any]) -> list[FormProblem]:
        self._strings({name: value for name, value in data.items() if name != "components"}, str(data["id"]))
        if not all(self._is_tree(raw, 0) for raw in data["components"]):
            return self.problems
        top = tree(data["components"], "")
        everything = [component for component in top for component in component.walk()]
        if len(everything) > MAX_COMPONENTS:
            self.say(
                None, "FORM_TOO_LARGE", T("表单最多 {max} 个组件，现有 {n} 个。", max=MAX_COMPONENTS, n=len(everything))
            )
            return self.problems
        self._same_id(everything)
        self._scope(top)
        for component in top:
            self._component(component, None)
        return self.problems

    def _is_tree(self, raw: Any, depth: int) -> bool:
        if not isinstance(raw, Mapping) or not isinstance(raw.get("type"), str):
            self.say(None, "FORM_SHAPE", T("components 里的每一项都应是带 type 的对象。"))
            return False
        if depth >= MAX_NESTING:
            self.say(_name(raw), "FORM_TOO_DEEP", T("组件最多嵌套 {n} 层。", n=MAX_NESTING))
            return False
        inner = raw.get("components", [])
        if not isinstance(inner, list):
            self.say(_name(raw), "FORM_SHAPE", T("components 应是列表。"))
            return False
        return all(self._is_tree(child, depth + 1) for child in inner)

    def _same_id(self, everything: list[Component]) -> None:
        seen: set[str] = set()
        for component in everything:
            name = component.raw.get("id")
            if isinstance(name, str) and name in seen:
                self.say(name, "FORM_DUPLICATE_ID", T("组件 id “{name}”用了两次，请改掉一个。", name=name))
            seen.add(str(name))

    def _scope(self, components: tuple[Component, ...]) -> None:
        seen: set[str] = set()
        for component in members(components):
            if component.key in seen:
                self.say(
                    component.key,
                    "FORM_DUPLICATE_KEY",
                    T("字段“{name}”在同一层用了两次，请改掉一个。", name=component.key),
                )
            seen.add(component.key)

    def _component(self, component: Component, row_of: Component | None) -> None:
        element = component.element
        self._strings({name: value for name, value in component.raw.items() if name != "components"}, element)
        if component.type in REFUSED:
            self.say(element, "FORM_HTML", T("不允许组件“{type}”，请改用 text。", type=component.type))
            return
        if component.type not in TYPES:
            self.say(
                element, "FORM_UNKNOWN_TYPE", T("不认识的组件类型“{type}”，请换用支持的类型。", type=component.type)
            )
            return
        self._naming(component)
        self._words(component)
        self._expressions(component)
        self._extensions(component)
        self._rules(component)
        if component.type in CHOICES | MULTIPLE:
            self._options(component)
        if component.type == "filepicker" and not component.extension("why"):
            self.say(element, "FORM_NO_WHY", T("请在 properties.why 写明为什么需要这份材料。"), "warning")
        self._rows(component, row_of)
        if component.type in ("group", "dynamiclist"):
            if component.key:
                self._scope(component.components)
            for inner in component.components:
                self._component(inner, component if component.type == "dynamiclist" else row_of)

    def _rows(self, component: Component, row_of: Component | None) -> None:
        element = component.element
        if component.type == "dynamiclist":
            if not component.components:
                self.say(element, "FORM_EMPTY_LIST", T("动态列表里没有组件。"))
            count = component.raw.get("defaultRepetitions", 1)
            if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= 20:
                self.say(element, "FORM_LIMIT", T("defaultRepetitions 应为 0 至 20 的整数。"))
        locked = [name for name in ("readonly", "disabled") if component.raw.get(name) not in (None, False)]
        if locked and row_of is not None and not row_of.fixed_rows and not row_of.raw.get("readonly"):
            self.say(
                element,
                "FORM_READONLY_IN_ROWS",
                T("可增减行的列表里不能有只读字段：行号会错位。请在列表上设 allowAddRemove 为 false。"),
            )

    def _naming(self, component: Component) -> None:
        kind, key, element = component.type, component.key, component.element
        needs = kind in FIELDS or kind == "dynamiclist"
        if needs and not key:
            self.say(
                element,
                "FORM_NO_KEY",
                T("缺少 {name}：请写明数据存到哪个字段。", name="path" if kind == "dynamiclist" else "key"),
            )
        if key and (needs or kind == "group"):
            if _RESERVED.fullmatch(key):
                self.say(element, "FORM_RESERVED_KEY", T("“{name}”是保留的名字，请换一个。", name=key))
            elif not _KEY.fullmatch(key):
                self.say(
                    element,
                    "FORM_BAD_KEY",
                    T("字段名“{name}”应由字母、数字、下划线组成，以字母开头，最多 64 个。", name=key),
                )
        if needs and component.label == key:
            self.say(element, "FORM_NO_LABEL", T("缺少标签：请用中文写明这一项是什么。"))

    def _words(self, component: Component) -> None:
        for name, value in _texts(component):
            if _TAG.search(value) and not is_feel(value):
                self.say(component.element, "FORM_HTML", T("{name} 里不能写 HTML。", name=name))
            for slot in [] if is_feel(value) else _SLOT.findall(value):
                self._feel(component, f"{name} {{{{…}}}}", slot)

    def _expressions(self, component: Component) -> None:
        conditional = component.raw.get("conditional")
        if conditional is not None and not isinstance(conditional, Mapping):
            self.say(component.element, "FORM_SHAPE", T("conditional 应是对象。"))
        elif conditional and conditional.get("hide") is not None:
            if isinstance(conditional["hide"], str):
                self._feel(component, "conditional.hide", conditional["hide"])
            else:
                self.say(component.element, "FORM_FEEL", T("{name} 应为 FEEL 表达式。", name="conditional.hide"))
        if component.type == "expression":
            self._feel(component, "expression", component.raw.get("expression"))
        for name in (*WORDS, *FEEL_SLOTS):
            value = component.raw.get(name)
            if is_feel(value) or (name.endswith("Expression") and value):
                self._feel(component, name, value)
        for name in ("required", *NUMBER_RULES):
            if is_feel(component.rule(name)):
                self._feel(component, f"validate.{name}", component.rule(name))
        for name in (*FEEL_EXTENSIONS, "why", "help"):
            if is_feel(component.extension(name)):
                self._feel(component, f"properties.{name}", component.extension(name))

    def _feel(self, component: Component, slot: str, expression: Any) -> None:
        if not isinstance(expression, str) or not bare(expression):
            self.say(component.element, "FORM_FEEL", T("{name} 应为 FEEL 表达式。", name=slot))
            return
        fault = self.check_feel(bare(expression)) if self.check_feel else None
        if fault is not None:
            text = T("{name} 的表达式“{expression}”有误：{fault}", name=slot, expression=expression[:200], fault=fault)
            self.say(component.element, "FORM_FEEL", text)

    def _extensions(self, component: Component) -> None:
        properties = component.raw.get("properties")
        if properties is None:
            return
        if not isinstance(properties, Mapping):
            self.say(component.element, "FORM_SHAPE", T("properties 应是对象。"))
            return
        for name in properties:
            if name not in EXTENSIONS:
                self.say(
                    component.element,
                    "FORM_UNKNOWN_PROPERTY",
                    T("不认识的扩展属性“{name}”，将不起作用。", name=name),
                    "warning",
                )
        for name in ("minItems", "maxItems", "rows", "columns"):
            value = component.extension(name)
            if value is not None and not is_feel(value) and not re.fullmatch("[0-9]{1,4}", str(value)):
                self.say(component.element, "FORM_LIMIT", T("properties.{name} 应为整数。", name=name))
        if component.type == "datetime" and component.subtype in TEMPORAL:
            for name in ("min", "max"):
                value = component.extension(name)
                try:
                    if value is not None and not is_feel(value):
                        TEMPORAL[component.subtype](value, T(""))
                except Bad:
                    self.say(component.element, "FORM_LIMIT", T("properties.{name} 应为 ISO 日期或时间。", name=name))

    def _rules(self, component: Component) -> None:
        validate = component.raw.get("validate")
        if validate is not None and not isinstance(validate, Mapping):
            self.say(component.element, "FORM_SHAPE", T("validate 应是对象。"))
            return
        for name in NUMBER_RULES:
            value = component.rule(name)
            try:
                if value not in (None, "") and not is_feel(value):
                    to_decimal(value, T(""))
            except Bad:
                self.say(component.element, "FORM_LIMIT", T("validate.{name} 应为数字。", name=name))
        required = component.rule("required")
        if required is not None and not isinstance(required, bool) and not is_feel(required):
            self.say(component.element, "FORM_LIMIT", T("validate.required 应为 true、false 或 FEEL 表达式。"))
        pattern = component.rule("pattern")
        if pattern:
            try:
                compiled(str(pattern))
            except BadPattern as bad:
                text = T(
                    "validate.pattern 不能使用：{fault}。只支持字面、字符类、分组、| 和 ? * + {{m,n}}。",
                    fault=str(bad),
                )
                self.say(component.element, "FORM_PATTERN", text)
        kind = component.rule("validationType")
        if kind not in (None, "", "custom", "email", "phone"):
            self.say(component.element, "FORM_LIMIT", T("validate.validationType 只能是 email 或 phone。"))
        if component.type == "datetime" and component.subtype not in TEMPORAL:
            self.say(component.element, "FORM_LIMIT", T("subtype 只能是 date、time 或 datetime。"))
        digits = component.raw.get("decimalDigits")
        if digits is not None and (not isinstance(digits, int) or isinstance(digits, bool) or not 0 <= digits <= 15):
            self.say(component.element, "FORM_LIMIT", T("decimalDigits 应为 0 至 15 的整数。"))

    def _options(self, component: Component) -> None:
        element, listed = component.element, component.raw.get("values")
        if component.raw.get("valuesKey") or component.raw.get("valuesExpression"):
            return
        if not isinstance(listed, list) or not listed:
            self.say(element, "FORM_NO_OPTIONS", T("没有选项：请写 values、valuesKey 或 valuesExpression。"))
            return
        if len(listed) > MAX_OPTIONS:
            self.say(element, "FORM_TOO_LARGE", T("选项最多 {max} 个。", max=MAX_OPTIONS))
        seen: set[str] = set()
        for option in listed:
            value = option.get("value") if isinstance(option, Mapping) else None
            if (
                not isinstance(value, str | int | float | bool)
                or value == ""
                or not isinstance(option.get("label"), str)
            ):
                self.say(element, "FORM_OPTION", T("每个选项都应有 label 和非空的 value。"))
            elif str(value) in seen:
                self.say(element, "FORM_OPTION", T("选项的值“{value}”重复。", value=str(value)))
            seen.add(str(value))

    def _strings(self, value: Any, element: str) -> None:
        found = list(_all_strings(value))
        if any(unprintable(text) for text in found):
            self.say(element, "FORM_CHARACTERS", T("含有控制字符、NUL 或不成对的代理字符，请删去。"))
        if any(_SCRIPT.search(_INVISIBLE.sub("", html.unescape(text)).casefold()) for text in found):
            self.say(element, "FORM_SCRIPT_LINK", T("不允许 javascript: 一类的链接。"))


def reads(component: Component) -> Iterator[str]:
    """Every FEEL expression of a component, and the name of the variable its options come from."""
    if component.hide:
        yield component.hide
    places = [component.raw.get(name) for name in (*WORDS, *FEEL_SLOTS)]
    places += [component.rule(name) for name in ("required", *NUMBER_RULES)]
    places += [component.extension(name) for name in (*FEEL_EXTENSIONS, "why", "help")]
    for value in places:
        if isinstance(value, str):
            yield from [bare(value)] if is_feel(value) else _SLOT.findall(value)
    for name in ("expression", "valuesExpression", "columnsExpression"):
        value = component.raw.get(name)
        if isinstance(value, str) and not is_feel(value) and value.strip():
            yield value
    options = component.raw.get("valuesKey")
    if isinstance(options, str) and options.isidentifier():
        yield options


def _name(raw: Mapping[str, Any]) -> str | None:
    return next((raw[name] for name in ("id", "key", "path") if isinstance(raw.get(name), str)), None)


def _texts(component: Component) -> Iterator[tuple[str, str]]:
    for name in WORDS:
        if isinstance(component.raw.get(name), str):
            yield name, component.raw[name]
    for name in ("why", "help", "itemLabel", "patternMessage"):
        if isinstance(component.extension(name), str):
            yield f"properties.{name}", component.extension(name)
    listed = component.raw.get("values")
    for option in listed if isinstance(listed, list) else []:
        if isinstance(option, Mapping) and isinstance(option.get("label"), str):
            yield "values", option["label"]


def _all_strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield key
            yield from _all_strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _all_strings(inner)
