"""Brings a database to the tables of this program. The engine's and the office's revisions are two branches of one history.

Imported where something is upgraded, and nowhere else: see `engine/store/revisions.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from engine.store.metadata import metadata

HERE = Path(__file__).resolve().parent / "migrations"


def configuration(connection: Connection, locations: Sequence[Path] = ()) -> Config:
    """Alembic's settings for one open connection; `locations` are the revision folders of the office."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(str(p) for p in (HERE / "versions", *locations)))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, locations: Sequence[Path] = (), secret: str = "") -> None:
    """Run every missing revision in the caller's transaction. `secret` (the setting `secret_key`) seals what earlier
    revisions kept in the clear; without it such a revision is Refused (SECRET_NEEDED) where it finds anything."""
    config = configuration(connection, locations)
    config.attributes["secret"] = secret
    command.upgrade(config, "heads")


def differences(connection: Connection) -> list[Any]:
    """What the tables in the code have and the database has not, or the other way round; empty when they agree."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))
