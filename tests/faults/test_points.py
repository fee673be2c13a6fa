"""Killed at every named point, everything is there whole or not at all, and doing it again leads to the end."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine import faults, invariants
from tests.conftest import MakeEngine
from tests.faults.lives import FORK, a_minute_later
from tests.faults.trials import TRIALS, CastingLast, Trial
from web.cli import commands

pytestmark = pytest.mark.fault

COMMIT = {"before_commit", "after_commit"}
SAVE = {"before_save", "after_save"}
OUTBOX = {"before_outbox", "after_outbox"}
RELEASE = {"before_load", "after_load", "before_run", "after_run"} | SAVE | COMMIT
STEP = RELEASE | OUTBOX
POINTS = {
    "complete": STEP,
    "timer": STEP | {"before_ack"},
    "effect": STEP | {"before_ack", "before_send", "after_send"},
    "message": STEP | {"before_ack"},
    "move": STEP | {"before_ack"},
    "deployment": RELEASE,
    "activation at its date": RELEASE | {"before_ack"},
    "deployment by the operator": RELEASE,
    "ballot": {"before_load", "after_load"} | SAVE | OUTBOX | COMMIT,
}


def test_every_point_is_passed_by_something() -> None:
    assert set().union(*POINTS.values()) == set(faults.NAMES)
    assert POINTS.keys() == TRIALS.keys()


@pytest.mark.parametrize("kind", TRIALS)
def test_a_kill_at_any_point_leaves_it_whole_or_not_there(
    database_url: str, make_engine: MakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    trial = TRIALS[kind](database_url, make_engine, tmp_path)
    passes: list[str] = []
    trial.begin(0)
    with monkeypatch.context() as patched:
        patched.setattr(faults, "point", passes.append)
        trial.do(trial.reborn(), 0)
    assert trial.stage(0) == trial.stages
    assert set(passes) == POINTS[kind]
    reached = [("", 0)]
    times: Counter[str] = Counter()
    for subject, name in enumerate(passes, 1):
        times[name] += 1
        trial.begin(subject)
        kill(trial, subject, f"{name}:{times[name]}")
        reached.append((name, trial.stage(subject)))
        again(trial, subject)
    # It goes further in steps of one, each made by a commit and by nothing else.
    for (_, before), (name, after) in pairwise(reached):
        assert after - before in ((0, 1) if name == "after_commit" else (0,)), reached
    assert reached[-1][1] == trial.stages


def test_the_last_ballot_of_a_round_is_told_with_its_slip_or_not_at_all(
    database_url: str, make_engine: MakeEngine, tmp_path: Path
) -> None:
    trial = CastingLast.furnished(database_url, make_engine, tmp_path)
    for name in sorted(POINTS["ballot"], key=faults.NAMES.index):
        kill(trial, 0, name)
        assert trial.stage(0) == (name == "after_commit")
        assert broken(trial) == []
    again(trial, 0)


def kill(trial: Trial, subject: int, at: str) -> None:
    """Let a child do it, and die there."""
    trial.engine.store.close()  # no connection is shared with the child
    child = FORK.Process(target=_die, args=(trial, subject, at))
    child.start()
    child.join(60)
    assert child.exitcode == -9, f"not killed at {at}"


def again(trial: Trial, subject: int) -> None:
    """Somebody does it again, or the background work does when the lease of the dead has run out."""
    a_minute_later(trial.engine)
    trial.do(trial.reborn(), subject)
    assert trial.stage(subject) == trial.stages
    assert broken(trial) == []


def broken(trial: Trial) -> list[str]:
    with trial.engine.store.snapshot() as connection:
        return invariants.check(connection, trial.engine)


def _die(trial: Trial, subject: int, at: str) -> None:
    faults.arm(at)
    trial.do(trial.reborn(), subject)


def test_an_operator_is_told_of_an_armed_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    arguments = ["check", "--data-dir", str(tmp_path)]
    assert "FAULT" not in CliRunner().invoke(commands, arguments).output
    monkeypatch.setattr(faults, "_armed", faults.Fault.read("before_ack:3"))
    checked = CliRunner().invoke(commands, arguments)
    assert checked.exit_code == 1
    assert "FAULT is set" in checked.output


@pytest.mark.parametrize("text", ["nowhere", "before_commit:0", "before_commit:x", ":1"])
def test_a_fault_that_could_never_strike_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="before_load"):
        faults.Fault.read(text)
