"""A publicity notice for the board in the hall: what was published, until when, where to object, and the digest of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from processes.documents.typeset import pdf


@dataclass(frozen=True)
class NoticePaper:
    """All words in Chinese. `heads` and each of `rows` have the same length; a row is one item in the order of the notice.
    `publisher` may be empty; `content_hash` is the SHA-256 that the register keeps of the published content."""

    title: str
    body: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    opens: str
    closes: str
    workdays: int
    contact_phone: str
    contact_email: str
    publisher: str
    published_on: str
    content_hash: str
    address: str = ""  # of the notice's page, where it has a public one


def notice(paper: NoticePaper) -> bytes:
    """A4, upright, as many pages as the items need; the head of the table stands on each."""
    return pdf("notice", asdict(paper))
