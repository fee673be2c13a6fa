"""What `deploy/` shows can be installed as it stands: commands that exist, settings that exist; and WEB_CONCURRENCY counts."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from engine.config import Settings
from web import server
from web.cli import commands

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


@pytest.mark.parametrize("unit", sorted(path.name for path in DEPLOY.glob("*.service")))
def test_a_unit_runs_a_command_of_ours(unit: str) -> None:
    (command,) = re.findall(r"^ExecStart=\S+/zhiping (\w+)$", (DEPLOY / unit).read_text("utf-8"), re.MULTILINE)
    assert command in commands.commands


def test_the_example_sets_what_can_be_set() -> None:
    known = {f"ZHIPING_{field.name.upper()}" for field in fields(Settings)} | {"WEB_CONCURRENCY"}
    named = re.findall(r"^(\w+)=", (DEPLOY / "environment.example").read_text("utf-8"), re.MULTILINE)
    assert set(named) <= known
    assert {"ZHIPING_DATABASE_URL", "ZHIPING_SECRET_KEY", "WEB_CONCURRENCY"} <= set(named)


@pytest.mark.parametrize(("environment", "processes"), [({"WEB_CONCURRENCY": "3"}, 3), ({}, 5)])
def test_web_concurrency_is_the_number_of_web_processes(
    environment: dict[str, str], processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    class Noted:
        def __init__(self, *_: Any, workers: int, **__: Any) -> None:
            asked.append(workers)

        def run(self) -> None:
            """Nothing is served."""

    monkeypatch.setattr(server, "Server", Noted)
    monkeypatch.setattr("web.cli.running.prepare", lambda _settings: None)
    monkeypatch.setattr("os.cpu_count", lambda: 5)
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    given = {"ZHIPING_DATA_DIR": str(tmp_path), "ZHIPING_DATABASE_URL": "postgresql+psycopg://nobody@/nothing"}
    done = CliRunner().invoke(commands, ["web"], env=given | environment)
    assert done.exit_code == 0, done.output
    assert asked == [processes]
