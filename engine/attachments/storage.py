"""Where the bytes lie. The port is four methods; the folder is its first adapter."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from engine.errors import Refused
from engine.store import space
from forms.i18n import T

KEY = re.compile(r"[0-9a-f]{32,64}")
CHUNK = 256 * 1024


class Storage(Protocol):
    """Files under generated keys (32 to 64 hex digits). What is stored never changes."""

    def put(self, key: str, file: BinaryIO) -> None:
        """Store the whole file durably; a crash leaves all of it or nothing. Raises Full where there is no room."""

    def open(self, key: str) -> BinaryIO:
        """Raises FileNotFoundError."""

    def delete(self, key: str) -> None:
        """No error where there is none."""

    def keys(self) -> Iterator[str]: ...


class Folder:
    """One folder, two levels deep, readable by the owner alone."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, file: BinaryIO) -> None:
        try:
            self._put(self._path(key), file)
        except OSError as error:
            if space.is_full(error):
                raise space.full() from error
            raise

    @staticmethod
    def _put(path: Path, file: BinaryIO) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(descriptor, "wb") as out:
                while chunk := file.read(CHUNK):
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            os.replace(unfinished, path)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the name, too, survives a power cut
        finally:
            os.close(folder)

    def open(self, key: str) -> BinaryIO:
        return self._path(key).open("rb")

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def keys(self) -> Iterator[str]:
        return (path.name for path in sorted(self.root.glob("??/*")) if KEY.fullmatch(path.name))

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError("not a key of ours")
        return self.root / key[:2] / key


def storage(url: str) -> Folder:
    """The storage a setting names: a folder, also as `file:///…`. Raises Refused (SETTING_INVALID) for others."""
    if "://" in url and not url.startswith("file://"):
        raise Refused(
            T("附件目前只能保存在文件夹中，不能使用“{url}”。", url=url.partition("://")[0] + "://"),
            code="SETTING_INVALID",
        )
    return Folder(Path(url.removeprefix("file://")).expanduser())
