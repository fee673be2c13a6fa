"""Which revision a database is of, read without Alembic: every start of the program asks, and only an upgrade needs more.

(Alembic and what it brings are ten megabytes, in each process that serves pages.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect, text

VERSIONS = Path(__file__).resolve().parent / "migrations" / "versions"
MARK = "alembic_version"
_SAID = re.compile(r"^(revision|down_revision|depends_on)\b[^=\n]*=(.*)$", re.MULTILINE)
_NAME = re.compile(r"[\"']([^\"']+)[\"']")


@dataclass(frozen=True)
class Revision:
    name: str
    after: tuple[str, ...]  # of its own branch
    needs: tuple[str, ...]  # of others


def is_current(connection: Connection, locations: Sequence[Path] = ()) -> bool:
    """Whether every revision of this program has been run on this database; not so where a newer program made it."""
    known = {revision.name: revision for revision in _revisions(locations)}
    marked = _marked(connection)
    if not marked <= known.keys():
        return False
    run: set[str] = set()
    waiting = list(marked)
    while waiting:  # the mark of a branch stands for all before it and for those it depends on
        name = waiting.pop()
        if name not in run:
            run.add(name)
            waiting += (*known[name].after, *known[name].needs)
    return run >= heads(locations)


def heads(locations: Sequence[Path] = ()) -> set[str]:
    """The last revision of each branch."""
    known = list(_revisions(locations))
    return {each.name for each in known} - {before for each in known for before in each.after}


def is_empty(connection: Connection) -> bool:
    """Whether no table stands in this database but the mark of its revision."""
    return set(inspect(connection).get_table_names()) <= {MARK}


def _marked(connection: Connection) -> set[str]:
    if MARK not in inspect(connection).get_table_names():
        return set()
    return set(connection.scalars(text(f"SELECT version_num FROM {MARK}")))


def _revisions(locations: Sequence[Path]) -> Iterator[Revision]:
    for folder in (VERSIONS, *locations):
        for file in sorted(folder.glob("[0-9]*.py")):
            said = {
                name: tuple(_NAME.findall(value.partition("#")[0]))
                for name, value in _SAID.findall(file.read_text("utf-8"))
            }
            yield Revision(said["revision"][0], said["down_revision"], said["depends_on"])
