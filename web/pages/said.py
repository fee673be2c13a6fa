"""A sentence for the next page ("已保存"): carried once in a sealed cookie, because nothing of a page is kept on the server."""

from __future__ import annotations

from typing import TypedDict

import orjson
from flask import Flask, Response, g, request

from engine.identity.crypto import Unreadable
from web.context import wiring

COOKIE = "zhiping_said"
PURPOSE = "page notice"
LONGEST = 1_000  # characters of one sentence: a cookie holds 4 kB
SOON = 120  # seconds until an unread sentence is forgotten


class Sentence(TypedDict):
    kind: str  # success | info | error
    text: str


def say(text: str, kind: str = "success") -> None:
    """Show `text` at the top of the next page this browser opens."""
    g.setdefault("to_say", []).append({"kind": kind, "text": text[:LONGEST]})


def take() -> list[Sentence]:
    """What the page before this one left to be said; said once."""
    sealed = request.cookies.get(COOKIE)
    if not sealed:
        return []
    g.said = True
    try:
        told: list[Sentence] = orjson.loads(wiring().keyring.unseal(sealed, purpose=PURPOSE))
    except (Unreadable, ValueError):
        return []
    return told


def _finish(response: Response) -> Response:
    waiting = g.get("to_say")
    if waiting:
        sealed = wiring().keyring.seal(orjson.dumps(waiting[-2:]), purpose=PURPOSE)
        response.set_cookie(
            COOKIE, sealed, max_age=SOON, path="/", secure=request.is_secure, httponly=True, samesite="Lax"
        )
    elif g.get("said"):
        response.delete_cookie(COOKIE, path="/", secure=request.is_secure, httponly=True, samesite="Lax")
    return response


def register(app: Flask) -> None:
    app.after_request(_finish)
