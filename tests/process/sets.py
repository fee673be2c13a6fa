"""A stage is set once for each kind of database and copied: to deploy and furnish takes a second, to copy a few hundredths."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from engine.clock import FixedClock
from tests import postgres
from tests.conftest import MakeEngine
from tests.process.stage import Stage, furnish, registry, shipped


@dataclass(frozen=True)
class Kept:
    """A set as it was when it was ready: the copy (a path, or a database's name), its cases, and its clock."""

    place: str
    applications: tuple[str, ...]
    now: datetime


_kept: dict[tuple[object, ...], Kept] = {}


def set_stage(
    database_url: str,
    make_engine: MakeEngine,
    tmp_path: Path,
    families: tuple[str, ...],
    cases: int = 0,
    *,
    then: Callable[[Stage], None] | None = None,
    **values: Any,
) -> Stage:
    """A stage with these families' processes and so many cases (`values`: see `furnish`), after `then` happened to it.

    `then` must be a function of a module, because it is what the copy is known by; it may attach no files."""
    key = (make_url(database_url).get_backend_name(), families, cases, then, tuple(sorted(values.items())))
    files = str(tmp_path / "files")
    if key not in _kept:
        stage = Stage(make_engine(database_url, registry(), attachments_url=files))
        furnish(stage, cases, **values)
        stage.deploy(shipped(*families))
        if then is not None:
            then(stage)
        stage.engine.store.close()
        _kept[key] = Kept(_keep(database_url), tuple(stage.applications), stage.now)
        return stage
    kept = _kept[key]
    _bring(kept.place, database_url)
    stage = Stage(make_engine(database_url, registry(), attachments_url=files), list(kept.applications))
    assert isinstance(stage.engine.clock, FixedClock)
    stage.engine.clock.set(kept.now)
    return stage


def _keep(database_url: str) -> str:
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        return postgres.server().create(url.database)
    place = _folder() / f"{len(_kept)}.db"
    shutil.copy(str(url.database), place)
    return str(place)


def _bring(place: str, database_url: str) -> None:
    url = make_url(database_url)
    assert url.database is not None
    if url.get_backend_name() == "sqlite":
        shutil.copy(place, url.database)
    else:
        postgres.server().replace(url.database, place)


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="zhiping-sets-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
