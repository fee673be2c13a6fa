"""One candidate's way: from the draft to the end, and every way out of it (P04, P05, P08, P09)."""

from __future__ import annotations

import pytest

from engine.errors import Invalid
from processes.demo.play import ASSOCIATE
from tests.process.province import Province


def test_the_whole_way_to_the_meeting(province: Province) -> None:
    case = province.queued()
    assert province.status(case) == "queued_for_meeting"
    assert province.posts("u01") == (3, 2, 1)
    assert province.open(case) == []
    assert "ballot_result" in [waiting.message for waiting in province.look(case).waiting]
    kept = province.look(case).variables
    assert not {"works", "education", "work_summary", "performance_items", "application_facts"} & kept.keys()


def test_what_the_form_brought_stands_in_the_register(province: Province) -> None:
    case = province.apply("c-001")
    row = province.application(case)
    assert (row["target_title"], row["track"], row["status"]) == (ASSOCIATE, "artisan", "unit_review")
    assert (row["eligible"], row["findings"]) == (True, [])
    assert row["basis"] == {"row_id": "E14", "relaxed_years": 0}
    assert row["submitted_at"] == province.now


def test_whose_application_it_is_says_the_account_not_the_client(province: Province) -> None:
    case = province.start(
        "P04_candidate_title_review",
        province.actor("c-001"),
        application_id="someone-else",
        candidate_account="c-002",
        unit_code="u02",
    )
    assert province.variable(case, "candidate_account") == "c-001"
    assert province.variable(case, "unit_code") == "u01"
    assert province.application(case)["person_id"] == province.person_id("c-001")


def test_a_second_application_in_the_year_is_refused(province: Province) -> None:
    province.open_case("c-001")
    province.refused("APPLICATION_EXISTS", province.open_case, "c-001")


def test_nobody_without_a_record_and_nobody_outside_the_window_applies(province: Province) -> None:
    province.until("2026-07-01T00:00:00")
    province.refused("CYCLE_CLOSED", province.open_case, "c-001")
    province.refused("FORBIDDEN", province.open_case, "hr-u01")


def test_a_draft_ends_with_the_window(province: Province) -> None:
    case = province.open_case("c-001")
    province.until("2026-06-30T23:59:59")
    assert province.open(case) == ["fill_application"]
    province.until("2026-07-01T00:00:00")
    assert province.closed(case)
    assert province.status(case) == "expired_draft"


def test_an_unsigned_application_ends_with_the_window(province: Province) -> None:
    """R-110: after the last day nothing can be submitted, so no pledge is left waiting that could never be signed."""
    case = province.open_case("c-001")
    province.fill(case, "c-001")
    province.until("2026-06-30T23:59:59")
    assert province.open(case) == ["sign_pledge"]
    province.until("2026-07-01T00:00:00")
    assert province.closed(case)
    assert province.status(case) == "expired_draft"


def test_without_the_pledge_nothing_is_submitted(province: Province) -> None:
    case = province.open_case("c-001")
    province.fill(case, "c-001")
    with pytest.raises(Invalid) as refusal:
        province.do(case, "sign_pledge", province.actor("c-001"), agree=False)
    assert list(refusal.value.errors) == ["agree"]
    assert province.status(case) == "draft"


def test_papers_and_languages_are_no_fields_of_the_form(province: Province) -> None:
    """R-04: what must not gate is not even asked for."""
    case = province.open_case("c-001")
    for forbidden in ("papers", "english", "computer", "hukou"):
        with pytest.raises(Invalid) as refusal:
            province.fill(case, "c-001", **{forbidden: "x"})
        assert list(refusal.value.errors) == [forbidden]


def test_a_confidential_work_keeps_no_file(province: Province) -> None:
    secret = {"kind": "research_report", "title": "内部报告", "confidential": True}
    case = province.apply("c-001", works=[secret])
    work = province.rows_of(case, "works")[0]
    assert (work["file"], work["confidential"]) == ([], True)


@pytest.mark.parametrize("returned", [1, 3])
def test_the_unit_sends_it_back_and_it_comes_again_filled_in(province: Province, returned: int) -> None:
    case = province.open_case("c-005")
    for _ in range(returned):
        province.fill(case, "c-005")
        province.pledge(case, "c-005")
        assert province.codes(case) == ["YEARS_PRIOR"]
        hr = province.actor("hr-u01")
        province.do(case, "confirm_ineligible", hr, human_decision="return", note="请核对任职时间。")
        shown = province.form(case, "fill_application", province.actor("c-005"))
        assert shown["works"][0]["title"] == "档案数字化作业规范"
        assert province.status(case) == "draft"
    province.fill(case, "c-005", target="archivist", prior_title="assistant_archivist", prior_title_date="2017-01-01")
    province.pledge(case, "c-005")
    assert province.open(case) == ["verify_materials"]


