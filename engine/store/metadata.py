"""The one MetaData every table of the program hangs on, and the few column types that behave alike on both databases."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, Dialect, MetaData, String
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = String(36)  # UUID text


def new_id() -> str:
    return str(uuid.uuid4())


def ordered_id(now: datetime) -> str:
    """A new id that sorts by when it was made (UUID version 7, RFC 9562): what is made one after the other lies side by side in
    every index, which then has no half-empty pages. It tells its millisecond: what must not tell it takes `new_id`."""
    value = (int(now.timestamp() * 1000) & (1 << 48) - 1) << 80 | secrets.randbits(80)
    version, variant = 0xF000 << 64, 0xC000 << 48
    return str(uuid.UUID(int=value & ~(version | variant) | 0x7000 << 64 | 0x8000 << 48))


def one_of(column: str, *values: str) -> CheckConstraint:
    """A closed list of values, kept by the database itself."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(v) for v in values)})", name=column)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC. SQLite keeps no zone, so a naive value is refused on the way in."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
