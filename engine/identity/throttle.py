"""How long somebody who keeps failing has to wait. It grows, it passes, and it never locks an account for good."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

FREE_PER_ACCOUNT = 5  # failures without delay, for one account from one address
FREE_PER_ADDRESS = 50  # the same for all accounts from one address: an office behind one router stays usable
FREE_GUESSES = 50  # wrong answers to what anybody may ask, from one address
LONGEST = timedelta(minutes=5)
FORGET = timedelta(minutes=15)  # without a failure for so long, the count starts anew


def delay(failures: int, free: int, longest: timedelta = LONGEST) -> timedelta:
    """The wait after the last failure: 1 s, 2 s, 4 s … up to `longest`."""
    if failures < free:
        return timedelta(0)
    return min(longest, timedelta(seconds=2 ** min(failures - free, 20)))


def wait_left(failures: int, free: int, last_at: datetime, now: datetime, longest: timedelta = LONGEST) -> timedelta:
    """What is left of the wait at `now` (both aware). Zero means: may try."""
    if now - last_at >= FORGET:
        return timedelta(0)
    return max(timedelta(0), last_at + delay(failures, free, longest) - now)


def subjects(username: str, address: str) -> list[tuple[str, int]]:
    """The two counters one attempt stands under, each with its free tries. Hashed: people type passwords into the wrong box."""
    return [
        (_hash("account", username.lower(), address), FREE_PER_ACCOUNT),
        (_hash("address", address), FREE_PER_ADDRESS),
    ]


def guesser(what: str, address: str) -> str:
    """The counter of wrong guesses at `what` ("certificate") from one address; what was guessed right is not counted."""
    return _hash("guess", what, address)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
