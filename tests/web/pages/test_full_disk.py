"""A page on a full disk: what was typed stays on it, the file is refused at its field, and the next try goes through."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from io import BytesIO, FileIO
from pathlib import Path
from typing import TextIO, cast

import pytest
import structlog
from sqlalchemy import func, select

from engine.attachments.tables import attachment
from engine.engine import Engine
from engine.store import tables as t
from tests.web.pages.conftest import Browser
from web import logs

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(100_000)
REASON = "申请晋升副研究馆员，材料见附件。"


@contextmanager
def full(engine: Engine) -> Iterator[None]:
    """No file of this process may grow beyond a page; the database's log, to which every write is added, is empty."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with closing(sqlite3.connect(engine.store.url.database or "")) as raw:
        assert raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def rows(engine: Engine) -> tuple[int, int]:
    with engine.store.snapshot() as connection:
        return tuple(
            connection.execute(select(func.count()).select_from(each)).scalar_one() for each in (attachment, t.event)
        )


def test_a_form_is_not_lost_on_a_full_disk(
    browse: Callable[..., Browser], engine: Engine, started: str, task_of: Callable[[str, str], str]
) -> None:
    browser = browse("c-001")
    path = f"/tasks/{task_of(started, 'apply')}"
    browser.open(path)
    key = browser.hidden("_key")
    sent = {"reason": REASON, "_action": "submit", "_key": key, "_revision": browser.hidden("_revision")}
    before = rows(engine)
    with full(engine):
        for action in ("submit", "save"):
            browser.send(path, sent | {"_action": action})
            assert browser.status == 507
            assert REASON in browser.page
            assert "磁盘满了" in browser.page
            assert browser.hidden("_key") == key
        browser.send(path, sent | {"proof": (BytesIO(PICTURE), "证明.png")})
        assert REASON in browser.page
        assert "证明.png：服务器的磁盘满了" in browser.page
        assert rows(engine) == before
        assert not [each for each in Path(engine.settings.attachments_url).rglob("*") if each.is_file()]
        browser.open("/work")
        assert browser.status == 200
    browser.open(path)
    browser.send(path, sent)
    assert browser.status == 200
    assert rows(engine)[1] > before[1]


def test_a_log_without_room_costs_nobody_a_request() -> None:
    with Path("/dev/full").open("wb", buffering=0) as raw:
        logger = structlog.PrintLogger(cast(TextIO, logs._Lenient(cast(TextIO, Straight(raw)))))
        with pytest.raises(OSError, match="No space left"):
            raw.write(b"a line")
        logger.msg("a line")


class Straight:
    """Text that goes to a file at once."""

    def __init__(self, raw: FileIO) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        return self.raw.write(text.encode())

    def flush(self) -> None:
        self.raw.flush()
