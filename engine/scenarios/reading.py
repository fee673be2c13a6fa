"""The YAML of a test, read narrowly: plain values with their lines. No aliases, tags or double keys; `yes` is a word, `12:30` is text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from engine.errors import Problem
from forms.i18n import T, Text

LARGEST = 60_000  # bytes
DEEPEST = 30  # levels; the scanner's time grows with the square of the depth
MOST_NODES = 20_000

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,15})\Z")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,15})\.[0-9]{1,15}\Z")
_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}


class Table(dict[str, Any]):
    """A mapping that knows where it stands: `line`, and `lines` of its keys (1-based)."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


class Row(list[Any]):
    """A list that knows the line of each item."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []


class Unreadable(Exception):
    """The file cannot be read as a test; `problem` says why and where."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def read_yaml(file: str, raw: bytes) -> Any:
    """The one document of the file: None, bool, int, float, str, `Row`, `Table`. Raises Unreadable."""
    if len(raw) > LARGEST:
        raise Unreadable(Problem(file, None, None, "TEST_TOO_BIG", T("测试文件超过 {n} 字节。", n=LARGEST)))
    events = _events(file, raw)
    for kind in (yaml.StreamStartEvent, yaml.DocumentStartEvent):
        event = next(events, None)
        if not isinstance(event, kind):
            raise _broken(file, 1)
    value = _value(file, events, next(events), 0)
    next(events)  # the document's end
    after = next(events, None)
    if not isinstance(after, yaml.StreamEndEvent):
        line = _line(after) if after is not None else None
        raise Unreadable(Problem(file, line, None, "TEST_UNREADABLE", T("一个测试文件只能有一份内容。")))
    return value


def _events(file: str, raw: bytes) -> Iterator[yaml.Event]:
    """The parser's events; stops at the first that a test may not have."""
    count = 0
    try:
        for event in yaml.parse(raw, Loader=_Loader):
            line = _line(event)
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
                raise _refused(file, line, "TEST_ALIAS", T("测试文件中不能使用锚点（&）和别名（*）。"))
            if getattr(event, "tag", None) is not None:
                raise _refused(file, line, "TEST_TAG", T("测试文件中不能使用标签（!）。"))
            count += 1
            if count > MOST_NODES:
                raise _refused(file, line, "TEST_TOO_BIG", T("测试文件的内容超过 {n} 项。", n=MOST_NODES))
            yield event
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise _broken(file, mark.line + 1 if mark is not None else None) from error


def _value(file: str, events: Iterator[yaml.Event], event: yaml.Event, depth: int) -> Any:
    line = _line(event)
    if depth > DEEPEST:
        raise _refused(file, line, "TEST_TOO_DEEP", T("测试文件的嵌套超过 {n} 层。", n=DEEPEST))
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event)
    if isinstance(event, yaml.SequenceStartEvent):
        row = Row(line)
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            row.lines.append(_line(item))
            row.append(_value(file, events, item, depth + 1))
        return row
    if isinstance(event, yaml.MappingStartEvent):
        return _table(file, events, line, depth)
    raise _broken(file, line)


def _table(file: str, events: Iterator[yaml.Event], line: int, depth: int) -> Table:
    table = Table(line)
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        at = _line(event)
        if not isinstance(event, yaml.ScalarEvent):
            raise _refused(file, at, "TEST_UNREADABLE", T("冒号前面只能是文字。"))
        key = event.value
        if key in table:
            raise _refused(file, at, "TEST_KEY_TWICE", T("“{key}”在这里写了两次。", key=key[:80]))
        table.lines[key] = at
        table[key] = _value(file, events, next(events), depth + 1)
    return table


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark is not None else 1


def _scalar(event: yaml.ScalarEvent) -> Any:
    text = event.value
    if event.style:  # quoted or a block: text as it stands
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    return float(text) if _NUMBER.match(text) else text


def _refused(file: str, line: int | None, code: str, text: Text) -> Unreadable:
    return Unreadable(Problem(file, line, None, code, text))


def _broken(file: str, line: int | None) -> Unreadable:
    return _refused(file, line, "TEST_UNREADABLE", T("测试文件不是有效的 YAML。"))
