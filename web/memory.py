"""How much room a process of many threads takes, beyond what it needs.

The C library gives each thread a pool of its own and keeps what was freed there: half as much again as is in use. Two pools
for all are enough, and what starting up needed once is given back.
"""

from __future__ import annotations

import ctypes
import gc

M_ARENA_MAX = -8  # of malloc.h
POOLS = 2


def spare() -> None:
    """Before the first thread. Does nothing where the C library is another one."""
    try:
        library = ctypes.CDLL(None)
        library.mallopt(M_ARENA_MAX, POOLS)
    except (OSError, AttributeError):
        return


def give_back() -> None:
    """When everything is loaded: what is there stays for good, and need not be looked through again."""
    gc.collect()
    gc.freeze()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):
        return
