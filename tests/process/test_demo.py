"""The demo: loaded once, told every time, renewed where the program brings something new, and never over an owner's change."""

from __future__ import annotations

import pytest

from engine.commands.deploy import Deploy
from engine.errors import Refused
from processes import demo
from processes.demo import UnseenFiles, shipped_files
from tests.conftest import MakeEngine


@pytest.fixture
def engine(make_engine: MakeEngine, database_url: str):
    from processes import office

    return make_engine(database_url, office.registry())


def test_it_is_loaded_once_and_the_accounts_are_told_every_time(engine) -> None:
    first = list(demo.load(engine))
    again = list(demo.load(engine))
    assert "24" in first[0]
    assert again[0] == "示范数据已经在数据库中，没有改动。"
    assert again[1:] == first[1:]
    assert "demo-zhiping" in again[1]


def test_what_an_update_brings_becomes_active_and_an_owners_change_stays(engine) -> None:
    list(demo.load(engine))
    files = shipped_files(engine)
    owners = files["D08_vote_result.dmn"].replace("表决".encode(), "投票".encode())
    assert owners != files["D08_vote_result.dmn"]
    engine.run(Deploy(files={"D08_vote_result.dmn": owners}, actor=None, play=False))
    assert next(iter(demo.load(engine))) == "示范数据已经在数据库中，没有改动。"
    assert engine.ask(UnseenFiles({**files, "x.form": b"{}"})) == {"x.form": b"{}"}


def test_another_size_is_refused(engine) -> None:
    with pytest.raises(Refused, match="NO_SUCH_DEMO"):
        list(demo.load(engine, size="province"))
