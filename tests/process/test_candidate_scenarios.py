"""Acceptance scenarios of eligibility and posts: S13, S15, S16, S18, S19, played on the demo province."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from engine.commands.evaluate_decision import EvaluateDecision
from processes.register import people
from processes.register.applications import notice_item
from processes.rules.conduct import Period, penalty_until
from tests.process.province import QUOTA_PUBLIC, Province

SUBMITTED = "2026-06-20T09:00:00"


def confirm(province: Province, case: str, unit: str) -> None:
    """The human confirmation of a negative judgement."""
    hr = province.actor(f"hr-{unit}")
    province.do(case, "confirm_ineligible", hr, human_decision="confirm", note="经核实，确认。")


# -- S13: quota full, aid-Qinghai, separate mode, precondition ----------------------------------------------------------


def test_s13_a_full_quota_is_confirmed_by_a_person(province: Province) -> None:
    case = province.assessed("c-008", "u02")
    assert province.open(case) == ["confirm_quota_rejected"]
    hr = province.actor("hr-u02")
    assert province.form(case, "confirm_quota_rejected", hr)["vacant"] == 0
    province.do(case, "confirm_quota_rejected", hr, human_decision="confirm", note="空缺 0。")
    assert province.closed(case)
    assert (province.status(case), province.posts("u02")) == ("quota_rejected", (3, 3, 0))


def test_s13_a_corrected_count_is_read_again(province: Province) -> None:
    case = province.assessed("c-008", "u02")
    province.set_posts("u02", "deputy_senior", approved=4)
    hr = province.actor("hr-u02")
    province.do(case, "confirm_quota_rejected", hr, human_decision="recheck", note="台账已更正。")
    assert (province.open(case), province.posts("u02")) == (["decide_recommend"], (4, 3, 1))


def test_s13_aid_qinghai_passes_the_quota_gate_and_counts_nothing(province: Province) -> None:
    evidence = province.evidence("c-009")
    case = province.assessed("c-009", "u02", channel="aid_qinghai", channel_evidence=evidence)
    assert province.open(case) == ["decide_recommend"]
    assert province.application(case)["quota_exempt"] is True
    assert province.posts("u02") == (3, 3, 0)


def test_s13_aid_qinghai_is_not_exempt_from_years(province: Province) -> None:
    province.until(SUBMITTED)
    evidence = province.evidence("c-010")
    case = province.apply("c-010", channel="aid_qinghai", channel_evidence=evidence)
    assert (province.codes(case), province.reasons(case)) == (["YEARS_PRIOR"], ["任现职称需满 5 年，实际 4 年。"])
    confirm(province, case, "u02")
    assert province.status(case) == "ineligible"


def test_s13_an_aid_period_that_is_over_closes_the_channel(province: Province) -> None:
    province.until(SUBMITTED)
    evidence = province.evidence("c-011")
    case = province.apply("c-011", channel="aid_qinghai", channel_evidence=evidence)
    assert province.codes(case) == ["AID_ENDED"]
    province.do(case, "confirm_ineligible", province.actor("hr-u02"), human_decision="return", note="改为正常申报。")
    province.fill(case, "c-011", channel="normal")
    province.pledge(case, "c-011")
    province.verify(case, "u02")
    province.assess(case, "u02")
    assert province.open(case) == ["confirm_quota_rejected"]


def test_s13_a_unit_without_post_management_has_no_quota(province: Province) -> None:
    case = province.assessed("c-014", "u03", identity_status="enterprise")
    assert province.open(case) == ["decide_recommend"]
    assert province.application(case)["appointment_mode"] == "separate"


def test_s13_nobody_is_recommended_before_the_quota_notice_has_closed(province: Province) -> None:
    province.until(SUBMITTED)
    case = province.apply("c-016")
    province.verify(case, "u04")
    province.refused("QUOTA_NOT_PUBLISHED", province.assess, case, "u04")
    assert province.open(case) == ["panel_assessment"]


def test_s13_two_candidates_for_the_last_post(province: Province) -> None:
    first = province.assessed("c-012", "u02", target="archivist")
    second = province.assessed("c-013", "u02", target="archivist")
    assert (province.open(first), province.open(second)) == (["decide_recommend"], ["confirm_quota_rejected"])
    assert province.posts("u02", "intermediate") == (5, 4, 1)


def test_s13_two_candidates_at_the_same_moment(province: Province) -> None:
    """Whoever comes second finds the post taken: the row of posts is locked from its reading to its reservation."""
    province.until(QUOTA_PUBLIC)
    cases = [province.apply(candidate, "archivist") for candidate in ("c-012", "c-013")]
    for case in cases:
        province.verify(case, "u02")
    for username in ("panel-u02", "admin"):
        province.actor(username)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda case: province.assess(case, "u02"), cases))
    assert sorted(province.open(case)[0] for case in cases) == ["confirm_quota_rejected", "decide_recommend"]
    assert province.posts("u02", "intermediate") == (5, 4, 1)


# -- S15: scope -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("candidate", "unit", "declared", "code"),
    [
        ("c-001", "u01", "civil_servant", "CIVIL_SERVANT"),
        ("c-023", "u06", "public_institution", "CIVIL_SERVANT_LAW_UNIT"),
        ("c-001", "u01", "teacher", "TEACHER"),
        ("c-024", "u01", "public_institution", "RETIRED"),
        ("c-001", "u01", "retired", "RETIRED"),
    ],
)
def test_s15_who_is_out_of_scope(province: Province, candidate: str, unit: str, declared: str, code: str) -> None:
    province.until(SUBMITTED)
    case = province.apply(candidate, identity_status=declared)
    assert province.codes(case)[0] == code
    assert province.open(case) == ["confirm_ineligible"]
    confirm(province, case, unit)
    assert province.closed(case)
    assert province.status(case) == "ineligible"


def test_s15_retired_from_the_day_itself(province: Province) -> None:
    province.change_person("c-001", retired_on=date(2026, 6, 21))
    province.until(SUBMITTED)
    assert province.codes(province.apply("c-001")) == []
    province.change_person("c-004", retired_on=date(2026, 6, 20))
    assert province.codes(province.apply("c-004")) == ["RETIRED"]


def test_s15_who_is_not_employed(province: Province) -> None:
    province.change_person("c-001", employed_until=date(2026, 6, 19))
    province.until(SUBMITTED)
    assert province.codes(province.apply("c-001")) == ["NOT_EMPLOYED"]


@pytest.mark.parametrize(
    ("kind", "region", "declared"),
    [
        ("enterprise", "xining", "enterprise"),
        ("non_public", "xining", "non_public"),
        ("agency", "xining", "freelance"),
        ("other", "central", "enterprise"),
        ("public_institution", "provincial", "public_institution"),  # a college archive's staff who does not teach
        ("social_org", "haixi", "social_org"),
    ],
)
def test_s15_who_is_in_scope(province: Province, kind: str, region: str, declared: str) -> None:
    """Nobody is asked for a hukou (R-14): there is no such field, and region is the unit's."""
    province.add_unit("u90", kind=kind, region_code=region)
    province.change_person("c-001", unit_code="u90")
    province.until(SUBMITTED)
    case = province.apply("c-001", identity_status=declared)
    assert province.codes(case) == []
    assert province.variable(case, "region_code") == region


