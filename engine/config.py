"""What can be set from outside: the environment variables of the contract, read once at start-up."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from engine.errors import Refused
from forms.i18n import T

PREFIX = "ZHIPING_"
KEY_FILE = "secret.key"
SHORTEST_KEY = 32  # characters


@dataclass(frozen=True)
class Settings:
    """All settings of one running program. `secret_key` signs, encrypts and derives; it never leaves the process."""

    database_url: str
    data_dir: Path
    secret_key: str
    host: str = "127.0.0.1"
    port: int = 8000
    clock: str = "system"  # "system" or "manual"
    four_eyes: bool = True
    attachments_url: str = ""  # a folder or s3://…; empty means data_dir/attachments
    log_level: str = "info"
    trusted_proxies: int = 0  # how many proxies in front may tell the caller's address and whether it was HTTPS
    job_seconds: int = 30  # a command or a job that takes longer hangs: its process is ended and begun anew

    def __post_init__(self) -> None:
        if not self.attachments_url:
            object.__setattr__(self, "attachments_url", str(self.data_dir / "attachments"))

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str] | None = None, given: Mapping[str, str] | None = None
    ) -> Settings:
        """Read `ZHIPING_…` from the environment; `given` (names in lower case, from the command line) wins.

        Without a secret key one is made and kept in the data folder, readable by the owner alone.
        Raises `Refused` (SETTING_INVALID) naming the setting that cannot be used.
        """
        environ = os.environ if environ is None else environ
        given = given or {}

        def value(name: str, default: str = "") -> str:
            return given.get(name) or environ.get(PREFIX + name.upper()) or default

        data_dir = Path(value("data_dir", "data")).expanduser().absolute()
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        port = value("port", "8000")
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise _wrong("port", port)
        return cls(
            database_url=value("database_url", f"sqlite:///{data_dir / 'zhiping.db'}"),
            data_dir=data_dir,
            secret_key=_secret(value("secret_key"), data_dir),
            host=value("host", "127.0.0.1"),
            port=int(port),
            clock=_one_of("clock", value("clock", "system"), ("system", "manual")),
            four_eyes=_one_of("four_eyes", value("four_eyes", "on"), ("on", "off")) == "on",
            attachments_url=value("attachments_url"),
            log_level=_one_of("log_level", value("log_level", "info"), ("debug", "info", "warning", "error")),
            trusted_proxies=int(_one_of("trusted_proxies", value("trusted_proxies", "0"), ("0", "1", "2", "3"))),
            job_seconds=_seconds("job_seconds", value("job_seconds", "30")),
        )

    @property
    def lease(self) -> timedelta:
        """How long a job belongs to the worker that took it: longer than it may last, so that only who is dead, stopped or
        cut off loses one."""
        return timedelta(seconds=2 * self.job_seconds)

    def key_for(self, purpose: str) -> bytes:
        """A 32-byte key of its own for each purpose, so that one leaked derived key opens nothing else."""
        return self.keys_for(purpose)[0]

    def keys_for(self, purpose: str) -> list[bytes]:
        """One key per secret of `secret_key`, separated by commas: the first signs, all of them verify."""
        parts = [part.strip() for part in self.secret_key.split(",") if part.strip()]
        return [hmac.new(part.encode(), b"zhiping/" + purpose.encode(), hashlib.sha256).digest() for part in parts]


def _secret(given: str, data_dir: Path) -> str:
    if given:
        if len(given) < SHORTEST_KEY:
            raise Refused(T("ZHIPING_SECRET_KEY 太短：至少要 {n} 个字符。", n=SHORTEST_KEY), code="SETTING_INVALID")
        return given
    path = data_dir / KEY_FILE
    try:
        with open(path, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_text().strip()


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise _wrong(name, value)
    return value


def _seconds(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= 3600):
        raise _wrong(name, value)
    return int(value)


def _wrong(name: str, value: str) -> Refused:
    return Refused(
        T("设置 {name} 的值“{value}”不能使用。", name=PREFIX + name.upper(), value=value), code="SETTING_INVALID"
    )
