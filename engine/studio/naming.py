"""What a file is about: key and name of the definition in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from engine.commands import contents
from engine.commands.contents import Content
from engine.studio.release import files_of, name_in, suffix_of


class About(NamedTuple):
    """Of the first definition of a file. A test is called after the process it tests."""

    key: str
    title: str


def about_all(release: Sequence[Content]) -> dict[str, About]:
    """Every file of a release, by the names of `files_of`."""
    processes = {content.key: content.name for content in release if content.kind in contents.EXECUTABLE}
    files = files_of(release)
    found: dict[str, About] = {}
    for content in release:
        name = processes.get(content.key, content.name) if content.kind == "test" else content.name
        found.setdefault(name_in(files, content), About(content.key, name or content.key))
    return found


def about(file: str, raw: bytes | None, known: Mapping[str, About]) -> About:
    """A file with this content, else what the release's is about; its own name where neither says it."""
    if raw is not None and contents.kind_of(file) != "test":
        found, _ = contents.read({file: raw})
        if found:
            return About(found[0].key, found[0].name or found[0].key)
    key = file.removesuffix(suffix_of(file))
    return known.get(file, About(key, key))
