"""A day at the office in verbs: what people fill in at each step, said once, for the demonstration and for the tests.

Whoever inherits says how a step is done (`do`), a process started, a file handed in. Times move with `until`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from engine.registry import Actor

REVIEW = "P04_candidate_title_review"
MEETING = "P12_review_meeting_vote"
ASSOCIATE = "associate_research_archivist"

WORKS: Sequence[dict[str, Any]] = (
    {"kind": "standard", "title": "档案数字化作业规范", "role": "第一起草人", "date": "2024-05-01", "abstract": "规范"},
    {"kind": "restoration", "title": "藏文木刻档案修复", "role": "主持", "date": "2025-03-01", "abstract": "修复"},
)
CHECKED = ["education", "title_certificate", "assessments", "performance", "works", "work_history"]
NOTICE = {
    "title": "职称评审有关公示",
    "body": "现将有关情况予以公示，如有异议请反映。",
    "min_workdays": 5,
    "contact_phone": "0971-6120001",
    "contact_email": "office@example.cn",
}


class OfficeDay(ABC):
    """The verbs. `case` and `meeting` are instance ids."""

    @property
    @abstractmethod
    def now(self) -> datetime: ...

    @abstractmethod
    def actor(self, username: str) -> Actor: ...

    @abstractmethod
    def start(self, key: str, actor: Actor, **variables: Any) -> str: ...

    @abstractmethod
    def do(self, instance_id: str, element: str, actor: Actor, **variables: Any) -> dict[str, Any]: ...

    @abstractmethod
    def form(self, instance_id: str, element: str, actor: Actor) -> dict[str, Any]: ...

    @abstractmethod
    def attach(self, actor: Actor, name: str = "照片.png") -> str: ...

    @abstractmethod
    def until(self, text: str) -> None: ...

    # the applicant

    def open_case(self, candidate: str) -> str:
        """Start an application as this candidate; answers the instance."""
        return self.start(REVIEW, self.actor(candidate))

    def fill(self, case: str, candidate: str, target: str = ASSOCIATE, **changed: Any) -> None:
        """Submit the form with what the register proposed, and a few honest answers."""
        shown = self.form(case, "fill_application", self.actor(candidate))
        names = ("education", "prior_title", "prior_title_date", "archives_work_from", "annual_assessments")
        values: dict[str, Any] = {name: shown.get(name) for name in names}
        if values["prior_title"]:
            since = int(values["prior_title_date"][:4])
            values["annual_assessments"] = [row for row in values["annual_assessments"] if row["year"] >= since]
        values |= {
            "target_title": target,
            "track": "artisan",
            "channel": "normal",
            "identity_status": "public_institution",
            "work_summary": "从事档案整理、数字化和修复工作。",
            "performance_items": [
                {"date": "2025-10-01", "what": "完成三万卷数字化", "role": "负责人", "effect": "可查"}
            ],
            "works": list(WORKS),
            "consent_pipl": True,
            **changed,
        }
        if target == "archives_clerk":
            values.pop("prior_title")
            values.pop("prior_title_date")
        elif not values["prior_title"]:
            values.pop("prior_title_date")
        self.do(case, "fill_application", self.actor(candidate), **values)

    def pledge(self, case: str, candidate: str) -> None:
        self.do(case, "sign_pledge", self.actor(candidate), agree=True)

    def apply(self, candidate: str, target: str = ASSOCIATE, **changed: Any) -> str:
        """From the start to the judgement; answers the instance."""
        case = self.open_case(candidate)
        self.fill(case, candidate, target, **changed)
        self.pledge(case, candidate)
        return case

    # the unit and its region

    def verify(self, case: str, unit: str = "u01", authenticity: str = "all_true") -> None:
        hr = self.actor(f"hr-{unit}")
        self.do(
            case, "verify_materials", hr, checked_items=list(CHECKED), authenticity=authenticity, handler_pledge=True
        )

    def assess(self, case: str, unit: str = "u01", ethics: str = "pass") -> None:
        values = {"ethics": ethics, "ability": 90, "performance": 92, "agree": 9, "against": 0, "abstain": 0, "rank": 1}
        self.do(case, "panel_assessment", self.actor(f"panel-{unit}"), opinion="一致同意推荐。", **values)

    def decide(self, case: str, unit: str = "u01", decision: str = "recommend") -> None:
        values = {"decision": decision, **({"reason": "本年度名额有限。"} if decision != "recommend" else {})}
        self.do(case, "decide_recommend", self.actor(f"leader-{unit}"), **values)

    def publish(self, case: str, unit: str = "u01") -> None:
        """Prepare and approve a notice inside the unit."""
        hr, leader = self.actor(f"hr-{unit}"), self.actor(f"leader-{unit}")
        words = {**NOTICE, "title": "申报推荐人选公示", "contact_email": "hr@example.cn"}
        self.do(case, "prepare_notice", hr, **words, board_photo=[self.attach(hr)])
        self.do(case, "approve_notice", leader, decision="approve")

    def submit_recommendation(self, case: str, unit: str = "u01") -> None:
        hr = self.actor(f"hr-{unit}")
        self.do(case, "submit_recommendation", hr, objection_summary="无", seal_file=[self.attach(hr)])

    def endorse(self, case: str, region: str = "xining", decision: str = "agree") -> None:
        values = {"decision": decision, **({"reason": "推荐程序须补正。"} if decision != "agree" else {})}
        self.do(case, "local_endorse", self.actor(f"region-{region}"), **values)

    # the committee's office

    def review(self, case: str, outcome: str = "accepted") -> None:
        office = self.actor("committee_office")
        reason = {"reason": "材料逾期未补或不符合条件。"} if outcome != "accepted" else {}
        checklist = [{"item": "education", "result": "ok"}]
        self.do(case, "review_materials", office, checklist=checklist, outcome=outcome, **reason)

    def audit(self, case: str, outcome: str = "ok") -> None:
        comment = "代表作真实，有行业领先水平和带动作用。"
        self.do(case, "audit_conclude", self.actor("committee_office"), comment=comment, outcome=outcome)

    def publish_result(self, meeting: str) -> None:
        """The office prepares the notice, a second member approves it."""
        words = {**NOTICE, "title": "档案系列高级职称评审结果公示"}
        self.do(meeting, "prepare_notice", self.actor("committee_office"), **words)
        self.do(meeting, "approve_notice", self.actor("committee_office2"), decision="approve")

    def confirm(self, case: str, doc_no: str, on: str) -> None:
        """Compile and confirm; the certificate is a step of its own."""
        office, hrss = self.actor("committee_office"), self.actor("provincial_hrss")
        self.do(case, "compile_confirmation_batch", office, matches_notice=True)
        self.do(case, "confirm_titles", hrss, decision="approve", doc_no=doc_no, date=on)

    def issue(self, case: str) -> None:
        self.do(case, "issue_certificate", self.actor("committee_office"), identity_checked=True)
