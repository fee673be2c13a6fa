"""Handing in an objection without an account, for pages and programs alike: how fast, which files, which page.

A page carries a sealed mark: a random number, so that sending it twice is one objection, and when it was opened. Nothing in it
points at a person, and nothing of the browser is kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO, cast

import orjson
from werkzeug.datastructures import FileStorage

from engine import attachments
from engine.attachments.storage import storage
from engine.errors import Full, Invalid, Refused, TooMany
from engine.identity import pace
from engine.identity.crypto import Unreadable
from engine.identity.pace import Pace
from forms.i18n import T, Text
from processes.openness.evidence import SweepEvidence
from processes.publicity.objections import MOST_FILES, FileObjection, uploader
from web import security
from web.context import engine, wiring

BODY_LIMIT = MOST_FILES * 20 * 1024 * 1024 + 4 * 1024 * 1024  # five files of 20 MB and what is typed
PURPOSE = "objection page"
FILES_PURPOSE = "objection files"
QUICKEST = timedelta(seconds=2)  # no person reads the page and writes twenty characters in less
OLDEST = timedelta(days=30)

PER_ADDRESS = 5  # objections at once from one address; then waits of up to five minutes
PER_NOTICE = 60  # against one notice from everywhere; then waits of a few seconds, never more
NOTICE_WAIT = timedelta(seconds=8)
LAST_HOUR = timedelta(hours=1)  # before the end nobody waits for others: a flood must make nobody's objection late
FILES_PER_ADDRESS = 25


@dataclass(frozen=True)
class OpenPage:
    """What the sealed mark of a page says."""

    nonce: str
    opened_at: datetime  # real time


@dataclass(frozen=True)
class KeptFile:
    """A file that has arrived, though the rest was not in order yet."""

    id: str
    name: str
    size: int


def open_page(notice_id: str) -> str:
    """A fresh mark for a page about this notice."""
    content = {"nonce": secrets.token_urlsafe(24), "at": wiring().wall.now().isoformat()}
    return wiring().keyring.seal(orjson.dumps(content), purpose=PURPOSE, bound_to=notice_id)


def read_page(notice_id: str, mark: str) -> OpenPage | None:
    """None for a mark that is not ours, of another notice, or of last month."""
    try:
        content = orjson.loads(wiring().keyring.unseal(mark, purpose=PURPOSE, bound_to=notice_id))
    except (Unreadable, ValueError):
        return None
    opened_at = datetime.fromisoformat(content["at"])
    return None if wiring().wall.now() - opened_at > OLDEST else OpenPage(content["nonce"], opened_at)


def too_quick(page: OpenPage) -> bool:
    return wiring().wall.now() - page.opened_at < QUICKEST


def seal_files(nonce: str, files: Sequence[KeptFile]) -> str:
    content = orjson.dumps([[one.id, one.name, one.size] for one in files])
    return wiring().keyring.seal(content, purpose=FILES_PURPOSE, bound_to=nonce)


def kept_files(nonce: str, sealed: str) -> list[KeptFile]:
    """The files that came with an earlier sending of the same page; none for what is not ours."""
    if not sealed:
        return []
    try:
        content = orjson.loads(wiring().keyring.unseal(sealed, purpose=FILES_PURPOSE, bound_to=nonce))
    except (Unreadable, ValueError):
        return []
    return [KeptFile(*one) for one in content]


def take_files(
    nonce: str, sent: Iterable[FileStorage], already: Sequence[KeptFile] = ()
) -> tuple[list[KeptFile], list[Text]]:
    """Keep what can be kept: (all files now, what is wrong with each of the others). Raises TooMany."""
    kept = list(already)
    wrong: list[Text] = []
    files = [one for one in sent if one.filename]
    if not files:
        return kept, wrong
    paces = (Pace("evidence", caller(), FILES_PER_ADDRESS),)
    _may(paces)
    for one in files:
        name = (one.filename or "").replace("\\", "/").rpartition("/")[2][:120]
        if len(kept) >= MOST_FILES:
            wrong.append(T("“{name}”没有收下：证明材料最多 {n} 个文件。", name=name, n=MOST_FILES))
            continue
        try:
            item = attachments.upload(engine(), cast(BinaryIO, one.stream), name, actor=uploader(nonce))
        except Full as full:
            wrong.append(T("“{name}”没有收下：{why}", name=name, why=full.text))
            continue
        except Refused as refused:
            wrong.append(T("“{name}”没有收下，请另选：{why}", name=name, why=refused.text))
            continue
        kept.append(KeptFile(item.id, item.name, item.size))
    pace.count(engine(), paces, wiring().wall.now(), len(files))
    for stored_as in engine().run(SweepEvidence(engine().now())):
        storage(engine().settings.attachments_url).delete(stored_as)
    return kept, wrong


def check(notice_id: str, nonce: str, evidence: Sequence[str], typed: dict[str, Any]) -> dict[str, list[Text]]:
    """What is wrong with what was typed, by field."""
    try:
        FileObjection(notice_id=notice_id, nonce=nonce, evidence=tuple(evidence), **typed).check()
    except Invalid as invalid:
        return invalid.errors
    return {}


def file_objection(
    notice_id: str, until: datetime, nonce: str | None, evidence: Sequence[str], typed: dict[str, Any], once: Any = None
) -> Any:
    """Hand it in. `until`: before it an objection is in time. `typed`: item, grounds, text, real_name, name, phone.

    Answers `{"receipt_no", "timely"}`. Raises what `FileObjection` raises, and TooMany with the seconds to wait."""
    mine, everybody = Pace("objection", caller(), PER_ADDRESS), Pace("objection", notice_id, PER_NOTICE, NOTICE_WAIT)
    paces = (mine, everybody)
    _may((mine,) if timedelta(0) < until - engine().now() <= LAST_HOUR else paces)
    command = FileObjection(notice_id=notice_id, nonce=nonce, evidence=tuple(evidence), **typed)
    answer = engine().run(command, once)
    pace.count(engine(), paces, wiring().wall.now())
    return answer


def caller() -> str:
    """Who asks, as it may be kept for a quarter of an hour: without this installation's secret nobody finds the address
    again by trying them all, and so nobody who reads the database joins one to an objection by its time."""
    return wiring().keyring.sign(security.address().encode(), purpose="anonymous caller").hex()


def _may(paces: Sequence[Pace]) -> None:
    seconds = pace.wait(engine(), paces, wiring().wall.now())
    if seconds:
        raise TooMany(T("同一地址提交得太快，请在 {seconds} 秒后再提交。", seconds=seconds), retry_after=seconds)
