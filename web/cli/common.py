"""What the commands share: settings as options, and the engine made from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click

from engine.config import Settings
from engine.engine import Engine
from engine.store import prepare as ready
from processes import office
from web.revisions import MIGRATIONS as MIGRATIONS

SETTINGS = (
    "database_url",
    "data_dir",
    "secret_key",
    "host",
    "port",
    "clock",
    "four_eyes",
    "attachments_url",
    "trusted_proxies",
    "log_level",
    "job_seconds",
)


def with_settings(function: Callable[..., Any]) -> Callable[..., Any]:
    """Every setting as an option (`--data-dir` or `--data_dir`), stronger than the environment; hands `settings` in."""

    @wraps(function)
    def command(**options: Any) -> Any:
        given = {name: value for name in SETTINGS if (value := options.pop(f"setting_{name}")) is not None}
        return function(settings=Settings.from_environment(given=given), **options)

    for name in reversed(SETTINGS):
        spellings = dict.fromkeys([f"--{name.replace('_', '-')}", f"--{name}"])
        help_text = f"ZHIPING_{name.upper()}"
        command = click.option(*spellings, f"setting_{name}", default=None, metavar="…", help=help_text)(command)
    return command


def make_engine(settings: Settings) -> Engine:
    return Engine(settings, office.registry())


@contextmanager
def opened(settings: Settings) -> Iterator[Engine]:
    """An engine for one command. The tables of an empty database are made; one of another version is refused."""
    prepare(settings)
    engine = make_engine(settings)
    try:
        yield engine
    finally:
        engine.stop()


def prepare(settings: Settings) -> None:
    """An empty database gets its tables. Raises Refused (DATABASE_VERSION) for one that a person has to upgrade."""
    ready.prepare(settings.database_url, MIGRATIONS)


def lint_line(file: str | None, line: int | None, element: str | None, code: str | None, message: str) -> str:
    """`file:line [element] CODE message`, as editors understand it."""
    place = f"{file}:{line}" if line else str(file)
    return f"{place}{f' [{element}]' if element else ''} {code}: {message}"
