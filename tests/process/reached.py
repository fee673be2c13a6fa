"""Where cases have got to before a test begins: voted on, in the public notice, clear, certified."""

from __future__ import annotations

from sqlalchemy import select

from processes.register.committee_tables import committee
from tests.process.stage import CHAIR, HRSS, OFFICE, OFFICE2, SUPERVISOR, Stage

WORDS = {
    "title": "2026 年度职称评审结果公示",
    "body": "现将评审结果予以公示，公示期内可以反映问题。",
    "contact_phone": "0971-6120000",
    "contact_email": "pingshen@example.cn",
}


def vote(stage: Stage, *counts: tuple[int, int, int, int]) -> str:
    """Hold the meeting of 2026-09-22 over all queued cases, 21 of 25 present; answers its instance, sealed."""
    stage.until("2026-09-21T09:00:00")
    with stage.engine.store.snapshot() as connection:
        committee_id = connection.execute(select(committee.c.id)).scalar_one()
    instance = stage.start("P12_review_meeting_vote", OFFICE)
    plan = {"committee_id": committee_id, "held_on": "2026-09-22", "place": "西宁演示会议中心", "mode": "onsite"}
    stage.do(instance, "plan_meeting", OFFICE, **plan)
    stage.until("2026-09-22T17:00:00")
    stage.do(instance, "check_in", OFFICE, attended=21)
    listed = stage.variable(instance, "candidates")
    given = counts or ((21, 17, 3, 1),) * len(listed)
    rows = [
        {"number": row["number"], "name": row["name"], "present": p, "yes": y, "no": n, "abstain": a}
        for row, (p, y, n, a) in zip(listed, given, strict=True)
    ]
    stage.do(instance, "enter_counts_first", OFFICE, counts=rows)
    stage.do(instance, "enter_counts_second", OFFICE2, counts=rows)
    stage.do(instance, "announce_and_sign", CHAIR, signature="演示主任", seal_file=[stage.attach(CHAIR)])
    stage.do(instance, "sign_minutes", OFFICE, discussion="逐一介绍、评议并表决。", signature="演示记录")
    stage.do(instance, "countersign_minutes", SUPERVISOR, signature="演示监督")
    return instance


def publish_result(stage: Stage, *counts: tuple[int, int, int, int]) -> str:
    """The result notice of that meeting, published 2026-09-28 16:00, open until 2026-10-10 24:00."""
    instance = vote(stage, *counts)
    stage.until("2026-09-28T16:00:00")
    stage.do(instance, "prepare_notice", OFFICE, **WORDS, min_workdays=5)
    stage.do(instance, "approve_notice", OFFICE2, decision="approve")
    return instance


def result_closed(stage: Stage, *counts: tuple[int, int, int, int]) -> str:
    instance = publish_result(stage, *counts)
    stage.until("2026-10-11T00:00:00")
    return instance


def certified(stage: Stage, number: int = 0) -> None:
    """One case confirmed 2026-10-19 and certified 2026-10-26, through P13."""
    stage.until("2026-10-19T10:00:00")
    instance = stage.start("P13_confirmation_certificate", application_id=stage.applications[number])
    stage.do(instance, "compile_confirmation_batch", OFFICE, matches_notice=True)
    stage.do(instance, "confirm_titles", HRSS, decision="approve", doc_no="青人社职〔2026〕9号", date="2026-10-19")
    stage.until("2026-10-26T09:00:00")
    stage.do(instance, "issue_certificate", OFFICE, identity_checked=True)
