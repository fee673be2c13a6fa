"""Random models on random paths do what a token game says: saved and loaded at every step, never saved, and through the whole engine.

`ZHIPING_SEED=<seed>` plays one model alone; the seeds of every other run are those of this file, so that a failure comes again.
"""

from __future__ import annotations

import pytest

from tests.conftest import MakeEngine
from tests.faults import models
from tests.faults.models import office
from tests.integration.engine.conftest import add_people

pytestmark = pytest.mark.fault


@pytest.mark.parametrize("part", range(4))
def test_random_models_do_what_the_game_says(part: int) -> None:
    """200 models on 5 paths each, in four parts so that several processors may share them."""
    played = models.run(50, 5, f"models-{part}")
    assert played.steps > played.paths


def test_random_models_through_the_whole_engine(database_url: str, make_engine: MakeEngine) -> None:
    engine = make_engine(database_url, office.registry())
    add_people(engine)
    steps = sum(office.Office(engine, name, "0").play() for name in models.seeds(6, "office"))
    assert steps > 20
