"""A whole deployment as one file: a zip with every file of the release and a list of what must be in it.

The same release gives the same bytes. What is read may come from anybody: names are plain, sizes are counted while unpacking, and nothing
is written to a disk.
"""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from engine.commands import contents, release_rows
from engine.commands.allowed import require
from engine.commands.step import Step
from engine.errors import DeploymentRefused, Invalid, NotFound, Problem, Refused
from engine.queries.reading import Reading
from engine.registry import Actor
from engine.studio import reviews
from engine.studio.changes import OpenChange
from engine.studio.release import active_contents, files_of
from engine.studio.versions import BringFiles
from forms.i18n import T, Text

LIST = "zhiping.json"
FORMAT = "zhiping-deployment"
VERSION = 1
MOST_FILES = 1_000
MOST_PACKED = 24_000_000  # bytes of the zip
MOST_EACH = 5_000_000  # bytes of one file: what may be uploaded at all
MOST_BYTES = 64_000_000  # of all files together, unpacked
MOST_DIRECTORY = 500_000  # bytes of the zip's own list: it is read before anything else
_TAKEN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first day a zip can name


@dataclass(frozen=True)
class Exported:
    file_name: str
    content: bytes


@dataclass(frozen=True)
class ExportDeployment:
    """Everything of one release as a zip. Raises Forbidden, NotFound."""

    actor: Actor
    deployment_id: str

    def answer(self, reading: Reading) -> Exported:
        require(self.actor, "deployment.read")
        row = reviews.deployment_row(reading.connection, self.deployment_id)
        if row is None:
            raise NotFound(T("没有这次发布。"))
        files = files_of(release_rows.contents_of(reading.connection, row.id))
        return Exported(f"zhiping-{row.content_hash[:12]}.zip", pack(files, row.content_hash))


@dataclass(frozen=True)
class ImportBundle:
    """Begin a change that holds what a bundle has otherwise than the active release. Answers `{"id": of the change, "files": n}`.
    Raises Forbidden, Invalid (`bundle`, `title`), Refused (NOTHING_CHANGED), DeploymentRefused (what may not even be kept)."""

    actor: Actor
    title: str
    raw: bytes

    def execute(self, step: Step) -> dict[str, Any]:
        require(self.actor, "studio.edit")
        files = unpack(self.raw)
        standing = files_of(active_contents(step.connection))
        differing = {name: raw for name, raw in files.items() if standing.get(name) != raw}
        if not differing:
            raise Refused(T("文件里的内容和启用中的版本完全一样，没有要改的。"), code="NOTHING_CHANGED")
        change_id = OpenChange(self.actor, self.title).execute(step)["id"]
        names = sorted(differing)
        for start in range(0, len(names), 200):
            part = {name: differing[name] for name in names[start : start + 200]}
            BringFiles(change_id, part, self.actor).execute(step)
        return {"id": change_id, "files": len(differing)}


def pack(files: Mapping[str, bytes], content_hash: str) -> bytes:
    """The same files give the same bytes."""
    digests = {name: hashlib.sha256(raw).hexdigest() for name, raw in sorted(files.items())}
    listed = {"format": FORMAT, "version": VERSION, "content_hash": content_hash, "files": digests}
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for name, raw in [(LIST, orjson.dumps(listed, option=orjson.OPT_INDENT_2)), *sorted(files.items())]:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            made.writestr(entry, raw)
    return kept.getvalue()


def is_bundle(raw: bytes) -> bool:
    """Does it begin as a zip does?"""
    return raw[:4] == b"PK\x03\x04"


