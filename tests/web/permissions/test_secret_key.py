"""Changing the secret: what the old one sealed and signed stays good while both are set."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from engine import invariants
from engine.clock import FixedClock
from engine.config import Settings
from engine.engine import Engine
from engine.errors import Refused
from processes import office
from tests.process.province import MORNING, Province

OLD, NEW = "test-" * 10, "another-" * 10


def reopened(path: Path, secret: str) -> Province:
    settings = Settings(f"sqlite:///{path}", path.parent, secret)
    return Province(Engine(settings, office.registry(), clock=FixedClock(datetime.fromisoformat(MORNING))))


def test_a_case_goes_on_after_the_secret_was_changed(loaded: Path, tmp_path: Path) -> None:
    path = tmp_path / "province.db"
    shutil.copy(loaded, path)
    before = reopened(path, OLD)
    case = before.open_case("c-001")
    before.engine.stop()
    lost = reopened(path, NEW)
    with pytest.raises(Refused) as refusal:
        lost.fill(case, "c-001")
    assert refusal.value.code == "STATE_DAMAGED"
    lost.engine.stop()
    after = reopened(path, f"{NEW},{OLD}")
    after.fill(case, "c-001")
    assert after.open(case) == ["sign_pledge"]
    with after.engine.store.snapshot() as connection:
        assert invariants.check(connection, after.engine) == []
    after.engine.stop()
    alone = reopened(path, NEW)  # what was saved since is signed by the new one
    alone.pledge(case, "c-001")
    alone.engine.stop()
