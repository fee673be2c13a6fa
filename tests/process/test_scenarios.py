"""Every scenario beside a shipped diagram passes, and together they walk every sequence flow of the diagrams named here."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from engine.commands import contents
from engine.commands.contents import Content
from engine.scenarios.coverage import missing
from engine.scenarios.play import Outcome, play
from engine.scenarios.sandbox import Workshop
from engine.scenarios.script import Scenario, TestFile, read_tests
from processes import demo, office
from processes.tools import play as tool

REGISTRY = office.registry()
WALKED = ("P01", "P02", "P03", "P05", "P06", "P07", "P12", "P13", "P14", "P18")  # whose every flow is walked


def _files() -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for folder in REGISTRY.shipped
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name.endswith(demo.ENDINGS)
    }


FILES = _files()
TESTS = {name: read_tests(name, raw, REGISTRY.scenes) for name, raw in FILES.items() if name.endswith(".test.yaml")}
READ: list[TestFile] = [test for test, _ in TESTS.values() if test is not None]
SCENARIOS: list[Scenario] = [scenario for test in READ for scenario in test.scenarios]


@cache
def release() -> tuple[Content, ...]:
    return tuple(contents.read(FILES)[0])


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with Workshop(REGISTRY, release()) as made:
        yield made


@pytest.fixture(scope="module")
def played() -> dict[tuple[str, str], Outcome]:
    """What this worker has played already, by file and name."""
    return {}


def outcome(workshop: Workshop, played: dict[tuple[str, str], Outcome], scenario: Scenario) -> Outcome:
    key = scenario.file, scenario.name
    if key not in played:
        played[key] = play(workshop, scenario)
    return played[key]


@pytest.mark.parametrize("name", sorted(TESTS))
def test_every_shipped_test_can_be_read(name: str) -> None:
    test, problems = TESTS[name]
    assert [f"{problem.file}:{problem.line} {problem.text}" for problem in problems] == []
    assert test is not None
    assert name == f"{test.process}.test.yaml"
    assert test.process in {content.key for content in release() if content.kind == "process"}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"{scenario.process[:3]}-{scenario.name}")
def test_every_shipped_scenario_passes(
    workshop: Workshop, played: dict[tuple[str, str], Outcome], scenario: Scenario
) -> None:
    found = outcome(workshop, played, scenario)
    assert found.passed, f"{found.file}:{found.line} [{found.element}] {found.text}"


@pytest.mark.parametrize("prefix", WALKED)
def test_every_flow_is_walked(workshop: Workshop, played: dict[tuple[str, str], Outcome], prefix: str) -> None:
    keys = [content.key for content in release() if content.kind == "process" and content.key.startswith(f"{prefix}_")]
    assert len(keys) == 1, f"{prefix}: one shipped diagram is expected, found {keys}"
    mine = [scenario for scenario in SCENARIOS if scenario.process == keys[0]]
    assert mine, f"{keys[0]}.test.yaml is missing"
    walked = {flow for scenario in mine for flow in outcome(workshop, played, scenario).walked}
    assert missing(release(), keys[0], walked) == []


def test_the_tool_tells_what_passed_and_what_was_found_instead(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    source = office.ROOT / "certificate" / "P13_confirmation_certificate.test.yaml"
    assert tool.main([str(source)]) == 0
    assert "flows not walked: none" in capsys.readouterr().out
    broken = tmp_path / source.name
    broken.write_text(source.read_text("utf-8").replace("ended: certified", "ended: lost"), encoding="utf-8")
    assert tool.main([str(broken)]) == 1
    told = capsys.readouterr().out
    assert "FAIL" in told
    assert "应结束于“lost”" in told
    broken.write_text("process: P13_confirmation_certificate\nscenarios: []\n", encoding="utf-8")
    assert tool.main([str(broken)]) == 1
    assert "TEST_WRONG" in capsys.readouterr().out
