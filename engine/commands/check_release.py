"""Does a release hang together: every diagram, and everything a diagram refers to."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from engine.commands.contents import Content, Place
from engine.errors import Problem
from engine.registry import Registry


def check_release(
    whole: Sequence[Content], registry: Registry, brought: Collection[Place] | None = None
) -> list[Problem]:
    """Problems of the release as a whole; `brought` limits what is said of single files to those."""
    return []
