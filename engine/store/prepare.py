"""A database made ready for this program: made when it is empty, refused when it is another version's, upgraded on demand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.errors import Refused
from engine.store import revisions
from engine.store.unit_of_work import Store
from forms.i18n import T

EMPTY, CURRENT, OTHER = "empty", "current", "other"
LOCK = "schema"


def state(url: str, locations: Sequence[Path]) -> str:
    """EMPTY, CURRENT or OTHER. Raises what the driver raises where nothing answers."""
    store = Store(url)
    try:
        with store.snapshot() as connection:
            if revisions.is_empty(connection):
                return EMPTY
            return CURRENT if revisions.is_current(connection, locations) else OTHER
    finally:
        store.close()


def prepare(url: str, locations: Sequence[Path]) -> None:
    """An empty database gets its tables. Raises Refused (DATABASE_VERSION) for one that a person has to upgrade."""
    found = state(url, locations)
    if found == EMPTY:
        upgrade(url, locations)
    elif found == OTHER:
        raise Refused(T("数据库是另一个版本的。请先备份，再运行 zhiping db upgrade。"), code="DATABASE_VERSION")


def upgrade(url: str, locations: Sequence[Path], secret: str = "") -> None:
    """Every missing revision, all or none. `locations` are the office's revision folders; `secret` as `migrate.upgrade`."""
    from engine.store import migrate  # Alembic is for this alone

    store = Store(url)
    try:
        with store.transaction() as connection:
            store.lock_name(connection, LOCK)  # several processes may be begun at once
            migrate.upgrade(connection, locations, secret)
    finally:
        store.close()
