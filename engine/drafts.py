"""Half-filled forms at rest: telephones and more that belongs to one person stand in them, so the whole draft is sealed.

AES-GCM, bound to the task and to who wrote it: a draft copied to another row does not open.
"""

from __future__ import annotations

from typing import Any

import orjson

from engine.identity.crypto import Keyring

TABLE, COLUMN = "task_draft", "sealed"


def seal(keyring: Keyring, task_id: str, username: str, written: bytes) -> bytes:
    """`written`: the draft as JSON."""
    return keyring.encrypt(written.decode(), table=TABLE, row=_row(task_id, username), column=COLUMN)


def unseal(keyring: Keyring, task_id: str, username: str, sealed: bytes) -> dict[str, Any]:
    """What was typed. Raises `engine.identity.crypto.Unreadable`."""
    draft: dict[str, Any] = orjson.loads(
        keyring.decrypt(sealed, table=TABLE, row=_row(task_id, username), column=COLUMN)
    )
    return draft


def _row(task_id: str, username: str) -> str:
    return f"{task_id}\x1f{username}"
