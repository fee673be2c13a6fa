"""A test file is read narrowly and quickly: what could surprise or cost time is refused in words, with file and line."""

from __future__ import annotations

import time

import pytest

from engine.scenarios.reading import Unreadable, read_yaml
from engine.scenarios.script import instant, read_tests
from tests.unit.scenarios.desk import FILE, registry, scenario

SCENES = registry().scenes


def codes(raw: bytes) -> list[tuple[str, int | None]]:
    test, problems = read_tests(FILE, raw, SCENES)
    assert (test is None) == bool(problems)
    assert all(problem.file == FILE and str(problem.text) and problem.severity == "error" for problem in problems)
    return [(problem.code, problem.line) for problem in problems]


def said(raw: bytes) -> str:
    return " ".join(str(problem.text) for problem in read_tests(FILE, raw, SCENES)[1])


def test_words_stay_words_and_only_true_and_false_are_truth() -> None:
    raw = b"a: [yes, no, on, 12:30, 2026-06-01, 010, '1', 1, -2.5, true, ~, null, 0x10, 1e3, .inf]\n? on\n: off\n"
    assert read_yaml(FILE, raw) == {
        "a": ["yes", "no", "on", "12:30", "2026-06-01", "010", "1", 1, -2.5, True, None, None, "0x10", "1e3", ".inf"],
        "on": "off",
    }


def test_values_know_their_lines() -> None:
    table = read_yaml(FILE, b"a: 1\nb:\n  - x\n  - c: 2\n    d: 3\n")
    assert table.lines == {"a": 1, "b": 2}
    assert table["b"].lines == [3, 4]
    assert table["b"][1].lines == {"c": 4, "d": 5}


BOMB = "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(20))


@pytest.mark.parametrize(
    ("raw", "code", "line"),
    [
        (BOMB.encode(), "TEST_ALIAS", 1),
        (b"a: 1\nb: *a", "TEST_ALIAS", 2),
        (b"a: 1\nb: &c 2", "TEST_ALIAS", 2),
        (b"a: 1\nb: !!python/object/apply:os.system ['touch x']", "TEST_TAG", 2),
        (b"%TAG ! tag:x\n---\n!a b", "TEST_TAG", 3),
        (b"a: 1\nb: {c: 1,\n c: 2}", "TEST_KEY_TWICE", 3),
        (b"[" * 50_000, "TEST_TOO_DEEP", 1),
        (b"- " * 20_000 + b"x", "TEST_TOO_DEEP", 1),
        (b"? " * 20_000, "TEST_UNREADABLE", 1),
        (b"[" + b"a," * 29_000 + b"]", "TEST_TOO_BIG", 1),
        (b"a: '" + b"x" * 70_000 + b"'", "TEST_TOO_BIG", None),
        (b"a " * 29_000 + b":", "TEST_UNREADABLE", 1),
        (b"a: 1\n---\nb: 2", "TEST_UNREADABLE", 2),
        (b"? [a]\n: b", "TEST_UNREADABLE", 1),
        (b"a: b: c", "TEST_UNREADABLE", 1),
        (b"", "TEST_UNREADABLE", 1),
        (b"\xff\xfe\x00\x00", "TEST_UNREADABLE", None),
        (b"\x00" * 100, "TEST_UNREADABLE", None),
    ],
)
def test_hostile_files_end_in_words_at_once(raw: bytes, code: str, line: int | None) -> None:
    began = time.thread_time()
    with pytest.raises(Unreadable) as refused:
        read_yaml(FILE, raw)
    assert time.thread_time() - began < 1
    assert (refused.value.problem.code, refused.value.problem.line) == (code, line)
    assert str(refused.value.problem.text)


def test_ten_thousand_steps_are_refused() -> None:
    raw = scenario("- clock: a\n" * 5_000)
    assert ("TEST_TOO_BIG", None) in codes(raw) or ("TEST_WRONG", 3) in codes(raw)
    assert "200" in said(scenario("- note: {key: a}\n" * 201))
    many = b"process: p\nscenarios:\n" + b"  - {name: a, at: 2026-06-01, expect: {}}\n" * 61
    assert "60" in said(many)


@pytest.mark.parametrize(
    ("raw", "line", "word"),
    [
        (b"- a", 1, "名称"),
        (b"process: p\nscenario: []\nscenarios: [1]", 2, "scenario"),
        (b"process: p", 1, "scenarios"),
        (b"process: p\nscenarios: []", 1, "60"),
        (b"process: [p]\nscenarios:\n  - {name: a, at: 2026-06-01, expect: {}}", 1, "process"),
        (scenario("- clock: [1]"), 7, "clock"),
        (scenario("- clock: x\n  task: y"), 7, "每一步"),
        (scenario("- dance: {}"), 7, "dance"),
        (scenario("- note: {kye: a}"), 7, "kye"),
        (scenario("- note: {value: a}"), 7, "key"),
        (scenario("- note: [a]"), 7, "名称"),
        (scenario("- task: {element: a}"), 7, "by"),
        (scenario("- task: {element: a, by: nobody}"), 7, "nobody"),
        (scenario("- task: {element: a, by: ann, as: b}"), 7, "as"),
        (scenario("- expect: {register: [{where: {}}]}"), 7, "table"),
        (scenario(expect="{endde: e}"), 6, "endde"),
        (scenario(expect="{open: ask}"), 6, "open"),
        (scenario(expect="{path: [{a: b}]}"), 6, "path"),
        (scenario(expect="{ended: [e]}"), 6, "ended"),
        (scenario(expect="{variables: [1]}"), 6, "名称"),
        (scenario(expect="{variables: yes}"), 6, "名称"),
        (scenario(expect="{register: [{table: t, where: 1}]}"), 6, "名称"),
        (scenario(expect="{register: [{table: t, count: many}]}"), 6, "count"),
        (scenario(expect="{register: [t]}"), 6, "名称"),
        (scenario("- task: {element: [a], by: ann}"), 7, "element"),
        (scenario("- task: {element: a, by: [ann]}"), 7, "ann"),
        (scenario("- message: {name: 7}"), 7, "name"),
        (scenario("- message: {name: a, correlation: 7}"), 7, "名称"),
        (scenario(start="{by: owner, variables: 7}"), 5, "名称"),
        (scenario(at="tomorrow"), 4, "tomorrow"),
        (scenario(at="2020-01-01"), 4, "2026-05-04"),
        (scenario(start="{by: stranger}"), 5, "stranger"),
        (scenario(start=""), 0, ""),
        (b"process: p\nscenarios:\n  - {name: a, expect: {}}", 3, "at"),
        (b"process: p\nscenarios:\n" + b"  - {name: a, at: 2026-06-01, expect: {}}\n" * 2, 3, "两个"),
    ],
)
def test_what_is_written_wrong_is_named_with_its_line(raw: bytes, line: int, word: str) -> None:
    found = codes(raw)
    if not word:
        assert found == []
        return
    assert ("TEST_WRONG", line) in found
    assert word in said(raw)


def test_an_instant_without_an_offset_is_qinghais() -> None:
    assert instant("2026-06-01T09:00").isoformat() == "2026-06-01T09:00:00+08:00"
    assert instant("2026-06-01T09:00:00+00:00").isoformat() == "2026-06-01T09:00:00+00:00"