def test_the_unit_confirms_that_years_are_missing(province: Province) -> None:
    case = province.apply("c-005")
    assert province.reasons(case) == ["任现职称需满 5 年，实际 4 年。"]
    province.do(case, "confirm_ineligible", province.actor("hr-u01"), human_decision="confirm", note="属实。")
    assert province.closed(case)
    assert province.status(case) == "ineligible"
    assert province.application(case)["confirmed_by"] == "hr-u01"


@pytest.mark.parametrize(("ruling", "after"), [("eligible", "unit_review"), ("ineligible", "ineligible")])
def test_a_doubt_about_years_goes_to_the_local_authority(province: Province, ruling: str, after: str) -> None:
    case = province.apply("c-005")
    province.do(case, "confirm_ineligible", province.actor("hr-u01"), human_decision="refer", note="有文件。")
    region = province.actor("region-xining")
    values = {"ruling": ruling, "basis_doc": "演示〔2026〕1号", "reason": "依文件认定。"}
    province.do(case, "rule_on_doubt", region, basis_file=[province.attach(region)], **values)
    assert province.status(case) == after
    assert province.application(case)["eligible"] is (ruling == "eligible")


def test_nobody_refers_an_exclusion(province: Province) -> None:
    case = province.apply("c-023")
    hr = province.actor("hr-u06")
    province.refused(
        "NOT_RELEASABLE", province.do, case, "confirm_ineligible", hr, human_decision="refer", note="请认定。"
    )
    assert province.open(case) == ["confirm_ineligible"]


def test_materials_in_doubt_come_back_with_a_word_or_after_three_workdays(province: Province) -> None:
    case = province.apply("c-001")
    province.verify(case, authenticity="doubtful")
    province.do(case, "fix_materials", province.actor("c-001"), statement="补充了学位证书。")
    province.verify(case, authenticity="doubtful")
    assert province.open(case) == ["fix_materials"]
    province.until("2026-06-04T23:59:59")
    assert province.open(case) == ["fix_materials"]
    province.until("2026-06-05T00:00:00")
    assert province.open(case) == ["verify_materials"]


def test_the_panel_is_another_person_than_the_clerk(province: Province) -> None:
    case = province.apply("c-001")
    province.verify(case)
    assert province.tasks(case, province.actor("hr-u01")) == []
    assert [t.element_id for t in province.tasks(case, province.actor("panel-u01"))] == ["panel_assessment"]
    assert province.tasks(case, province.actor("panel-u02")) == []


def test_untrue_materials_end_it(province: Province) -> None:
    case = province.apply("c-001")
    province.verify(case, authenticity="untrue")
    assert province.closed(case)
    assert province.status(case) == "unit_not_recommended"


def test_who_fails_in_ethics_is_not_recommended(province: Province) -> None:
    case = province.apply("c-001")
    province.verify(case)
    province.assess(case, ethics="fail")
    assert province.closed(case)
    assert (province.status(case), province.posts("u01")) == ("unit_not_recommended", (3, 2, 0))


def test_the_leader_declines_and_the_post_is_free_again(province: Province) -> None:
    case = province.assessed()
    assert province.posts("u01") == (3, 2, 1)
    province.decide(case, decision="not_recommend")
    assert province.closed(case)
    assert (province.status(case), province.posts("u01")) == ("unit_not_recommended", (3, 2, 0))


def test_the_region_returns_it_to_the_unit_which_keeps_its_post(province: Province) -> None:
    case = province.assessed()
    province.decide(case)
    province.publish(case)
    province.close_notice(case)
    province.submit_recommendation(case)
    province.endorse(case, decision="return")
    assert province.open(case) == ["verify_materials"]
    province.recommended(case)
    assert province.open(case) == ["review_materials"]
    assert province.posts("u01") == (3, 2, 1)


def test_the_region_disagrees(province: Province) -> None:
    case = province.assessed()
    province.decide(case)
    province.publish(case)
    province.close_notice(case)
    province.submit_recommendation(case)
    province.endorse(case, decision="disagree")
    assert province.closed(case)
    assert (province.status(case), province.posts("u01")) == ("not_endorsed", (3, 2, 0))


@pytest.mark.parametrize(
    ("outcome", "status"), [("rejected", "material_rejected"), ("deemed_withdrawn", "deemed_withdrawn")]
)
def test_the_material_review_ends_it(province: Province, outcome: str, status: str) -> None:
    case = province.assessed()
    province.recommended(case)
    province.review(case, outcome)
    assert province.closed(case)
    assert (province.status(case), province.posts("u01")) == (status, (3, 2, 0))


