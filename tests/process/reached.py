"""Where cases have got to before a test begins: voted on, in the public notice, clear, certified."""

from __future__ import annotations

from tests.process.sitting import convene
from tests.process.stage import HRSS, OFFICE, OFFICE2, Stage

WORDS = {
    "title": "2026 年度职称评审结果公示",
    "body": "现将评审结果予以公示，公示期内可以反映问题。",
    "contact_phone": "0971-6120000",
    "contact_email": "pingshen@example.cn",
}


def vote(stage: Stage, *counts: tuple[int, int, int]) -> str:
    """Hold the meeting of 2026-09-22 over all queued cases, 21 of 25 present; (yes, no, abstain) of each case, else 17, 3, 1.

    Answers its instance, sealed."""
    stage.until("2026-09-21T09:00:00")
    sitting = convene(stage)
    for one in counts or ((17, 3, 1),) * len(sitting.candidates):
        sitting.vote(*one)
    sitting.sign()
    return sitting.instance


def publish_result(stage: Stage, *counts: tuple[int, int, int]) -> str:
    """The result notice of that meeting, published 2026-09-28 16:00, open until 2026-10-10 24:00."""
    instance = vote(stage, *counts)
    stage.until("2026-09-28T16:00:00")
    stage.do(instance, "prepare_notice", OFFICE, **WORDS, min_workdays=5)
    stage.do(instance, "approve_notice", OFFICE2, decision="approve")
    return instance


def result_closed(stage: Stage, *counts: tuple[int, int, int]) -> str:
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
