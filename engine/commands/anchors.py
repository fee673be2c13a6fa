"""How a message and its receiver find each other: every name-value pair of a correlation has a digest that is indexed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from engine.history import canonical


def anchor(name: str, value: Any) -> str:
    return hashlib.sha256(canonical([name, _even(value)])).hexdigest()


def anchors(correlation: Mapping[str, Any]) -> list[str]:
    return sorted({anchor(name, value) for name, value in correlation.items()})


def first_anchor(correlation: Mapping[str, Any]) -> str | None:
    """By one pair a receiver is found; the others are compared then."""
    return anchors(correlation)[0] if correlation else None


def _even(value: Any) -> Any:
    """FEEL counts in floats: 3.0 and 3 are one number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {name: _even(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_even(inner) for inner in value]
    return value
