"""Documents as PDF over the web: who may download what, and when."""

from __future__ import annotations

from datetime import date

from flask import Flask
from sqlalchemy import update

from processes.register.certificates import certificate
from processes.register.committee_tables import review_meeting
from processes.register.notice_tables import publicity_notice
from tests.process.province import Province
from tests.process.test_s01_whole_path import confirm, publish_result, to_the_queue, vote
from tests.web.pages.test_own import app, enter, loaded, province  # noqa: F401  fixtures


def got(app: Flask, username: str, path: str) -> tuple[int, str]:  # noqa: F811
    answer = enter(app, username).client.get(path)
    return answer.status_code, answer.content_type if answer.status_code == 200 else ""


PDF = (200, "application/pdf")
NOT_FOUND = (404, "")


def test_who_may_download_what(app: Flask, province: Province) -> None:  # noqa: F811
    case = to_the_queue(province)
    meeting = vote(province, {case: (21, 17, 3, 1)})
    publish_result(province, meeting)
    (held,) = province.rows(review_meeting)
    sheet = f"/meetings/{held['id']}/sheet.pdf"
    assert [got(app, who, sheet) for who in ("committee_office", "chair", "vice_chair", "supervisor")] == [PDF] * 4
    assert [got(app, who, sheet) for who in ("c-001", "hr-u01", "expert-01", "admin", "inspector")] == [NOT_FOUND] * 5

    rows = province.rows(publicity_notice)
    result = next(row["id"] for row in rows if row["kind"] == "result")
    unit = next(row["id"] for row in rows if row["kind"] == "recommendation")
    assert got(app, "committee_office", f"/notices/{result}/notice.pdf") == PDF
    assert got(app, "hr-u01", f"/notices/{unit}/notice.pdf") == PDF
    for who, which in (("hr-u01", result), ("hr-u02", unit), ("c-001", result), ("supervisor", unit)):
        assert got(app, who, f"/notices/{which}/notice.pdf") == NOT_FOUND

    confirm(province, case)
    (made,) = province.rows(certificate)
    path = f"/certificates/{made['no']}/certificate.pdf"
    assert path in enter(app, "c-001").client.get("/me").text
    assert [got(app, who, path) for who in ("c-001", "committee_office")] == [PDF] * 2
    assert [got(app, who, path) for who in ("c-002", "hr-u01", "chair", "admin")] == [NOT_FOUND] * 4
    with province.engine.store.transaction() as connection:
        revoked = {"status": "revoked", "revoked_on": date(2026, 12, 15)}
        connection.execute(update(certificate).values(**revoked))
    assert got(app, "c-001", path) == PDF  # with the mark that it is revoked


def test_no_sheet_before_the_result_is_announced(app: Flask, province: Province) -> None:  # noqa: F811
    case = to_the_queue(province)
    vote(province, {case: (21, 17, 3, 1)})
    (held,) = province.rows(review_meeting)
    with province.engine.store.transaction() as connection:
        open_again = {"status": "counting", "announced_by": None, "announced_at": None, "announced_as": None}
        unsigned = dict.fromkeys(("minutes", "minutes_by", "minutes_at", "supervised_by", "supervised_at"))
        connection.execute(update(review_meeting).values(**open_again, **unsigned, sheet_hash=None, sealed_at=None))
    assert got(app, "committee_office", f"/meetings/{held['id']}/sheet.pdf") == NOT_FOUND