@pytest.mark.parametrize(("statement", "codes"), [(None, ["ASSESSMENTS"]), ("本单位不做年度考核。", [])])
def test_r22_a_unit_without_assessments_says_so(province: Province, statement: str | None, codes: list[str]) -> None:
    """Silence is no statement: without grades and without a word the assessments are missing."""
    province.until(SUBMITTED)
    said = {"no_assessment_statement": statement} if statement else {}
    case = province.apply("c-014", identity_status="enterprise", annual_assessments=[], **said)
    assert province.codes(case) == codes


def test_r150_a_notice_names_the_title_that_was_declared_and_checked(province: Province) -> None:
    """A title from another province stands in no record of ours yet."""
    province.until(SUBMITTED)
    case = province.apply("c-001")
    table = people.title_record
    with province.engine.store.transaction() as connection:
        connection.execute(table.delete().where(table.c.person_id == province.person_id("c-001")))
    with province.engine.store.snapshot() as connection:
        assert notice_item(connection, province.application(case)["id"]).current_title == "archivist"


def test_s15_a_freelancer_needs_an_agency(province: Province) -> None:
    province.until(SUBMITTED)
    assert province.codes(province.apply("c-001", identity_status="freelance")) == ["AGENCY_NEEDED"]


# -- S16: education and years ---------------------------------------------------------------------------------------------

