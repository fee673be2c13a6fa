"""Documents as PDF: the certificate, a meeting's result sheet, a notice for the board. Always in Chinese, as they are filed.

What they say is read first and set afterwards: no transaction is open while a page is made.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, url_for
from flask.typing import ResponseReturnValue

from engine.clock import local
from engine.errors import NotFound
from engine.policy import Candidate, matches
from forms.i18n import T, Text, use
from processes.certificate.queries import CertificateDocument
from processes.committee.queries import ResultSheet
from processes.committee.room import RoundShown, SheetLine
from processes.dates import day, instant
from processes.documents.certificate import CertificatePaper, certificate
from processes.documents.notice import NoticePaper, notice
from processes.documents.result_sheet import SheetPaper, SheetRow, VoidRow, result_sheet
from processes.publicity.queries import NoticeShown, NoticeView
from processes.register.cases import title_words
from web.pages.desk import ask, me
from web.pages.notices import head, rows_of
from web.security import login_required

blueprint = Blueprint("document", __name__)

SHEET_FOR = frozenset({"committee_office", "chair", "vice_chair", "supervisor"})
RESULT: dict[str, Text] = {
    "passed": T("通过"),
    "failed": T("未通过"),
    "no_quorum": T("出席不足，留待下次会议"),
    "deferred": T("留待下次会议"),
}
NO_RESULT = T("未表决")


@blueprint.get("/certificates/<no>/certificate.pdf", endpoint="certificate")
@login_required
def certificate_file(no: str) -> ResponseReturnValue:
    """For the holder and the committee office."""
    found = ask(CertificateDocument(no, me()))
    with use("zh"):
        paper = CertificatePaper(
            no=found.no,
            code=found.code,
            name=found.name,
            title=title_words(found.title),
            effective_on=day(found.effective_on),
            issued_on=day(found.issued_on),
            committee=found.committee,
            confirmation=f"{found.doc_no}（{day(found.confirmed_on)}）",
            verify_address=url_for("certificate.show", no=found.no, code=found.code, _external=True),
            revoked_on=day(found.revoked_on) if found.revoked_on else "",
            suspended=found.status == "suspended",
        )
    return _download(certificate(paper), f"certificate-{found.no}.pdf")


@blueprint.get("/meetings/<meeting_id>/sheet.pdf", endpoint="sheet")
@login_required
def sheet_file(meeting_id: str) -> ResponseReturnValue:
    """Once the result has been announced, for the office, who presides and the supervisor."""
    actor = me()
    if actor.groups.isdisjoint(SHEET_FOR):
        raise NotFound(T("没有这份评审结果表。"))
    found = ask(ResultSheet(meeting_id, actor))
    if found.announced_at is None:
        raise NotFound(T("结果还没有宣布。"))
    with use("zh"):
        paper = SheetPaper(
            committee=found.committee_name,
            held_on=day(found.held_on),
            place=found.place,
            size=found.size,
            present=found.attended,
            rows=[_sheet_row(line) for line in found.cases],
            voids=[
                VoidRow(line.number, line.name, one.round_no, one.void_reason or "")
                for line in found.cases
                for one in line.rounds
                if one.void
            ],
            recusal_counts_present=found.recusal_counts_present,
            signed_by_chair=found.announced_as or "",
            announced_at=instant(found.announced_at),
            recorded_by=found.minutes_by or "",
            supervised_by=found.supervised_by or "",
            sheet_hash=found.sheet_hash or "",
        )
    return _download(result_sheet(paper), f"result-sheet-{found.held_on:%Y%m%d}.pdf")


def _sheet_row(line: SheetLine) -> SheetRow:
    standing = next((one for one in reversed(line.rounds) if not one.void), None)
    return SheetRow(
        number=line.number,
        name=line.name,
        unit=line.unit_name,
        target_title=title_words(line.target_title),
        **_counts(standing),
        result=str(RESULT[standing.result] if standing is not None and standing.result else NO_RESULT),
    )


def _counts(standing: RoundShown | None) -> dict[str, Any]:
    names = ("size", "present", "recused", "yes", "no", "abstain")
    counted = standing is not None and standing.result in ("passed", "failed")
    return {name: getattr(standing.counts, name) if standing is not None and counted else None for name in names}


@blueprint.get("/notices/<notice_id>/notice.pdf", endpoint="notice")
@login_required
def notice_file(notice_id: str) -> ResponseReturnValue:
    """For whoever publishes it: to be hung out. Raises NotFound for all others, who read the notice's page."""
    actor = me()
    found = ask(NoticeView(notice_id, actor))
    if not matches(actor, [Candidate("group", found.publisher_group, found.publisher_scope)]):
        raise NotFound(T("没有这份公示。"))
    with use("zh"):
        paper = _notice_paper(found)
    return _download(notice(paper), f"notice-{found.published_at:%Y%m%d}.pdf")


def _notice_paper(found: NoticeShown) -> NoticePaper:
    public = found.scope == "province"
    return NoticePaper(
        title=found.title,
        body=found.body,
        heads=head(found),
        rows=[row["cells"] for row in rows_of(found)],
        opens=instant(found.published_at),
        closes=instant(found.closes_at),
        workdays=found.min_workdays,
        contact_phone=found.contact_phone,
        contact_email=found.contact_email,
        publisher="",
        published_on=day(local(found.published_at).date()),
        content_hash=found.content_hash,
        address=url_for("notice.show", notice_id=found.id, _external=True) if public else "",
    )


def _download(content: bytes, name: str) -> Response:
    """`name`: ASCII, ending in .pdf."""
    response = Response(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response
