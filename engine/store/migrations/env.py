"""Alembic's entry point. It is always run with a connection handed in by `engine.store.migrate`."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from engine.store.metadata import UtcDateTime, metadata


def render_item(kind: str, item: Any, autogenerate: AutogenContext) -> str | Literal[False]:
    """Our own column types by their own names, in revisions that are generated."""
    if kind == "type" and isinstance(item, UtcDateTime):
        autogenerate.imports.add("from engine.store.metadata import UtcDateTime")
        return "UtcDateTime()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a table in place
    transaction_per_migration=False,
    compare_type=True,
    include_object=context.config.attributes.get("include_object"),
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
