"""Alembic's entry point. It is always run with a connection handed in by `engine.store.migrate`."""

from __future__ import annotations

from alembic import context

from engine.store.metadata import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a table in place
    transaction_per_migration=False,
    compare_type=True,
    include_object=context.config.attributes.get("include_object"),
)
with context.begin_transaction():
    context.run_migrations()
