"""What a request handler may reach: the engine and the objects wired once in `create_app`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app

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
    return wiring().engine
