"""How long to wait before trying again: 1, 4, 16 seconds, a little earlier or later so that not all come at once."""

from __future__ import annotations

import hashlib
from datetime import timedelta

STEPS = (1.0, 4.0, 16.0)
JITTER = 0.2  # of the pause, either way


def pause(attempts: int, key: str) -> timedelta | None:
    """After the `attempts`-th failure (from 1); None when trying by itself is over. `key` decides the jitter, so the
    same failure of the same thing always waits equally long."""
    if attempts > len(STEPS):
        return None
    share = int.from_bytes(hashlib.sha256(f"{key}/{attempts}".encode()).digest()[:4], "big") / 2**32  # 0 … 1
    return timedelta(seconds=STEPS[attempts - 1] * (1 + JITTER * (2 * share - 1)))
