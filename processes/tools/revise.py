"""Write the revision that brings the last revision's tables to those of the code. Development only; read what it wrote.

    python -m processes.tools.revise engine "What changes"
    python -m processes.tools.revise office "What changes"

Tables of `engine` and tables of the office have revisions of their own, in folders of their own; the office's depend
on the engine's, because its tables point there.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import Table, create_engine

import engine.attachments.tables
import engine.identity.tables
import engine.store.tables
import engine.studio.tables
from engine.store import migrate
from engine.store.metadata import metadata
from processes import office, register

FOLDERS = {
    "engine": Path(engine.__file__).resolve().parent / "store" / "migrations" / "versions",
    "office": Path(register.__file__).resolve().parent / "migrations",
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("whose", choices=sorted(FOLDERS))
    options.add_argument("message")
    given = options.parse_args()
    office.registry()  # imports every table
    theirs = _office_tables()

    def mine(item: Any, _name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
        table = item if isinstance(item, Table) else getattr(item, "table", None)
        return kind == "schema" or table is None or (table.name in theirs) == (given.whose == "office")

    with tempfile.TemporaryDirectory() as folder:
        database = create_engine(f"sqlite:///{folder}/revise.db")
        with database.connect() as connection:
            locations = (FOLDERS["office"],)
            migrate.upgrade(connection, locations)
            config = migrate.configuration(connection, locations)
            config.attributes["include_object"] = mine
            first = not any(FOLDERS[given.whose].glob("*.py"))
            command.revision(
                config,
                given.message,
                autogenerate=True,
                head="base" if first else f"{given.whose}@head",
                splice=first,
                branch_label=given.whose if first else None,
                depends_on="engine@head" if given.whose == "office" and any(FOLDERS["engine"].glob("*.py")) else None,
                version_path=str(FOLDERS[given.whose]),
            )


def _office_tables() -> set[str]:
    """Names of the tables that stand in the register: all but those of the engine's modules."""
    modules = (engine.attachments.tables, engine.identity.tables, engine.store.tables, engine.studio.tables)
    theirs = {value.name for module in modules for value in vars(module).values() if isinstance(value, Table)}
    return set(metadata.tables) - theirs


if __name__ == "__main__":
    main()
