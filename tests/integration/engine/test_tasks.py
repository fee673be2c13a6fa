"""Tasks: who may take one, and what happens when two want it."""

from __future__ import annotations

from sqlalchemy import select

from engine.commands.complete_task import CompleteTask
from engine.engine import Engine
from engine.store import tables as t
from tests.integration.engine.conftest import ANN, deploy, simple, start


def test_smoke(engine: Engine) -> None:
    deploy(engine, simple())
    one = start(engine, "simple", x=1)
    with engine.store.snapshot() as connection:
        row = connection.execute(select(t.task)).one()
    answer = engine.run(CompleteTask(row.id, ANN, {"y": 2}))
    assert answer == {"instance": {"id": one, "state": "completed", "revision": 2}, "next_tasks": []}
