"""Keys and what is locked with them. The secret stands outside the database, so a copy of the database alone reads nothing.

Every use derives a key of its own from the secret (HKDF-SHA256, the purpose as context). A field is sealed with
AES-256-GCM; table, row and column are authenticated with it, so a value moved to another place does not open.
The blind index is an HMAC: equal values can be found and kept unique without being readable.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MIN_SECRET = 32  # characters
FORMAT = b"\x01"
KEY_ID = 4
NONCE = 12


class Unreadable(Exception):
    """The value was sealed with another secret, moved from another place, or changed."""


class _Key:
    def __init__(self, secret: str) -> None:
        if len(secret) < MIN_SECRET:
            raise ValueError(f"a secret key has at least {MIN_SECRET} characters")
        self._secret = secret.encode()
        self.id = self.derive("key id")[:KEY_ID]

    def derive(self, purpose: str) -> bytes:
        return HKDF(SHA256(), 32, salt=b"zhiping", info=purpose.encode()).derive(self._secret)


class Keyring:
    """All keys of one installation.

    `secret` is one secret, or several separated by commas: the first seals, the others still open what was sealed
    before a change of the secret.
    """

    def __init__(self, secret: str) -> None:
        self._keys = [_Key(part.strip()) for part in secret.split(",") if part.strip()]
        if not self._keys:
            raise ValueError("a secret key is needed")

    def __repr__(self) -> str:
        return f"<Keyring of {len(self._keys)}>"

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, from the first secret."""
        return self._keys[0].derive(purpose)

    def encrypt(self, value: str, *, table: str, row: str, column: str) -> bytes:
        """The sealed value: format, key id, nonce, ciphertext with tag."""
        return self._seal(value.encode(), f"{table}/{column}", _place(table, row, column))

    def decrypt(self, sealed: bytes, *, table: str, row: str, column: str) -> str:
        """The value. Raises Unreadable."""
        return self._open(sealed, f"{table}/{column}", _place(table, row, column)).decode()

    def index(self, value: str, *, purpose: str) -> str:
        """Blind index under the first secret, 64 hex digits. The caller normalises `value` (case, spaces) first."""
        return hmac.new(self.derive(f"index {purpose}"), value.encode(), hashlib.sha256).hexdigest()

    def indexes(self, value: str, *, purpose: str) -> list[str]:
        """Blind indexes under every secret, to search rows written before the secret was changed."""
        return [
            hmac.new(key.derive(f"index {purpose}"), value.encode(), hashlib.sha256).hexdigest() for key in self._keys
        ]

    def sign(self, message: bytes, *, purpose: str) -> bytes:
        """HMAC-SHA256 under the first secret, 32 bytes."""
        return hmac.new(self.derive(f"sign {purpose}"), message, hashlib.sha256).digest()

    def seal(self, message: bytes, *, purpose: str, bound_to: str = "") -> str:
        """Text that only this installation can open, for the same purpose and the same `bound_to`."""
        return base64.urlsafe_b64encode(self._seal(message, f"seal {purpose}", bound_to.encode())).decode().rstrip("=")

    def unseal(self, text: str, *, purpose: str, bound_to: str = "") -> bytes:
        """Raises Unreadable."""
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise Unreadable("not sealed text") from error
        return self._open(sealed, f"seal {purpose}", bound_to.encode())

    def _seal(self, plain: bytes, purpose: str, place: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return FORMAT + self._keys[0].id + nonce + AESGCM(self.derive(purpose)).encrypt(nonce, plain, place)

    def _open(self, sealed: bytes, purpose: str, place: bytes) -> bytes:
        sealed = bytes(sealed)
        head = len(FORMAT) + KEY_ID
        if len(sealed) < head + NONCE or not sealed.startswith(FORMAT):
            raise Unreadable("not a sealed value")
        for key in self._keys:
            if key.id == sealed[len(FORMAT) : head]:
                try:
                    return AESGCM(key.derive(purpose)).decrypt(
                        sealed[head : head + NONCE], sealed[head + NONCE :], place
                    )
                except InvalidTag as error:
                    raise Unreadable("the value was changed or moved") from error
        raise Unreadable("sealed with an unknown key")


def _place(table: str, row: str, column: str) -> bytes:
    return f"{table}\x1f{row}\x1f{column}".encode()
