"""A change laid over the active release: what would run if it were published now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from sqlalchemy import Connection

from engine.commands import contents, release_rows
from engine.commands.contents import Content
from engine.errors import Problem
from engine.queries.reading import Reading
from engine.registry import Actor
from engine.studio import rows


@dataclass(frozen=True)
class Whole:
    """`contents`: every definition of the release, those of the change first (their `id` is None). `brought`: the change's files
    whose bytes are not the active release's, name -> bytes: what `Deploy` is to be given. `problems`: what the brought files say
    against themselves, and what falls apart between them and the rest."""

    contents: list[Content]
    brought: dict[str, bytes]
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class ChangeRelease:
    """The change merged over the active release. `replacing` (name -> bytes) stands in place of what is saved: a text that
    nobody has saved yet. Raises NotFound, Forbidden (`studio.read`)."""

    actor: Actor
    change_id: str
    replacing: Mapping[str, bytes] = field(default_factory=dict)

    def answer(self, reading: Reading) -> Whole:
        rows.readable(reading.connection, self.actor, self.change_id)
        return whole_of(reading.connection, self.change_id, self.replacing)


def whole_of(connection: Connection, change_id: str, replacing: Mapping[str, bytes] | None = None) -> Whole:
    """As `ChangeRelease`, for commands that have a transaction already."""
    active = active_contents(connection)
    standing = files_of(active)
    held = rows.held(connection, change_id) | dict(replacing or {})
    brought = {name: raw for name, raw in held.items() if standing.get(name) != raw}
    own, problems = contents.read(brought)
    whole, split = contents.merged(own, active)
    return Whole(whole, brought, problems + split)


def active_contents(connection: Connection) -> list[Content]:
    """The definitions of the active release; none before the first."""
    row = release_rows.active(connection)
    return release_rows.contents_of(connection, row.id) if row is not None else []


def files_of(release: Sequence[Content]) -> dict[str, bytes]:
    """The release as files, name -> bytes. Two uploads may have brought different files of one name: the second of them is called
    after its key then."""
    found: dict[str, bytes] = {}
    for content in release:
        if found.setdefault(content.file, content.raw) != content.raw:
            found[content.key + suffix_of(content.file)] = content.raw
    return found


def file_of(release: Sequence[Content], wanted: Content) -> str:
    """Under which name `files_of` has this definition."""
    return name_in(files_of(release), wanted)


def name_in(files: Mapping[str, bytes], wanted: Content) -> str:
    """As `file_of`, where the files are at hand."""
    name = wanted.file
    return name if files.get(name) == wanted.raw else wanted.key + suffix_of(name)


def suffix_of(file: str) -> str:
    """`.bpmn`, `.dmn`, `.form`, `.test.yaml`."""
    known = next((suffix for suffix in contents.SUFFIXES if file.lower().endswith(suffix)), "")
    return known or PurePath(file).suffix
