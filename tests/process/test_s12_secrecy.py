"""S12: nobody joins a person and a choice, nobody knows a tally early, and the process never heard of an expert."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from sqlalchemy import Table
from zstandard import ZstdDecompressor

from engine.errors import NotFound
from engine.queries.instance_events import InstanceEvents
from engine.queries.instance_view import InstanceView
from engine.registry import Actor
from engine.store import tables as t
from engine.store.packed import unfold
from processes.committee.commands import DeclareRecusal
from processes.committee.dossier import Dossier
from processes.register.ballot_tables import ballot_round, ballot_slip, ballot_token
from tests.conftest import MakeEngine
from tests.process.sitting import Sitting, convene
from tests.process.stage import ADMIN, CHAIR, HR, HRSS, OFFICE, OWNER, Stage
from tests.process.test_committee import make_stage


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    return make_stage(database_url, make_engine, tmp_path, 2)


@pytest.fixture
def sitting(stage: Stage) -> Sitting:
    return convene(stage)


def kept_by_the_engine(stage: Stage) -> dict[str, str]:
    """Every table of the engine as text, what is packed unpacked: instances, variables, tasks, events, messages, jobs."""
    tables = [table for table in vars(t).values() if isinstance(table, Table) and table.name != "definition"]
    return {
        table.name: orjson.dumps(
            [{str(key): readable(value) for key, value in row.items()} for row in stage.rows(table)], default=str
        ).decode()
        for table in tables
    }


def readable(value: object) -> object:
    """What is compressed (packed JSON, the state behind its seal) as text; any other value as it is."""
    if not isinstance(value, bytes):
        return value
    begin = value.find(b"\x28\xb5\x2f\xfd")  # how zstd begins
    if begin < 0:
        whole = value
    elif begin == 1:  # one byte before it: the number of the dictionary
        whole = unfold(value)
    else:
        whole = ZstdDecompressor().decompress(value[begin:], max_output_size=64_000_000)
    return whole.decode("utf-8", "replace")


def test_no_table_of_the_engine_knows_an_expert(sitting: Sitting) -> None:
    """(a), (c): variables, task rows, events, messages, jobs, not even ids; nor what anybody chose."""
    sitting.vote(14, 6, 1)
    sitting.open_round()
    sitting.cast(sitting.expert(3), "no")
    everything = kept_by_the_engine(sitting.stage)
    assert {"event", "task", "instance", "message", "job"} <= everything.keys()
    assert "declare_recusal" in everything["task"]
    words = [row[key] for row in sitting.roll() for key in ("name", "account", "expert_id")]
    told = [(name, word) for name, text in everything.items() for word in words if word in text]
    assert told == []


def test_nothing_joins_a_slip_to_a_voter_or_to_a_moment(sitting: Sitting) -> None:
    """(a)"""
    assert {column.name for column in ballot_slip.columns} == {"id", "round_id", "choice"}
    assert {column.name for column in ballot_token.columns} == {"round_id", "expert_id", "issued_at", "used"}
    sitting.open_round()
    voters = sitting.voters()
    for number, who in enumerate(voters):
        sitting.cast(who, "yes" if number < 14 else "no")
    sitting.stage.engine.work()
    sitting.close()
    assert len({row["issued_at"] for row in sitting.stage.rows(ballot_token)}) == 1
    kept = [row["choice"] for row in sitting.stage.rows(ballot_slip)]
    assert sorted(kept) == ["no"] * 7 + ["yes"] * 14


def test_nobody_knows_a_tally_before_the_close(sitting: Sitting) -> None:
    """(b): no column holds one, no form shows one, no line of the history tells one."""
    sitting.open_round()
    for number in range(1, 21):
        sitting.cast(sitting.expert(number), "yes")
    row = sitting.stage.rows(ballot_round)[0]
    assert (row["yes"], row["no"], row["abstain"], row["result"]) == (None, None, None, None)
    for actor in (ADMIN, OWNER, OFFICE):
        lines = sitting.stage.engine.ask(InstanceEvents(actor=actor, instance_id=sitting.instance)).items
        assert "yes" not in "".join(str(line) for line in lines)


def test_a_recused_expert_finds_no_such_case(sitting: Sitting) -> None:
    """(g): neither the file nor a ballot, as if there were none; the others do."""
    case, meeting_id = sitting.stage.applications[0], sitting.meeting_id
    who = sitting.expert(5)
    sitting.stage.engine.run(DeclareRecusal(meeting_id, case, "kin", who))
    sitting.open_round()
    with pytest.raises(NotFound):
        sitting.stage.engine.ask(Dossier(meeting_id, case, who))
    with pytest.raises(NotFound):
        sitting.cast(who, "yes")
    assert sitting.stage.engine.ask(Dossier(meeting_id, case, sitting.expert(6))).application_id == case
    assert who.username not in {voter.username for voter in sitting.voters()}


@pytest.mark.parametrize("actor", [HR, HRSS])
def test_who_is_not_of_the_meeting_sees_neither_its_tasks_nor_its_results(sitting: Sitting, actor: Actor) -> None:
    """R-102: until the notice, a result is known to those whose task it is."""
    for _ in range(2):
        sitting.vote(17, 3, 1)
    assert sitting.stage.tasks(sitting.instance, actor) == []
    secret = {"results", "result_options", "anyone_passed", "item_application_ids", "cases_to_vote", "case_step"}
    for watcher in (ADMIN, OWNER, OFFICE, CHAIR):
        seen = sitting.stage.engine.ask(InstanceView(actor=watcher, instance_id=sitting.instance))
        assert secret.isdisjoint(seen.variables)
