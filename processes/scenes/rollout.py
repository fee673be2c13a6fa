"""Acts around the rollout."""

from __future__ import annotations

from collections.abc import Mapping

from engine.scenarios.kit import Act

ACTS: Mapping[str, Act] = {}