def test_no_work_is_left_of_a_senior_case(province: Province) -> None:
    case = province.assessed()
    province.recommended(case)
    province.review(case)
    office = province.actor("committee_office")
    comment = "两件均与申报职称要求不符。"
    both = {"comment": comment, "outcome": "ok", "removed": ["1", "2"]}
    province.refused("AUDIT_MISMATCH", province.do, case, "audit_conclude", office, **both)
    province.audit(case, "failed")
    assert province.closed(case)
    assert (province.status(case), province.posts("u01")) == ("work_audit_failed", (3, 2, 0))


def test_an_audit_takes_one_work_away_and_goes_on(province: Province) -> None:
    case = province.assessed()
    province.recommended(case)
    province.review(case)
    values = {"comment": "第二件并非本人主要完成。", "outcome": "ok", "removed": ["2"]}
    province.do(case, "audit_conclude", province.actor("committee_office"), **values)
    assert [work["audit_result"] for work in province.rows_of(case, "works")] == ["ok", "removed"]
    assert province.status(case) == "queued_for_meeting"


@pytest.mark.parametrize(
    ("message", "ends"),
    [("candidate_withdrew", "withdrawn"), ("cycle_cancelled", "withdrawn")],
)
def test_a_case_is_taken_back_at_any_moment(province: Province, message: str, ends: str) -> None:
    case = province.assessed()
    assert province.posts("u01") == (3, 2, 1)
    province.tell(message, case)
    assert province.closed(case)
    assert (province.status(case), province.posts("u01")) == (ends, (3, 2, 0))


def test_who_only_is_said_to_have_left_goes_on(province: Province) -> None:
    """No owner ends a case by a message: the register has to know the new unit."""
    case = province.assessed()
    before = (province.open(case), province.status(case), province.posts("u01"))
    province.tell("unit_changed", case)
    assert (province.open(case), province.status(case), province.posts("u01")) == before


def test_who_leaves_the_unit_loses_its_recommendation(province: Province) -> None:
    case = province.queued()
    province.change_person("c-001", unit_code="u02")
    province.tell("unit_changed", case)
    assert (province.open(case), province.posts("u01")) == (["choose_path"], (3, 2, 0))
    province.do(case, "choose_path", province.actor("c-001"), understood=True)
    assert province.closed(case)
    assert province.status(case) == "withdrawn"


def test_who_changes_unit_before_the_recommendation_goes_on_in_the_new_one(province: Province) -> None:
    """The old unit's post is free, its tasks are gone, and the new unit begins with its own steps."""
    case = province.assessed()
    province.decide(case)
    province.publish(case)
    province.change_person("c-001", unit_code="u02")
    province.tell("unit_changed", case)
    assert (province.status(case), province.open(case)) == ("unit_review", ["verify_materials"])
    assert province.posts("u01") == (3, 2, 0)
    assert province.application(case)["unit_code"] == "u02"
    province.refused("NOT_FOUND", province.verify, case, "u01")
    province.verify(case, "u02")
    assert province.open(case) == ["panel_assessment"]


def test_a_draft_follows_its_author_to_the_new_unit(province: Province) -> None:
    case = province.open_case("c-001")
    province.change_person("c-001", unit_code="u02")
    province.tell("unit_changed", case)
    assert (province.status(case), province.open(case)) == ("draft", ["fill_application"])
    province.fill(case, "c-001")
    province.pledge(case, "c-001")
    assert province.application(case)["unit_code"] == "u02"


def test_who_changes_unit_after_the_vote_goes_on_and_is_appointed_where_they_work(province: Province) -> None:
    case = province.queued()
    province.until("2026-09-22T17:00:00")
    province.tell("ballot_result", case, ballot_result="passed")
    province.change_person("c-001", unit_code="u02")
    province.tell("unit_changed", case)
    assert (province.status(case), province.look(case).incidents) == ("voted_passed", ())
    province.tell("result_published", case)
    assert "await_publicity" in [active.element_id for active in province.look(case).active_elements]


def test_a_message_for_another_case_does_nothing_here(province: Province) -> None:
    mine, other = province.apply("c-001"), province.apply("c-004")
    province.tell("candidate_withdrew", other)
    assert province.status(mine) == "unit_review"
    assert province.status(other) == "withdrawn"
    assert province.open(mine) == ["verify_materials"]


def test_who_withdrew_may_apply_again_in_the_window(province: Province) -> None:
    case = province.apply("c-001")
    province.tell("candidate_withdrew", case)
    again = province.apply("c-001")
    assert province.open(again) == ["verify_materials"]
