"""What a test file says: its scenarios, checked against the names an office offers, each with its line."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.clock import SHANGHAI
from engine.errors import Problem
from engine.scenarios.kit import Scenes
from engine.scenarios.reading import Row, Table, Unreadable, read_yaml
from forms.i18n import T, Text

MOST_SCENARIOS = 60  # of one file
MOST_STEPS = 200  # of one scenario, its preparation included
LONGEST_NAME = 200  # characters

FILE_KEYS = ("process", "scenarios")
SCENARIO_KEYS = ("name", "at", "given", "calls", "start", "steps", "expect")
START_KEYS = ("by", "variables", "businessKey", "refused")
STEP_KEYS: Mapping[str, tuple[str, ...]] = {
    "task": ("element", "by", "variables", "refused"),
    "message": ("name", "correlation", "businessKey", "variables", "by", "refused"),
    "expect": ("of", "open", "waits", "ended", "variables", "that", "register", "incidents", "path"),
}
NEEDED: Mapping[str, tuple[str, ...]] = {"task": ("element", "by"), "message": ("name",), "expect": ()}
TEXTS = ("element", "name", "refused", "of", "ended", "businessKey")
LISTS = ("open", "waits", "incidents", "path", "that")
REGISTER_KEYS = ("table", "where", "has", "count")
ACT_KEYS = ("as", "refused")  # what every act takes besides its own arguments


@dataclass(frozen=True)
class Step:
    """One thing that happens. `kind`: start, task, clock, message, expect, act. `name`: of the act, else the kind."""

    kind: str
    name: str
    given: Any  # Table; for clock the instant as text
    line: int


@dataclass(frozen=True)
class Scenario:
    file: str
    process: str
    name: str
    line: int
    at: datetime  # aware: where the clock stands first
    given: tuple[Step, ...]
    calls: Mapping[str, Mapping[str, Any]]  # called process -> what it leaves instead of being played
    start: Step | None  # None: an act or a message starts the process
    steps: tuple[Step, ...]
    expect: Step


@dataclass(frozen=True)
class TestFile:
    """One `.test.yaml`."""

    __test__ = False  # for pytest: this is no test class

    file: str
    process: str
    scenarios: tuple[Scenario, ...]


def read_tests(file: str, raw: bytes, scenes: Scenes | None) -> tuple[TestFile | None, list[Problem]]:
    """The file's scenarios, or what stands against it. Without `scenes` the names of people and acts are not checked."""
    reader = _Reader(file, scenes)
    try:
        found = reader.file_of(read_yaml(file, raw))
    except Unreadable as error:
        return None, [error.problem]
    return (None if reader.problems else found), reader.problems


def read_steps(raw: bytes, scenes: Scenes | None) -> tuple[list[Step], list[Problem]]:
    """Steps alone, as they stand under `steps`: lines that begin with `- `. None where anything stands against them."""
    reader = _Reader("", scenes)
    try:
        value = read_yaml("", raw)
    except Unreadable as error:
        return [], [error.problem]
    around = Table(1)
    around["steps"] = value
    steps = reader.steps_of(around, "steps")
    return ([] if reader.problems else steps), reader.problems