ROWS = [
    (1, "archives_clerk", "junior_college", None, None, 1, "E01"),
    (2, "archives_clerk", "high_school_equiv", None, None, 0, None),
    (3, "assistant_archivist", "master", None, None, 0, "E03"),
    (5, "assistant_archivist", "junior_college", "archives_clerk", 2, 9, "E05"),
    (8, "archivist", "master", "assistant_archivist", 2, 9, "E08"),
    (10, "archivist", "bachelor", "assistant_archivist", 3, 9, None),
    (13, "associate_research_archivist", "bachelor", "archivist", 5, 9, "E14"),
    (14, "associate_research_archivist", "bachelor", "archivist", 4, 9, None),
    (15, "associate_research_archivist", "junior_college", "archivist", 16, 16, None),
]


@pytest.mark.parametrize(("row", "target", "education", "prior", "held", "work", "row_id"), ROWS)
def test_s16_the_table_alone(
    province: Province,
    row: int,
    target: str,
    education: str,
    prior: str | None,
    held: int | None,
    work: int,
    row_id: str | None,
) -> None:
    given: dict[str, Any] = {
        "target_title": target,
        "highest_education": education,
        "prior_title": prior,
        "years_prior": held,
        "years_archives": work,
    }
    answer = province.engine.run(EvaluateDecision("D02_education_years", province.actor("process_owner"), given))
    assert answer["result"] == {"eligible": row_id is not None, "row_id": row_id}


@pytest.mark.parametrize(
    ("prior", "since", "education", "target", "reason"),
    [
        (None, None, "junior_college", "archives_clerk", "从事档案工作需满 1 年，实际 0 年。"),
        ("assistant_archivist", "2023-01-01", "bachelor", "archivist", "任现职称需满 4 年，实际 3 年。"),
        ("archivist", "2022-01-01", "bachelor", "associate_research_archivist", "任现职称需满 5 年，实际 4 年。"),
        (
            "archivist",
            "2010-01-01",
            "junior_college",
            "associate_research_archivist",
            "以大专学历申报副研究馆员，没有按年限申报的途径。",
        ),
        ("archives_clerk", "2010-01-01", "bachelor", "archivist", "申报馆员须先取得助理馆员职称，现为管理员。"),
    ],
)
def test_s16_the_reason_names_what_is_missing(
    province: Province, prior: str | None, since: str | None, education: str, target: str, reason: str
) -> None:
    province.until(SUBMITTED)
    began = "2026-01-01" if prior is None else "2005-01-01"
    declared = {"prior_title": prior, "prior_title_date": since} if prior else {}
    case = province.apply(
        "c-001",
        target,
        education=[{"level": education, "school": "演示大学"}],
        archives_work_from=began,
        annual_assessments=[{"year": year, "grade": "qualified"} for year in range(2010, 2026)],
        **declared,
    )
    assert reason in province.reasons(case)


