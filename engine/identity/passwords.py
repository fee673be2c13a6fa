"""Passwords: argon2id hashes, and which passwords are too easy. No composition rules; length and a list of common ones."""

from __future__ import annotations

import secrets
from functools import cache
from importlib import resources

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from engine.errors import Invalid
from forms.i18n import T, Text

MIN_LENGTH = 10
MAX_LENGTH = 256  # longer text only costs time
DEMO_PASSWORD = "demo-zhiping"  # known to everybody; `zhiping check` complains while an account has it

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)


def make_hash(password: str, *, username: str = "") -> str:
    """PHC text of a password that passes `weakness`. Takes some 20 ms on purpose. Raises Invalid on `password`."""
    found = weakness(password, username=username)
    if found:
        raise Invalid({"password": [found]})
    return _hasher.hash(password)


def verify(password: str, password_hash: str | None) -> bool:
    """Whether they belong together. Without a hash it takes just as long and is False."""
    try:
        matches = _hasher.verify(password_hash or _nobody(), password[:MAX_LENGTH])
    except (VerificationError, InvalidHashError, UnicodeError):
        return False
    return matches and password_hash is not None


def weakness(password: str, *, username: str = "") -> Text | None:
    """Why this password will not do, or None."""
    if len(password) < MIN_LENGTH:
        return T("密码至少要有 {n} 个字符。", n=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        return T("密码最多 {n} 个字符。", n=MAX_LENGTH)
    if not _encodable(password):
        return T("密码里有无法保存的字符。")
    plain = password.casefold()
    if plain in _common() or len(set(plain)) < 4:
        return T("这个密码太常见，容易被猜到，请换一个。")
    if username and username.casefold() in plain and len(plain) < len(username) + 6:
        return T("密码不能由用户名稍加改动而成。")
    return None


def one_time() -> str:
    """A password to hand to a person who must change it: 16 characters, none easily mistaken for another."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))


def _encodable(password: str) -> bool:
    try:
        password.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in password


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_hex(16))


@cache
def _common() -> frozenset[str]:
    text = resources.files("engine.identity").joinpath("common-passwords.txt").read_text(encoding="utf-8")
    return frozenset(line.strip().casefold() for line in text.splitlines() if line.strip())