def instant(text: str) -> datetime:
    """An ISO date or time; without an offset Qinghai's. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=SHANGHAI)


class _Reader:
    def __init__(self, file: str, scenes: Scenes | None) -> None:
        self.file = file
        self.scenes = scenes
        self.problems: list[Problem] = []

    def file_of(self, value: Any) -> TestFile:
        top = self._table(value, FILE_KEYS, 1, needed=FILE_KEYS)
        process = self._text(top, "process")
        given = self._row(top, "scenarios")
        if not given or len(given) > MOST_SCENARIOS:
            self._against(top.line, T("“scenarios”须有 1 到 {n} 个场景。", n=MOST_SCENARIOS))
        scenarios = [self._scenario(process, each, _line(top, "scenarios")) for each in given[:MOST_SCENARIOS]]
        names = [scenario.name for scenario in scenarios]
        for scenario in scenarios:
            if names.count(scenario.name) > 1:
                self._against(scenario.line, T("有两个场景都叫“{name}”。", name=scenario.name))
        return TestFile(self.file, process, tuple(scenarios))

    def _scenario(self, process: str, value: Any, line: int) -> Scenario:
        table = self._table(value, SCENARIO_KEYS, line, needed=("name", "at", "expect"))
        given = self.steps_of(table, "given")
        steps = self.steps_of(table, "steps")
        if len(given) + len(steps) > MOST_STEPS:
            self._against(table.line, T("一个场景最多 {n} 步。", n=MOST_STEPS))
        start = self._start(table)
        name = self._text(table, "name")
        if len(name) > LONGEST_NAME:
            self._against(_line(table, "name"), T("场景名称不能超过 {n} 个字。", n=LONGEST_NAME))
        return Scenario(
            file=self.file,
            process=process,
            name=name,
            line=table.line,
            at=self._at(table),
            given=tuple(given),
            calls=self._calls(table),
            start=start,
            steps=tuple(steps),
            expect=self._step("expect", table.get("expect"), _line(table, "expect")),
        )

    def _at(self, table: Table) -> datetime:
        text = self._text(table, "at")
        try:
            at = instant(text)
        except ValueError:
            self._against(_line(table, "at"), T("“{text}”不是日期或时间，例：2026-06-01T09:00。", text=text[:80]))
            return datetime.max.replace(tzinfo=SHANGHAI)
        if self.scenes is not None and at < self.scenes.since:
            since = self.scenes.since.astimezone(SHANGHAI).isoformat()
            self._against(_line(table, "at"), T("场景不能早于 {since}。", since=since))
        return at

    def _start(self, table: Table) -> Step | None:
        if "start" not in table:
            return None
        line = _line(table, "start")
        given = self._table(table["start"], START_KEYS, line, needed=("by",))
        self._person(given, line)
        self._shapes(given)
        return Step("start", "start", given, line)

    def _calls(self, table: Table) -> Mapping[str, Mapping[str, Any]]:
        line = _line(table, "calls")
        calls = self._table(table.get("calls", Table(line)), None, line)
        return {key: self._table(calls[key], None, calls.lines[key]) for key in calls}

    def steps_of(self, table: Table, key: str) -> list[Step]:
        found = []
        rows = self._row(table, key)
        for value, line in zip(rows, getattr(rows, "lines", ()), strict=True):
            if not isinstance(value, Table) or len(value) != 1:
                self._against(line, T("每一步写成一行“- 做什么: …”，例：- clock: 2026-06-08T09:00。"))
                continue
            [(kind, given)] = value.items()
            found.append(self._step(kind, given, line))
        return found

    def _step(self, kind: str, given: Any, line: int) -> Step:
        if kind == "clock":
            if not isinstance(given, str):
                self._against(line, T("“clock”后面写时间，例：2026-06-08T09:00。"))
            return Step(kind, kind, given, line)
        if kind in STEP_KEYS:
            table = self._table(given, STEP_KEYS[kind], line, needed=NEEDED[kind])
            self._person(table, line)
            self._shapes(table)
            return Step(kind, kind, table, line)
        return self._act(kind, given, line)

    def _shapes(self, table: Table) -> None:
        """What each key of a task, message or expectation may hold, where that is not just any value."""
        for key in TEXTS:
            self._text(table, key)
        for key in LISTS:
            if not all(isinstance(each, str) for each in self._row(table, key)):
                self._against(_line(table, key), T("“{key}”应写成以“- ”开头的几行。", key=key))
        rows = self._row(table, "register")
        for row, line in zip(rows, rows.lines, strict=True):
            given = self._table(row, REGISTER_KEYS, line, needed=("table",))
            self._text(given, "table")
            self._tables(given, ("where", "has"))
            if not isinstance(given.get("count", 0), int):
                self._against(line, T("“{key}”应是数字。", key="count"))
        self._tables(table, ("variables", "correlation"))

    def _tables(self, table: Table, keys: Sequence[str]) -> None:
        """Named values, or FEEL that gives some."""
        for key in keys:
            given = table.get(key)
            if given is not None and not (isinstance(given, str) and given.startswith("=")):
                self._table(given, None, _line(table, key))

    def _act(self, name: str, given: Any, line: int) -> Step:
        table = self._table(Table(line) if given is None else given, None, line)
        if self.scenes is not None:
            act = self.scenes.acts.get(name)
            if act is None:
                self._unknown(name, (*STEP_KEYS, "clock", *sorted(self.scenes.acts)), line)
            else:
                self._arguments(name, act, table, line)
        return Step("act", name, table, line)

    def _arguments(self, name: str, act: Any, table: Table, line: int) -> None:
        """The act's own signature says what it takes; its first parameter is the scene."""
        own = {key: value for key, value in table.items() if key not in ACT_KEYS}
        parameters = list(inspect.signature(act).parameters.values())[1:]
        free = any(each.kind is each.VAR_KEYWORD for each in parameters)
        names = [each.name for each in parameters if each.kind is not each.VAR_KEYWORD]
        for key in own:
            if key not in names and not free:
                self._unknown(key, (*names, *ACT_KEYS), table.lines[key])
        for each in parameters:
            if each.default is each.empty and each.kind is not each.VAR_KEYWORD and each.name not in own:
                self._against(line, T("“{name}”还要写明“{key}”。", name=name, key=each.name))
        self._person(table, line)

    def _person(self, table: Table, line: int) -> None:
        who = table.get("by")
        if who is None:
            return
        if not isinstance(who, str) or (
            self.scenes is not None and not who.startswith("=") and who not in self.scenes.people
        ):
            self._against(table.lines.get("by", line), T("没有“{who}”这个人。", who=str(who)[:80]))

    # -- shapes -----------------------------------------------------------------------------------------------------

    def _table(self, value: Any, keys: Collection[str] | None, line: int, needed: Sequence[str] = ()) -> Table:
        if not isinstance(value, Table):
            self._against(line, T("这里应写成“名称: 值”的几行。"))
            return Table(line)
        for key in value:
            if keys is not None and key not in keys:
                self._unknown(key, keys, value.lines[key])
        for key in needed:
            if value.get(key) is None:
                self._against(value.line, T("缺少“{key}”。", key=key))
        return value

    def _row(self, table: Table, key: str) -> Row:
        value = table.get(key)
        if value is None:
            return Row(table.line)
        if not isinstance(value, Row):
            self._against(_line(table, key), T("“{key}”应写成以“- ”开头的几行。", key=key))
            return Row(table.line)
        return value

    def _text(self, table: Table, key: str) -> str:
        value = table.get(key)
        if value is not None and not isinstance(value, str):
            self._against(_line(table, key), T("“{key}”应是文字。", key=key))
        return value if isinstance(value, str) else ""

    def _unknown(self, key: str, known: Collection[str], line: int) -> None:
        self._against(line, T("不认识“{key}”；可以写：{known}。", key=key[:80], known=list(known)))

    def _against(self, line: int, text: Text) -> None:
        self.problems.append(Problem(self.file, line, None, "TEST_WRONG", text))


def _line(table: Table, key: str) -> int:
    return table.lines.get(key, table.line)
