"""The office's kit for scenario tests of its diagrams: the demo's people and register, and acts by name.

Acts of an area stand in its module as `ACTS`; a name is given once. `by` and every other argument come from the YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from engine.scenarios.kit import Act, Scenes
from processes.scenes import cases, committee, furniture, publicity, results, rollout
from processes.scenes.words import WORDS

SINCE = datetime.fromisoformat("2026-05-06T09:00:00+08:00")


def _acts() -> dict[str, Act]:
    made: dict[str, Act] = {}
    for acts in (cases.ACTS, results.ACTS, publicity.ACTS, committee.ACTS, rollout.ACTS):
        for name, act in acts.items():
            if name in made:
                raise ValueError(f"two acts are called {name!r}")
            made[name] = act
    return made


ACTS: Mapping[str, Act] = _acts()
SCENES = Scenes(people=furniture.people(), furnish=furniture.furnish, acts=ACTS, since=SINCE, words=WORDS)
