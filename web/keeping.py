"""A form typed while the login was lost comes back after the next login.

Before login the form travels sealed inside the login page, bound to the account it belonged to; the server keeps nothing for
strangers. After login it stands in a row of that account until the page has shown it.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
from werkzeug.datastructures import MultiDict

from engine.identity import kept
from engine.identity.crypto import Unreadable
from web.context import wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

PURPOSE = "kept form"
LIMIT = 1_000_000  # bytes of JSON; more than any form of ours
UNKEPT = frozenset({"csrf_token", "password", "new_password", "old_password", "kept", "next"})


def seal(account_id: str | None, path: str, form: MultiDict[str, str]) -> str | None:
    """Sealed text for the login page, or None where nothing was typed or it is too much."""
    packed = _pack({"account": account_id, "path": path}, form)
    return wiring().keyring.seal(packed, purpose=PURPOSE) if packed else None


def take_back(sealed: str, account_id: str) -> str | None:
    """After login: keep the form for `account_id`; the path to go to, or None if it is not theirs or was tampered with."""
    try:
        content = orjson.loads(_unzip(wiring().keyring.unseal(sealed, purpose=PURPOSE)))
    except (Unreadable, zlib.error, ValueError):
        return None
    if content["account"] not in (None, account_id):
        return None
    return _store(account_id, content["path"], content["fields"])


def keep(account_id: str, path: str, form: MultiDict[str, str]) -> str | None:
    """Keep a form of somebody who is logged in; the path that shows it again, or None where there is nothing to keep."""
    fields = _fields(form)
    return _store(account_id, path, fields) if fields else None


def fields(kept_id: str, account_id: str, path: str) -> MultiDict[str, str] | None:
    """What was typed, or None: not theirs, too old, or of another page."""
    row = wiring().engine.ask(kept.KeptForm(kept_id=kept_id, account_id=account_id, at=wiring().wall.now()))
    if row is None or row.path.partition("?")[0] != path:
        return None
    try:
        plain = wiring().keyring.unseal(row.sealed, purpose=PURPOSE, bound_to=account_id)
    except Unreadable:
        return None
    return MultiDict([(name, value) for name, value in orjson.loads(_unzip(plain))])


def _store(account_id: str, path: str, content: list[list[str]]) -> str | None:
    packed = zlib.compress(orjson.dumps(content))
    sealed = wiring().keyring.seal(packed, purpose=PURPOSE, bound_to=account_id)
    kept_id = wiring().engine.run(
        kept.KeepForm(account_id=account_id, path=path, sealed=sealed, at=wiring().wall.now())
    )
    return f"{path}{'&' if '?' in path else '?'}{urlencode({'kept': kept_id})}"


def _pack(head: Mapping[str, Any], form: MultiDict[str, str]) -> bytes | None:
    fields = _fields(form)
    if not fields:
        return None
    packed = orjson.dumps({**head, "fields": fields})
    return zlib.compress(packed) if len(packed) <= LIMIT else None


def _fields(form: MultiDict[str, str]) -> list[list[str]]:
    """Name and value pairs, as sent; lone surrogates cannot be stored and are replaced."""
    return [
        [_clean(name), _clean(value)]
        for name, value in form.items(multi=True)
        if name not in UNKEPT and not name.startswith("_")
    ]


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _unzip(packed: bytes) -> bytes:
    plain = zlib.decompressobj().decompress(packed, 4 * LIMIT)
    if len(plain) >= 4 * LIMIT:
        raise ValueError("too long")
    return plain
