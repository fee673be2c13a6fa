"""The demo's two programmes on the board: 2021 as history, 2026 running."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.registry import Actor, Membership
from processes import demo, office
from processes.demo.rollout import play_present
from processes.demo.stages import Player
from processes.rollout.board import Board
from processes.rollout.queries import RolloutBoard
from tests.conftest import MakeEngine
from tests.process.stage import at

MANAGER = Actor("m", "manager", "manager", frozenset({Membership("manager")}))


@pytest.fixture
def player(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Player:
    engine = make_engine(database_url, office.registry(), attachments_url=str(tmp_path / "files"))
    engine.clock.set(at("2026-03-30T09:00"))  # type: ignore[attr-defined]
    engine.run(demo.LoadDemo(demo.shipped_files(engine)))
    return Player(engine)


def board(player: Player, programme_id: str | None = None) -> Board:
    return player.engine.ask(RolloutBoard(MANAGER, programme_id))


def test_the_programme_of_2021_stands_as_history(player: Player) -> None:
    seen = board(player)
    assert seen.programme is not None
    assert (seen.programme.year, seen.programme.status, seen.programme.instance_id) == (2021, "completed", None)
    assert [phase.state for phase in seen.phases] == ["done"] * 3
    assert [phase.working_days for phase in seen.phases] == [23, 17, 23]
    assert (len(seen.streams), seen.blocked_by) == (10, ())
    golog = next(stream for stream in seen.streams if stream.region_code == "golog")
    assert [line.level for line in golog.phases[1].escalated][-2:] == ["archives_bureau", "provincial_hrss"]
    assert golog.phases[1].overdue_days == 10
    assert all(stream.phone is None and not stream.blocking for stream in seen.streams)
    assert {document.kind for document in seen.documents} == {"plan", "conditions"}


def test_a_programme_of_2026_runs_with_streams_late(player: Player) -> None:
    instance = play_present(player)
    player.until("2026-06-01T09:00")
    seen = board(player)
    assert seen.programme is not None
    assert (seen.programme.year, seen.programme.instance_id) == (2026, instance)
    assert [phase.state for phase in seen.phases] == ["overdue", "running", "pending"]
    late = {stream.region_code: stream for stream in seen.streams if stream.phases[0].state == "overdue"}
    assert list(late) == ["golog"]
    assert str(late["golog"].escalated_to) == "已上报省人社厅"
    haibei = next(stream for stream in seen.streams if stream.region_code == "haibei")
    assert (haibei.phases[0].state, haibei.phases[0].overdue_days) == ("done", 2)
    assert sum(len(stream.units) for stream in seen.streams) == 6
    assert len(seen.programmes) == 2
