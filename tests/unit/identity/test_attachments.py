from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from engine import attachments
from engine.attachments import keeping, kinds
from engine.attachments.storage import Folder, storage
from engine.attachments.tables import attachment
from engine.engine import Engine
from engine.errors import NotFound, Refused
from engine.registry import Actor
from tests.unit.identity.conftest import START, account

PDF = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
TIFF = b"II*\x00\x08\x00\x00\x00\x00\x00"


def package(*names: str, size: int = 3) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, b"x" * size)
    return buffer.getvalue()


DOCX = package("[Content_Types].xml", "word/document.xml")
XLSX = package("[Content_Types].xml", "xl/workbook.xml")
OFD = package("OFD.xml", "Doc_0/Document.xml")

GOOD = {"application/pdf": PDF, "image/png": PNG, "image/jpeg": JPEG, "image/tiff": TIFF, kinds.DOCX.mime: DOCX}
GOOD |= {kinds.XLSX.mime: XLSX, "application/ofd": OFD}

HOSTILE = {
    "html": b"<html><script>alert(1)</script></html>",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "script": b"#!/bin/sh\nrm -rf /\n",
    "program": b"MZ\x90\x00" + b"\x00" * 60,
    "elf": b"\x7fELF\x02\x01\x01" + b"\x00" * 60,
    "zip": package("a.txt"),
    "nested zip": package("[Content_Types].xml", "evil.exe"),
    "macros": package("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
    "two at once": package("[Content_Types].xml", "word/document.xml", "xl/workbook.xml"),
    "jar": package("META-INF/MANIFEST.MF", "Main.class"),
    "broken zip": b"PK\x03\x04" + b"\x00" * 40,
    "truncated docx": DOCX[:-30],
    "pdf later": b"<html>%PDF-1.7",
    "gif": b"GIF89a\x01\x00\x01\x00",
    "text": "只是文字".encode(),
    "nul": b"\x00" * 100,
    "php in a jpeg name": b"<?php system($_GET['c']); ?>",
}


@pytest.mark.parametrize("mime", GOOD)
def test_the_type_is_found_in_the_content(mime: str) -> None:
    assert kinds.find(io.BytesIO(GOOD[mime])).mime == mime


@pytest.mark.parametrize("hostile", HOSTILE)
def test_everything_else_is_refused_whatever_it_is_called(hostile: str) -> None:
    with pytest.raises(Refused) as refused:
        kinds.find(io.BytesIO(HOSTILE[hostile]))
    assert refused.value.code == "FILE_TYPE"


def test_a_package_that_would_burst_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "MOST_UNPACKED", 1_000_000)
    bomb = package("[Content_Types].xml", "word/document.xml", size=600_000)
    assert len(bomb) < 10_000
    with pytest.raises(Refused):
        kinds.find(io.BytesIO(bomb))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("论文.pdf", "论文.pdf"),
        ("C:\\Users\\wang\\论文.PDF", "论文.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("evil.html", "evil.html.pdf"),
        ("evil.pdf.exe", "evil.pdf.exe.pdf"),
        ("a\u202efdp.exe", "afdp.exe.pdf"),
        ("a\r\nX-Evil: 1.pdf", "aX-Evil 1.pdf"),
        ("", "attachment.pdf"),
        ("...", "attachment.pdf"),
        (".pdf", "pdf.pdf"),
        ("x" * 300 + ".pdf", "x" * 110 + ".pdf"),
        ('"><script>.pdf', "script.pdf"),
    ],
)
def test_names_are_made_harmless(given: str, shown: str) -> None:
    assert kinds.clean_name(given, kinds.PDF) == shown


def upload(engine: Engine, actor: Actor, content: bytes = PDF, name: str = "论文.pdf") -> attachments.AttachmentItem:
    return attachments.upload(engine, io.BytesIO(content), name, actor=actor)


def stored(engine: Engine) -> list[str]:
    return list(storage(engine.settings.attachments_url).keys())


def test_a_file_comes_back_as_it_was(engine_: Engine) -> None:
    wang = account(engine_, "wang")
    item = upload(engine_, wang)
    assert (item.size, item.sha256) == (len(PDF), hashlib.sha256(PDF).hexdigest())
    assert engine_.ask(attachments.AttachmentView(item.id, actor=wang)) == item
    with attachments.open_(engine_, item) as file:
        assert file.read() == PDF
    assert stored(engine_) == [item.stored_as]
    assert "论文" not in item.stored_as


