"""Idempotency keys: what a command answered is kept for a day, and a repetition gets that answer instead of a second effect.

Neither account nor route nor key is kept, only a digest of the three: the table tells nobody who asked for what.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, cast

import orjson
from sqlalchemy import Connection, delete, select, update

from engine.commands.port import Once
from engine.errors import Refused
from engine.store import tables as t
from engine.store.packed import fold, unfold
from engine.store.upsert import insert_row
from forms.i18n import T

KEPT = timedelta(hours=24)  # how long a reply is kept for a repetition
DIGEST: Final = 16  # bytes of sha256: nobody finds a second text for a digest of 128 bits


def key_of(account_id: str, route: str, key: str) -> bytes:
    return hashlib.sha256("\x00".join((account_id, route, key)).encode("utf-8", "replace")).digest()[:DIGEST]


def reserve(connection: Connection, once: Once, now: datetime) -> Mapping[str, Any] | None:
    """Take the key, or answer what was kept under it. A second request with it waits here for the first.

    Raises Refused (IDEMPOTENCY_KEY_REUSED) where the key came with another request before."""
    table = t.idempotency
    taken = key_of(once.account_id, once.route, once.key)
    asked = bytes.fromhex(once.body_hash)[:DIGEST]
    row = insert_row(connection, table).values(id=taken, body=asked, created_at=now)
    fresh = row.on_conflict_do_update(
        index_elements=[table.c.id],
        set_={"body": asked, "created_at": now, "reply": None},
        where=table.c.created_at < now - KEPT,  # a day has passed: it is a new request
    )
    if connection.execute(fresh.execution_options(preserve_rowcount=True)).rowcount == 1:
        return None
    kept = connection.execute(select(table.c.body, table.c.reply).where(table.c.id == taken)).one()
    if kept.body != asked:
        raise Refused(T("同一个幂等键已用于另一个请求。"), code="IDEMPOTENCY_KEY_REUSED")
    return cast("Mapping[str, Any]", orjson.loads(unfold(kept.reply)))


def keep(connection: Connection, once: Once, result: Any) -> None:
    table = t.idempotency
    mine = table.c.id == key_of(once.account_id, once.route, once.key)
    reply = fold(orjson.dumps({"result": result}, option=orjson.OPT_NON_STR_KEYS))
    connection.execute(update(table).where(mine).values(reply=reply))


def sweep(connection: Connection, now: datetime) -> None:
    """Forget what is older than a day."""
    connection.execute(delete(t.idempotency).where(t.idempotency.c.created_at < now - KEPT))