@pytest.mark.parametrize(("since", "eligible"), [("2021-12-31", True), ("2022-01-01", False)])
def test_s16_full_years_end_with_the_cutoff_day(province: Province, since: str, eligible: bool) -> None:
    province.until(SUBMITTED)
    grades = [{"year": year, "grade": "qualified"} for year in range(2021, 2026)]
    case = province.apply("c-001", prior_title="archivist", prior_title_date=since, annual_assessments=grades)
    assert ("YEARS_PRIOR" not in province.codes(case)) is eligible


# -- S18: conduct gates ---------------------------------------------------------------------------------------------------


def penalise(province: Province, candidate: str, kind: str, decided: date, until: date | None = None) -> None:
    period = Period(kind, decided, until or penalty_until(kind, decided))
    with province.engine.store.transaction() as connection:
        people.add_sanction(connection, province.person_id(candidate), period, now=province.now)


def test_s18_a_demerit_blocks_for_its_twelve_months(province: Province) -> None:
    province.until(SUBMITTED)
    case = province.apply("c-019")
    assert province.codes(case) == ["PENALTY"]
    assert province.reasons(case) == ["处分期至 2027-03-01（含当日），期内不得申报。"]


def test_s18_a_demerit_that_is_over_does_not_block(province: Province) -> None:
    penalise(province, "c-001", "demerit", date(2025, 3, 1))
    province.until(SUBMITTED)
    assert province.codes(province.apply("c-001")) == []


def test_s18_a_warning_alone_does_not_block(province: Province) -> None:
    province.until(SUBMITTED)
    assert province.codes(province.apply("c-020")) == []


@pytest.mark.parametrize(("submitted", "codes"), [("2026-06-20", ["INTEGRITY_BAR"]), ("2026-06-21", [])])
def test_s18_a_bar_holds_through_its_last_day(province: Province, submitted: str, codes: list[str]) -> None:
    province.until(f"{submitted}T09:00:00")
    assert province.codes(province.apply("c-021")) == codes


def test_s18_assessments_that_count(province: Province) -> None:
    """Four of five years count, and the year that is not assessed yet does not: 4 < 5."""
    province.set_policy("assessment_count_pending_year", False)
    province.until(SUBMITTED)
    short, enough = province.apply("c-022"), province.apply("c-001")
    assert province.codes(short) == ["ASSESSMENTS"]
    assert province.reasons(short) == ["年度考核合格以上需满 5 年，实际 4 年。"]
    assert province.codes(enough) == []


def test_s18_the_year_not_assessed_yet_counts_by_default(province: Province) -> None:
    province.until(SUBMITTED)
    assert province.codes(province.apply("c-022")) == []


# -- S19: special channels ------------------------------------------------------------------------------------------------


def test_s19_the_exceptional_channel_bypasses_years_for_senior_titles_alone(province: Province) -> None:
    province.until(SUBMITTED)
    evidence = province.evidence("c-005")
    case = province.apply("c-005", channel="exceptional", channel_evidence=evidence)
    assert province.codes(case) == []
    assert province.application(case)["interview_required"] is True
    evidence = province.evidence("c-002")
    other = province.apply("c-002", "archivist", channel="exceptional", channel_evidence=evidence)
    assert province.codes(other) == ["EXCEPTIONAL_NOT_SENIOR"]


@pytest.mark.parametrize(("candidate", "codes"), [("c-017", []), ("c-005", ["HARDSHIP_NOT_MET", "YEARS_PRIOR"])])
def test_s19_hardship_waives_a_year_in_yushu_and_not_in_xining(
    province: Province, candidate: str, codes: list[str]
) -> None:
    """The demo province waives one year; the shipped value is none."""
    province.until(SUBMITTED)
    evidence = province.evidence(candidate)
    case = province.apply(candidate, channel="hardship_grassroots", channel_evidence=evidence)
    assert province.codes(case) == codes
    assert province.application(case)["basis"]["relaxed_years"] == (1 if not codes else 0)