def test_nobody_else_knows_of_it(engine_: Engine, admin: Actor) -> None:
    item = upload(engine_, account(engine_, "wang"))
    for somebody in (account(engine_, "li"), admin):
        with pytest.raises(NotFound):
            engine_.ask(attachments.AttachmentView(item.id, actor=somebody))
    with pytest.raises(NotFound):
        engine_.ask(attachments.AttachmentView("nothing", actor=admin))


@pytest.mark.parametrize(("content", "code"), [(b"", "FILE_EMPTY"), (b"<html>", "FILE_TYPE")])
def test_a_refused_file_leaves_nothing(engine_: Engine, content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        upload(engine_, account(engine_, "wang"), content)
    assert refused.value.code == code
    assert stored(engine_) == []


def test_a_large_file_is_refused(engine_: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "LARGEST", 1000)
    wang = account(engine_, "wang")
    upload(engine_, wang, PDF.ljust(1000, b" "))
    with pytest.raises(Refused) as refused:
        upload(engine_, wang, PDF.ljust(1001, b" "))
    assert refused.value.code == "FILE_TOO_LARGE"


def test_a_file_whose_row_cannot_be_written_is_not_left_behind(
    engine_: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the database is gone")

    monkeypatch.setattr(keeping.KeepAttachment, "execute", broken)
    with pytest.raises(RuntimeError):
        upload(engine_, account(engine_, "wang"))
    assert stored(engine_) == []


def test_files_never_handed_in_are_few_and_forgotten(engine_: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST_WAITING", 3)
    wang = account(engine_, "wang")
    first, *_ = [upload(engine_, wang) for _ in range(3)]
    with pytest.raises(Refused) as refused:
        upload(engine_, wang)
    assert refused.value.code == "TOO_MANY_FILES"
    assert len(stored(engine_)) == 3
    with engine_.store.transaction() as connection:
        old = START - keeping.WAITS - timedelta(seconds=1)
        connection.execute(update(attachment).where(attachment.c.id == first.id).values(uploaded_at=old))
    upload(engine_, wang)
    assert first.stored_as not in stored(engine_)
    assert len(stored(engine_)) == 3


def test_a_lost_file_is_said_so(engine_: Engine) -> None:
    item = upload(engine_, account(engine_, "wang"))
    storage(engine_.settings.attachments_url).delete(item.stored_as)
    with pytest.raises(NotFound) as refused:
        attachments.open_(engine_, item)
    assert refused.value.code == "FILE_LOST"


def test_the_folder_takes_only_its_own_keys(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for key in ("", "../../etc/passwd", "a" * 31, "A" * 40, "a/" * 20):
        with pytest.raises(ValueError, match="key"):
            folder.open(key)


def test_a_stopped_write_leaves_no_file(tmp_path: Path) -> None:
    class Breaking(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise OSError("the connection is gone")

    folder = Folder(tmp_path)
    with pytest.raises(OSError, match="gone"):
        folder.put("a" * 40, Breaking())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("url", ["s3://bucket", "https://example.org"])
def test_other_stores_are_refused_in_words(url: str) -> None:
    with pytest.raises(Refused) as refused:
        storage(url)
    assert refused.value.code == "SETTING_INVALID"


def test_described_leaves_out_what_is_not_there(engine_: Engine) -> None:
    item = upload(engine_, account(engine_, "wang"))
    with engine_.store.snapshot() as connection:
        assert attachments.described(connection, [item.id, "nothing"]) == {item.id: item}


def test_only_the_own_file_can_be_used(engine_: Engine) -> None:
    wang, li = account(engine_, "wang"), account(engine_, "li")
    item = upload(engine_, wang)
    with engine_.store.snapshot() as connection:
        mine = attachments.usable(connection, [item.id, "nothing"], instance_id="i", actor=wang)
        other = attachments.usable(connection, [item.id], instance_id="i", actor=li)
    assert mine[item.id] is None
    assert mine["nothing"] is not None
    assert other[item.id] is not None