def unpack(raw: bytes) -> dict[str, bytes]:
    """Name -> bytes. A zip of a folder is taken too: its folders are left out, other files than ours are not.

    Raises Invalid (`bundle`) for what is no zip, too large, or not what its own list says; DeploymentRefused naming the file for names
    that lead elsewhere, links, doubled or secret entries, and files that are none of ours."""
    if len(raw) > MOST_PACKED:
        raise _invalid(T("文件超过 {mb} MB。", mb=MOST_PACKED // 1_000_000))
    if _directory_size(raw) > MOST_DIRECTORY:
        raise _invalid(T("压缩包里的文件太多，最多 {n} 个。", n=MOST_FILES))
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as opened:
            return _checked(_read(opened))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError, ValueError) as error:
        raise _invalid(T("这不是完整的压缩包，请重新导出。")) from error


def _read(opened: zipfile.ZipFile) -> dict[str, bytes]:
    entries = [entry for entry in opened.infolist() if not entry.is_dir()]
    if len(entries) > MOST_FILES:
        raise _invalid(T("压缩包里的文件太多，最多 {n} 个。", n=MOST_FILES))
    found: dict[str, bytes] = {}
    problems: list[Problem] = []
    left = MOST_BYTES
    for entry in entries:
        name = entry.filename.rpartition("/")[2]
        problem = _against(entry, name)
        if problem is None and name in found:
            problem = _problem(entry.filename, "BUNDLE_TWICE", T("压缩包里有两个文件都叫“{name}”。", name=name))
        if problem is not None:
            problems.append(problem)
            continue
        with opened.open(entry) as packed:
            content = packed.read(min(MOST_EACH, left) + 1)  # what its header says of its size is not believed
        if len(content) > MOST_EACH:
            text = T("文件超过 {mb} MB，请拆分后再上传。", mb=MOST_EACH // 1_000_000)
            problems.append(_problem(name, "BUNDLE_TOO_LARGE", text))
            continue
        left -= len(content)
        if left < 0:
            raise _invalid(T("解压后的内容超过 {mb} MB，没有读下去。", mb=MOST_BYTES // 1_000_000))
        found[name] = content
    if problems:
        raise DeploymentRefused(problems)
    return found


def _against(entry: zipfile.ZipInfo, name: str) -> Problem | None:
    path = entry.filename
    if entry.flag_bits & 0x1 or entry.compress_type not in _TAKEN:
        return _problem(path, "BUNDLE_SECRET", T("这个文件加了密，或者用了不认识的压缩方法。请用普通的 zip 重新压缩。"))
    if stat.S_ISLNK(entry.external_attr >> 16):
        return _problem(path, "BUNDLE_LINK", T("压缩包里不能有链接，请放文件本身。"))
    if path.startswith("/") or "\\" in path or ":" in path or any(part in ("", ".", "..") for part in path.split("/")):
        return _problem(path, "BUNDLE_PATH", T("压缩包里的文件名不能指向别的位置。"))
    if name == LIST:
        return None
    return next(iter(contents.check_name(name)), None)


def _checked(found: dict[str, bytes]) -> dict[str, bytes]:
    """Without the list, which must name exactly these files and their contents where there is one."""
    listed = found.pop(LIST, None)
    if not found:
        raise _invalid(T("压缩包里没有流程文件。"))
    if listed is None:
        return found
    try:
        said = orjson.loads(listed)
    except orjson.JSONDecodeError as error:
        raise _invalid(T("压缩包里的清单读不出来，请重新导出。")) from error
    if not isinstance(said, dict) or said.get("format") != FORMAT or said.get("version") != VERSION:
        raise _invalid(T("压缩包里的清单不是这个版本的程序能读的。"))
    digests = {name: hashlib.sha256(raw).hexdigest() for name, raw in found.items()}
    if digests != said.get("files"):
        raise _invalid(T("压缩包里的文件和清单对不上，可能不完整或者被改过，请重新导出。"))
    return found


def _directory_size(raw: bytes) -> int:
    """How long the zip's list of entries says it is: reading it costs time before anything can be refused. 0 where there is none."""
    end = raw.rfind(b"PK\x05\x06", max(0, len(raw) - 65_557))
    return int.from_bytes(raw[end + 12 : end + 16], "little") if end >= 0 else 0


def _problem(file: str, code: str, text: Text) -> Problem:
    shown = "".join(sign if sign.isprintable() else "?" for sign in file)[:200]
    return Problem(shown, None, None, code, text)


def _invalid(text: Text) -> Invalid:
    return Invalid({"bundle": [text]})
