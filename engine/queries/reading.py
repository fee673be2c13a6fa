"""What a query is handed: one read-only snapshot and one reading of the clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Generic, TypeVar

from sqlalchemy import Connection

if TYPE_CHECKING:
    from engine.engine import Engine

Item = TypeVar("Item")

MOST_RESULTS = 500


@dataclass(frozen=True)
class Reading:
    connection: Connection
    now: datetime  # aware, UTC
    engine: Engine


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page of a list: the items and how many there are in all. `more`: there are more than `total`, they were not
    counted to the end."""

    items: list[Item] = field(default_factory=list)
    total: int = 0
    more: bool = False
