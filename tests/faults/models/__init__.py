"""Random process models, played against a token game of their own: `run(models, paths, seed)`.

    blocks    a random block structure; the same seed makes the same
    drawing   it as a diagram
    oracle    what it must do, told by its blocks alone
    play      both side by side on a random path, the engine saved and loaded at every step
    office    the same through the whole engine, on a database

A failing case prints its seed; `ZHIPING_SEED=<seed>` plays that one alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.models.blocks import grow
from tests.faults.models.play import Difference, play

SEED = "ZHIPING_SEED"


@dataclass(frozen=True)
class Played:
    models: int
    paths: int
    steps: int


def seeds(models: int, seed: str) -> Iterator[str]:
    """`models` seeds begun by `seed`; the one of the environment alone where it is set."""
    alone = os.environ.get(SEED)
    yield from [alone] if alone else (f"{seed}-{number}" for number in range(models))


def run(models: int, paths: int, seed: str) -> Played:
    """Play so many models on so many paths each. Raises Difference with the smallest model that differed first, and its seed."""
    done, steps, failed = 0, 0, list[tuple[int, str, str, Difference]]()
    for name in seeds(models, seed):
        for path in map(str, range(paths)):
            try:
                steps += play(name, path)
                done += 1
            except Difference as difference:
                failed.append((sum(1 for _ in grow(name).blocks()), name, path, difference))
                break
        if len(failed) == 5:
            break
    if failed:
        size, name, path, difference = min(failed, key=lambda found: found[0])
        others = ", ".join(found[1] for found in failed)
        raise Difference(f"{SEED}={name} (path {path}, {size} blocks; differing: {others}): {difference}")
    return Played(done // paths, done, steps)
