"""What an expression did wrong, in a sentence that names the expression and the values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from engine.errors import ZhipingError
from forms.i18n import T, Text

_TYPES: Final = {
    "string": T("文本"),
    "number": T("数字"),
    "boolean": T("是否值"),
    "date": T("日期"),
    "time": T("时刻"),
    "date time": T("日期时间"),
    "duration": T("时长"),
    "list": T("列表"),
    "context": T("对象"),
    "function": T("函数"),
    "range": T("区间"),
}


class FeelError(ZhipingError):
    """An expression that cannot be judged. Facts: `expression`, `reason` (SYNTAX, NAME, FUNCTION, ARGUMENTS, COMPARED, NUMBER, TRUTH,
    NEITHER, RESULT, LIMIT, LENGTH, FAILED), `read` (name -> value, of a condition)."""

    code = "FEEL_ERROR"


def short(text: str, limit: int = 200) -> str:
    """Of a long text the beginning, for a message."""
    return text if len(text) <= limit else text[:limit] + "…"


def limit(expression: str) -> FeelError:
    """The expression used up its time or memory."""
    text = short(expression.strip())
    return FeelError(
        _sentence("LIMIT", text, {}, {}),
        expression=text,
        reason="LIMIT",
        read={},
    )


def judged(expression: str | list[str], facts: dict[str, Any]) -> FeelError:
    """From what the interpreter met; of a list of cells the one it stopped at is named."""
    cell = facts.pop("cell", 0)
    written = expression if isinstance(expression, str) else expression[cell]
    code = facts.pop("code")
    read = facts.pop("read", {})
    text = short(written.strip())
    return FeelError(_sentence(code, text, facts, read), expression=text, reason=code, read=read)


def _sentence(code: str, expression: str, facts: dict[str, Any], read: Mapping[str, Any]) -> Text:
    if code == "LIMIT":
        return T("表达式算得太久或占用内存太多，已中止：{expression}", expression=expression)
    if code == "COMPARED":
        left, right = (_TYPES.get(facts[key], T("其他值")) for key in ("leftType", "rightType"))
        values = {"expression": expression, "a": facts["left"], "b": facts["right"], "left": left, "right": right}
        if facts["why"] == "offset":
            return T("“{expression}”中 {a} 与 {b} 无法比较：一个带时区，一个不带。请写明时区，如 +08:00。", **values)
        if facts["why"] == "durations":
            return T("“{expression}”中 {a} 与 {b} 无法比较：年月时长与日时时长不能互比。", **values)
        return T(
            "“{expression}”中 {a}（{left}）与 {b}（{right}）种类不同，无法比较。"
            "文本形式的日期请先写成 date(x) 或 date and time(x)，数字写成 number(x)。",
            **values,
        )
    at = facts.get("at", 0) + 1
    match code:
        case "SYNTAX":
            return T(
                "“{expression}”写法有误，在第 {at} 个字符处（{reason}）。",
                expression=expression,
                at=at,
                reason=facts["reason"],
            )
        case "NAME":
            return T(
                "“{expression}”用到了没有值的名称 {name}：请检查拼写；文本要加双引号；允许没有值时请写 {name} = null。",
                expression=expression,
                name=facts["name"],
            )
        case "FUNCTION":
            return T("“{expression}”第 {at} 个字符处的函数不存在或参数不符。", expression=expression, at=at)
        case "ARGUMENTS":
            return T("“{expression}”中的值不能这样运算：{values}", expression=expression, values=facts["values"])
        case "NUMBER":
            return T("“{expression}”算出的数过大，或不是数。", expression=expression)
        case "TRUTH":
            return T(
                "“{expression}”中作为条件的值 {value} 既不是 true 也不是 false。",
                expression=expression,
                value=facts["value"],
            )
        case "NEITHER":
            values_read = "、".join(f"{name} = {_shown(value)}" for name, value in read.items()) or "–"
            return T(
                "条件“{expression}”的结果是 {value}，既不是 true 也不是 false。读到的值：{read}",
                expression=expression,
                value=facts["value"],
                read=values_read,
            )
        case "RESULT":
            return T("“{expression}”的结果无法保存（{reason}）。", expression=expression, reason=facts["reason"])
        case _:
            return T(
                "“{expression}”无法计算：{reason}", expression=expression, reason=short(str(facts.get("reason", code)))
            )


def _shown(value: Any) -> str:
    return short(orjson.dumps(value).decode("utf-8"), 100)
