"""What a request handler may reach: the engine and the objects wired once in `create_app`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app, g

from engine.clock import Clock

if TYPE_CHECKING:
    from engine.engine import Engine
    from engine.identity.crypto import Keyring


@dataclass(frozen=True)
class Wiring:
    """One per application, under `app.extensions["zhiping"]`.

    `wall` is the real clock for everything a thief could gain from: sessions, tokens, throttling. The engine's own
    clock (which a demonstration may stop) is never asked about those.
    """

    engine: Engine
    keyring: Keyring
    wall: Clock


def wiring() -> Wiring:
    return cast(Wiring, current_app.extensions["zhiping"])


def engine() -> Engine:
    """The office's engine; while a change is tried out (`within`) that of the sandbox."""
    return cast("Engine", g.get("sandbox")) or wiring().engine


REMEMBERED = ("page_now", "workdays_between", "subjects", "task_subjects", "vocabulary")  # in `g`, of one engine


@contextmanager
def within(sandbox: Engine) -> Iterator[None]:
    """What pages ask and do in this block concerns the sandbox. Logins, sessions and CSRF stay the office's (`wiring`)."""
    before = {name: g.pop(name) for name in REMEMBERED if name in g}
    g.sandbox = sandbox
    try:
        yield
    finally:
        del g.sandbox
        for name in REMEMBERED:
            g.pop(name, None)
        for name, value in before.items():
            setattr(g, name, value)
