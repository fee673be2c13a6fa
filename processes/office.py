"""What this office hands to the engine: the only place that knows all families."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from engine.registry import Protected, Registry
from forms.i18n import T, Text
from processes.appointment.handlers import HANDLERS as APPOINTMENT
from processes.candidate.handlers import HANDLERS as CANDIDATE
from processes.certificate.handlers import HANDLERS as CERTIFICATE
from processes.committee.handlers import HANDLERS as COMMITTEE
from processes.functions import FUNCTIONS
from processes.integrity.handlers import HANDLERS as INTEGRITY
from processes.plan import CLAUSES
from processes.policy.commands import AUTHORITIES
from processes.publicity.handlers import HANDLERS as PUBLICITY
from processes.register import ballots, documents
from processes.rollout.handlers import HANDLERS as ROLLOUT
from processes.scenes import SCENES
from processes.terms import TERMS

ROOT = Path(__file__).resolve().parent
FAMILIES = ("candidate", "publicity", "committee", "certificate", "appointment", "integrity", "rollout")
SHIPPED = (*(ROOT / family for family in FAMILIES), ROOT.parent / "forms")

GROUPS: Mapping[str, Text] = {
    "admin": T("系统管理员"),
    "process_owner": T("流程负责人"),
    "manager": T("管理者"),
    "inspector": T("检查人员"),
    "candidate": T("申报人"),
    "unit_hr": T("单位人事"),
    "unit_panel": T("单位考核推荐小组"),
    "unit_leader": T("单位负责人"),
    "unit_supervisor": T("单位纪检监督"),
    "local_authority": T("属地主管部门"),
    "committee_office": T("评审办事机构"),
    "archives_bureau": T("省档案局"),
    "provincial_hrss": T("省人力资源社会保障厅"),
    "chair": T("主任委员"),
    "vice_chair": T("副主任委员"),
    "supervisor": T("监督员"),
    "investigator": T("调查人员"),
    "expert": T("评审专家"),
    "system": T("系统"),
}

# Their members act for the whole office; those of the others for one unit, one region or themselves.
EVERYWHERE = frozenset(
    [
        "admin",
        "process_owner",
        "manager",
        "inspector",
        "committee_office",
        "archives_bureau",
        "provincial_hrss",
        "investigator",
    ]
)

# Whose service a topic is: no other diagram calls it, whoever brings one.
OWNERS: Mapping[str, tuple[str, ...]] = {
    "application": (
        "P04_candidate_title_review",
        "P05_unit_recommendation",
        "P08_material_review",
        "P09_representative_work_audit",
    ),
    "recommendation": ("P05_unit_recommendation",),
    "quota": ("P05_unit_recommendation",),
    "publicity": ("P06_publicity_window",),
    "objection": ("P07_objection_investigation",),
    "committee": ("P10_committee_formation_filing", "P11_expert_draw", "P12_review_meeting_vote"),
    "certificate": ("P13_confirmation_certificate",),
    "appointment": ("P14_appointment",),
    "sanction": ("P16_integrity_sanction",),
    "recheck": ("P17_recheck",),
    "rollout": (
        "P01_reform_rollout",
        "P02_phase_task_region",
        "P03_post_quota_verification",
        "P18_summary_report",
        "P23_deadline_watch",
    ),
}

# What is decided by these tables stands in policy documents: changing one takes a document and both authorities.
RULE_TABLES = frozenset(
    {
        "D01_scope",
        "D02_education_years",
        "D03_conduct",
        "D04_channel",
        "D05_quota",
        "D06_evaluation_modes",
        "D08_vote_result",
        "D09_recusal_ground",
        "D14_post_grade",
        "D16_escalation",
    }
)

# Votes, results, public notices and certificates: no repair of a single case moves past them or writes what they say.
PROTECTED = Protected(
    processes=frozenset({"P12_review_meeting_vote"}),
    topics=frozenset(
        {
            "application.ballot",
            "application.result_public",
            "application.publicity",
            "certificate.check_result",
            "certificate.confirm",
            "certificate.issue",
            "committee.ask_void",
            "committee.announce",
            "committee.blank_counts",
            "committee.case_quorum",
            "committee.collect",
            "committee.count_ballots",
            "committee.defer_case",
            "committee.enter_counts",
            "committee.issue_tokens",
            "committee.load_counts",
            "committee.record_result",
            "committee.recount",
            "committee.seal",
            "committee.sign_minutes",
            "committee.take_up_case",
            "committee.void_round",
            "publicity.close_notice",
            "publicity.publish_notice",
            "publicity.settle_items",
            "recheck.answer",
        }
    ),
    decisions=frozenset({"D08_vote_result"}),
    messages=frozenset({"ballot_result", "ballots_complete", "publicity_closed", "result_published"}),
    variables=frozenset(
        {
            "anyone_passed",
            "application_id",  # whose case it is: with another's it would come by another's vote and certificate
            "attended",
            "ballot_mode",
            "ballot_result",
            "candidate_account",
            "certificate_no",
            "closes_at",
            "committee_size",
            "counts",
            "eligible",
            "least_workdays",
            "meeting_date",
            "meeting_id",
            "min_workdays",
            "notice_approved",
            "notice_id",
            "present",
            "publicity_outcome",
            "quorum_needed",
            "quorum_reached",
            "reasons",
            "recheck_outcome",
            "result_published_at",
            "results",
            "round_id",
            "sanction_outcome",
            "vote",
            "window_closed",
            "yes",
        }
    ),
)


# The variables that handlers and commands bring when they start one of these processes.
STARTS = {
    "P03_post_quota_verification": frozenset({"stream_id", "unit_code", "unit_name", "region_code"}),
    "P07_objection_investigation": frozenset({"objection_id", "opened_by"}),
    "P16_integrity_sanction": frozenset({"application_id"}),
}
# And with their messages, where no diagram sends the same ones.
SENDS = {
    "notice_recall_requested": frozenset({"recall_request"}),
    "result_published": frozenset({"result_published_at"}),
    "publicity_closed": frozenset({"publicity_outcome", "notice_id"}),
    "ballot_result": frozenset({"ballot_result", "meeting_id", "meeting_date"}),
    "investigation_extended": frozenset({"investigate_due"}),
}


def registry() -> Registry:
    """All handlers, FEEL functions, groups and shipped files of this office."""
    made = Registry(functions={function.name: function for function in FUNCTIONS}, groups=dict(GROUPS), shipped=SHIPPED)
    made.starts, made.sends = STARTS, SENDS
    made.terms = TERMS
    made.everywhere = EVERYWHERE
    made.overseers = AUTHORITIES
    made.invariants = (ballots.broken,)
    made.scenes = SCENES
    made.rule_tables = RULE_TABLES
    made.rule_signers = tuple(sorted(AUTHORITIES))
    made.policy_document = documents.is_published
    made.protected = PROTECTED
    made.clauses = {number: clause.title for number, clause in CLAUSES.items()}
    for handlers in (CANDIDATE, PUBLICITY, COMMITTEE, CERTIFICATE, APPOINTMENT, INTEGRITY, ROLLOUT):
        made.add_handlers(
            replace(handler, processes=frozenset(OWNERS[handler.topic.partition(".")[0]])) for handler in handlers
        )
    return made
