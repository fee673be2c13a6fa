"""The walls that import-linter cannot see: who commits, who reads the clock, how long a file may be, what must not appear."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("forms", "engine", "processes", "web")
LONGEST = 600  # lines; over it a file is split


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [path for line in listed.splitlines() if (path := ROOT / line).is_file()]


def sources() -> list[Path]:
    return [path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] in PACKAGES]


def calls(path: Path) -> list[tuple[int, str]]:
    """Every call in a file as (line, dotted name as written)."""
    return [
        (node.lineno, ast.unparse(node.func))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
    ]


def offenders(wanted: re.Pattern[str], allowed: set[str]) -> list[str]:
    found = []
    for path in sources():
        name = path.relative_to(ROOT).as_posix()
        if name in allowed:
            continue
        found += [f"{name}:{line} {call}" for line, call in calls(path) if wanted.fullmatch(call)]
    return found


def test_only_the_unit_of_work_commits() -> None:
    allowed = {"engine/store/unit_of_work.py", "engine/store/migrations/env.py"}
    assert offenders(re.compile(r".*\.(commit|begin)"), allowed) == []


def test_only_the_clock_reads_the_time() -> None:
    assert (
        offenders(re.compile(r"(.*\.)?(datetime\.(now|utcnow|today)|date\.today|time\.time)"), {"engine/clock.py"})
        == []
    )


def test_nothing_runs_text_as_python() -> None:
    assert offenders(re.compile(r"(builtins\.)?(eval|exec|compile|__import__)"), set()) == []


@pytest.mark.parametrize("pattern", ["*.py", "*.js", "*.mjs", "*.css", "*.html"])
def test_files_stay_short(pattern: str) -> None:
    long = {
        path.relative_to(ROOT).as_posix(): count
        for path in tracked(pattern)
        if "migrations" not in path.parts  # written by a tool, once
        and (count := len(path.read_text("utf-8").splitlines())) > LONGEST
    }
    assert long == {}


def test_no_promises_are_left_in_the_code() -> None:
    promise = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError\b")
    left = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked("*.py", "*.js", "*.mjs", "*.html", "*.css")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if promise.search(line)
    ]
    assert left == []


def test_no_test_is_skipped() -> None:
    skipping = re.compile(r"pytest\.(mark\.)?(skip|skipif|xfail)\b|importorskip|unittest\.skip")
    skipped = [
        path.relative_to(ROOT).as_posix()
        for path in tracked("tests/**/*.py")
        if path != Path(__file__) and skipping.search(path.read_text("utf-8"))
    ]
    assert skipped == []


def test_no_file_names_a_machine_or_a_registry() -> None:
    name = re.compile(rb"https?://(files|registry|deb|pypi)\.[a-z]+|/root/|/home/[a-z]+/|/work/")
    naming = [
        path.relative_to(ROOT).as_posix()
        for path in tracked()
        if path != Path(__file__) and name.search(path.read_bytes())
    ]
    assert naming == []
