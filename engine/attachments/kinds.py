"""What a file is, found in its content. The name and the type a browser sends are claims, and are not believed."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import BinaryIO

import puremagic

from engine.errors import Refused
from forms.i18n import T

HEAD = 4096
MOST_ENTRIES = 10_000
MOST_UNPACKED = 300 * 1024 * 1024  # bytes a package may claim to unpack to


@dataclass(frozen=True)
class Kind:
    mime: str
    extensions: tuple[str, ...]  # the first is given where the name has none of them


PDF = Kind("application/pdf", (".pdf",))
PNG = Kind("image/png", (".png",))
JPEG = Kind("image/jpeg", (".jpg", ".jpeg"))
TIFF = Kind("image/tiff", (".tif", ".tiff"))
DOCX = Kind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (".docx",))
XLSX = Kind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (".xlsx",))
OFD = Kind("application/ofd", (".ofd",))

ALLOWED = (PDF, PNG, JPEG, TIFF, DOCX, XLSX, OFD)
PLAIN = {mime: kind for kind in (PDF, PNG, JPEG, TIFF) for mime in (kind.mime,)}
PACKAGES = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX, "OFD.xml": OFD}
STARTS = {PDF: (b"%PDF-",), PNG: (b"\x89PNG\r\n\x1a\n",), JPEG: (b"\xff\xd8\xff",), TIFF: (b"II*\0", b"MM\0*")}


def find(file: BinaryIO) -> Kind:
    """The kind of a seekable file, left at its start. Raises Refused (FILE_TYPE) for anything not allowed."""
    file.seek(0)
    head = file.read(HEAD)
    kind = _package(file) if head.startswith(b"PK") else _plain(head)
    file.seek(0)
    if kind is None:
        raise Refused(
            T("不能接收这种文件。可以上传：PDF、PNG、JPEG、TIFF、DOCX、XLSX、OFD（按文件内容判断，与文件名无关）。"),
            code="FILE_TYPE",
        )
    return kind


def _plain(head: bytes) -> Kind | None:
    try:
        found = puremagic.magic_string(head)
    except puremagic.PureError:
        return None
    for match in found:
        kind = PLAIN.get(match.mime_type)
        # The library also reports weak matches: the file has to begin as its kind begins.
        if kind is not None and head.startswith(STARTS[kind]):
            return kind
    return None


def _package(file: BinaryIO) -> Kind | None:
    """DOCX, XLSX or OFD; no other archive, none with macros, none that would burst when unpacked."""
    try:
        with zipfile.ZipFile(file) as package:
            entries = package.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeDecodeError):
        return None
    names = {entry.filename for entry in entries}
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        return None
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        return None
    found = [kind for entry, kind in PACKAGES.items() if entry in names]
    if len(found) != 1 or (found[0] is not OFD and "[Content_Types].xml" not in names):
        return None
    return found[0]


def clean_name(name: str, kind: Kind) -> str:
    """A name to show: no path, no control or direction characters, at most 120 characters, the extension of its kind."""
    name = name.replace("\\", "/").rpartition("/")[2]
    name = "".join(c for c in name if c.isprintable() and c not in '<>:"|?*').strip(" .")
    stem, dot, extension = name.rpartition(".")
    if not dot or f".{extension.lower()}" not in kind.extensions:
        stem, extension = name, kind.extensions[0][1:]
    stem = stem.strip(" .")[:110] or "attachment"
    return f"{stem}.{extension.lower()}"
