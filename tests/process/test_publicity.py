"""P06 on the engine: prepared, approved by a second person, published, waited for, closed; every way it can go."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from engine.errors import Forbidden, Invalid, NotFound, Refused
from processes.openness.notices import PublicNoticeList
from processes.publicity.calendar_years import CalendarPreview
from processes.publicity.commands import ExtendNotice, ImportCalendar, RequestRecall
from processes.publicity.outages import Outages
from processes.publicity.queries import NoticeList, NoticeView
from processes.register.application_tables import application
from processes.register.notice_items import settle_item
from processes.register.notice_tables import get_notice, notice_window, publicity_item, publicity_notice
from processes.register.objection_holds import hold_items
from processes.register.policies import set_parameter
from tests.conftest import MakeEngine
from tests.process.sets import set_stage
from tests.process.stage import (
    ADMIN,
    HR,
    HR2,
    LEADER,
    OFFICE,
    OFFICE2,
    Stage,
    at,
    person,
)

TEXT = {
    "title": "2026 年度职称评审结果公示",
    "body": "现将评审结果予以公示，公示期内可以反映问题。",
    "contact_phone": "0971-6120000",
    "contact_email": "pingshen@example.cn",
}


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    return set_stage(database_url, make_engine, tmp_path, ("publicity",), 3)


def result_notice(stage: Stage, published: str, workdays: int = 5) -> str:
    """Publish a result notice over all cases at that instant; answers the process instance."""
    stage.until(published)
    instance = stage.start(
        "P06_publicity_window",
        notice_kind="result",
        notice_scope="province",
        publisher_group="committee_office",
        publisher_scope="province",
        item_application_ids=stage.applications,
    )
    stage.do(instance, "prepare_notice", OFFICE, **TEXT, min_workdays=workdays)
    stage.do(instance, "approve_notice", OFFICE2, decision="approve")
    return instance


def notice(stage: Stage, instance: str) -> dict[str, Any]:
    return stage.rows(publicity_notice, publicity_notice.c.id == stage.variable(instance, "notice_id"))[0]


@pytest.mark.parametrize(
    ("published", "closes"),
    [
        ("2026-09-28T10:00:00", "2026-10-11T00:00:00"),
        ("2026-07-06T10:00:00", "2026-07-14T00:00:00"),
        ("2026-09-28T16:00:00", "2026-10-11T00:00:00"),
        ("2026-11-02T09:00:00", "2026-11-10T00:00:00"),
    ],
)
def test_a_notice_waits_its_working_days_and_closes_on_the_instant(stage: Stage, published: str, closes: str) -> None:
    instance = result_notice(stage, published)
    assert notice(stage, instance)["closes_at"] == at(closes)
    assert [timer.due_at for timer in stage.look(instance).timers] == [at(closes)]
    stage.until(closes)
    closed = notice(stage, instance)
    assert (closed["status"], closed["closed_effective_at"], closed["closed_at"]) == ("closed", at(closes), at(closes))
    assert stage.ended(instance) == "notice_done"
    assert stage.variable(instance, "publicity_outcome") == "clear"


def test_one_second_before_the_end_it_is_still_open(stage: Stage) -> None:
    instance = result_notice(stage, "2026-09-28T10:00:00")
    stage.until("2026-10-10T23:59:59")
    assert notice(stage, instance)["status"] == "published"
    assert stage.ended(instance) is None


def test_what_is_published_is_what_was_approved_and_nothing_more(stage: Stage) -> None:
    instance = result_notice(stage, "2026-09-28T10:00:00")
    kept = notice(stage, instance)
    assert len(kept["content_hash"]) == 64
    assert (kept["prepared_by"], kept["approved_by"]) == (OFFICE.username, OFFICE2.username)
    shown = [item["shown"] for item in stage.rows(publicity_item)]
    assert {key for item in shown for key in item} == {
        "name",
        "unit",
        "current_title",
        "target_title",
        "channel",
        "works",
    }
    assert shown[0]["name"] == "演示001"
    statuses = {row["status"] for row in stage.rows(application)}
    assert statuses == {"result_publicity"}
    assert {row["result_public_at"] for row in stage.rows(application)} == {at("2026-09-28T10:00:00")}


def test_who_prepared_may_not_approve(stage: Stage) -> None:
    instance = stage.start(
        "P06_publicity_window",
        notice_kind="result",
        notice_scope="province",
        publisher_group="committee_office",
        publisher_scope="province",
        item_application_ids=stage.applications,
    )
    stage.do(instance, "prepare_notice", OFFICE, **TEXT, min_workdays=5)
    with pytest.raises((Refused, Forbidden)):
        stage.do(instance, "approve_notice", OFFICE, decision="approve")
    assert stage.open(instance) == ["approve_notice"]


def test_four_working_days_are_too_few(stage: Stage) -> None:
    instance = stage.start(
        "P06_publicity_window",
        notice_kind="result",
        notice_scope="province",
        publisher_group="committee_office",
        publisher_scope="province",
        item_application_ids=stage.applications,
    )
    with pytest.raises(Invalid) as caught:
        stage.do(instance, "prepare_notice", OFFICE, **TEXT, min_workdays=4)
    assert "min_workdays" in caught.value.errors
    stage.do(instance, "prepare_notice", OFFICE, **TEXT, min_workdays=7)
    assert stage.open(instance) == ["approve_notice"]


@pytest.mark.parametrize("field", ["title", "body"])
@pytest.mark.parametrize("number", ["99000019880520001X", "13900001234"])
def test_a_number_of_a_person_is_not_published(stage: Stage, field: str, number: str) -> None:
    """R-150, S12d: whatever somebody types, no identity and no mobile number gets into a notice."""
    instance = stage.start(
        "P06_publicity_window",
        notice_kind="result",
        notice_scope="province",
        publisher_group="committee_office",
        publisher_scope="province",
        item_application_ids=stage.applications,
    )
    text = TEXT | {field: f"{TEXT[field]}（{number}）"}
    with pytest.raises(Refused) as caught:
        stage.do(instance, "prepare_notice", OFFICE, **text, min_workdays=5)
    assert caught.value.code == "PERSONAL_DATA"
    assert stage.open(instance) == ["prepare_notice"]


def test_a_returned_notice_keeps_its_words_and_says_why(stage: Stage) -> None:
    instance = stage.start(
        "P06_publicity_window",
        notice_kind="result",
        notice_scope="province",
        publisher_group="committee_office",
        publisher_scope="province",
        item_application_ids=stage.applications,
    )
    stage.do(instance, "prepare_notice", OFFICE, **TEXT, min_workdays=5)
    stage.do(instance, "approve_notice", OFFICE2, decision="return", note="请补充年度。")
    form = stage.form(instance, "prepare_notice", OFFICE)
    assert (form["title"], form["return_note"]) == (TEXT["title"], "请补充年度。")
    stage.do(instance, "prepare_notice", OFFICE, **{**TEXT, "title": "二〇二六年评审结果公示"}, min_workdays=5)
    stage.do(instance, "approve_notice", OFFICE2, decision="approve")
    assert notice(stage, instance)["title"] == "二〇二六年评审结果公示"


def test_a_units_notice_belongs_to_the_unit_and_needs_its_photo(stage: Stage) -> None:
    stage.until("2026-07-06T10:00:00")
    instance = stage.start(
        "P06_publicity_window",
        notice_kind="recommendation",
        notice_scope="unit",
        publisher_group="unit_hr",
        publisher_scope="unit:u01",
        application_id=stage.applications[0],
    )
    assert stage.tasks(instance, HR2) == []
    with pytest.raises(Invalid) as caught:
        stage.do(instance, "prepare_notice", HR, **TEXT, min_workdays=5)
    assert "board_photo" in caught.value.errors
    stage.do(instance, "prepare_notice", HR, **TEXT, min_workdays=5, board_photo=[stage.attach(HR)])
    stage.do(instance, "approve_notice", LEADER, decision="approve")
    stage.until("2026-07-14T00:00:00")
    assert stage.ended(instance) == "notice_done"
    assert stage.variable(instance, "publicity_outcome") == "clear"
    assert {row["status"] for row in stage.rows(application)} == {"queued_for_meeting"}


def test_an_extension_moves_the_close_and_both_ends_stay_known(stage: Stage) -> None:
    instance = result_notice(stage, "2026-09-28T16:00:00")
    notice_id = notice(stage, instance)["id"]
    stage.until("2026-10-09T09:00:00")
    answer = stage.engine.run(ExtendNotice(notice_id, at("2026-10-14T00:00:00"), "节日期间网站中断", OFFICE))
    assert answer == {"closes_at": "2026-10-14T00:00:00+08:00"}
    stage.until("2026-10-13T23:59:59")
    assert notice(stage, instance)["status"] == "published"
    stage.until("2026-10-14T00:00:00")
    assert notice(stage, instance)["closed_effective_at"] == at("2026-10-14T00:00:00")
    ends = stage.rows(notice_window)
    assert [(row["closes_at"], row["cause"]) for row in ends] == [
        (at("2026-10-11T00:00:00"), "published"),
        (at("2026-10-14T00:00:00"), "extended"),
    ]
    assert stage.ended(instance) == "notice_done"


def test_a_window_is_never_shortened_and_never_revived(stage: Stage) -> None:
    instance = result_notice(stage, "2026-09-28T16:00:00")
    notice_id = notice(stage, instance)["id"]
    with pytest.raises(Refused) as caught:
        stage.engine.run(ExtendNotice(notice_id, at("2026-10-10T00:00:00"), "提前", OFFICE))
    assert caught.value.code == "SHORTENED"
    with pytest.raises(Forbidden):
        stage.engine.run(ExtendNotice(notice_id, at("2026-10-20T00:00:00"), "不是发布人", HR))
    with pytest.raises(Invalid):
        stage.engine.run(ExtendNotice(notice_id, at("2026-10-20T00:00:00"), " ", OFFICE))
    stage.until("2026-10-11T00:00:00")
    with pytest.raises(Refused) as caught:
        stage.engine.run(ExtendNotice(notice_id, at("2026-10-20T00:00:00"), "迟了", OFFICE))
    assert caught.value.code == "WINDOW_CLOSED"
    assert len(stage.rows(notice_window)) == 1


def test_a_scheduler_that_slept_closes_once_with_effect_from_the_due_instant(stage: Stage) -> None:
    instance = result_notice(stage, "2026-09-28T16:00:00")
    stage.engine.clock.set(at("2026-10-11T02:00:00"))  # type: ignore[attr-defined]
    assert notice(stage, instance)["status"] == "published"
    stage.engine.work()
    stage.engine.work()
    closed = notice(stage, instance)
    assert closed["closed_effective_at"] == at("2026-10-11T00:00:00")
    assert closed["closed_at"] == at("2026-10-11T02:00:00")
    assert stage.ended(instance) == "notice_done"


def test_an_end_that_was_slept_through_is_listed_with_the_offer_of_a_day_more(stage: Stage) -> None:
    instance = result_notice(stage, "2026-09-28T16:00:00")
    stage.engine.clock.set(at("2026-10-11T02:00:00"))  # type: ignore[attr-defined]
    stage.engine.work()
    assert stage.ended(instance) == "notice_done"
    [slept] = stage.engine.ask(Outages(OFFICE))
    assert (slept.from_at, slept.to_at) == (at("2026-10-11T00:00:00"), at("2026-10-11T02:00:00"))
    [window] = slept.windows
    assert (window.closed, window.offered_until) == (True, at("2026-10-13T00:00:00"))
    assert stage.engine.ask(Outages(HR)) == []


def test_who_reads_which_notice(stage: Stage) -> None:
    open_instance = result_notice(stage, "2026-09-28T16:00:00")
    province = notice(stage, open_instance)["id"]
    inside = stage.start(
        "P06_publicity_window",
        notice_kind="recommendation",
        notice_scope="unit",
        publisher_group="unit_hr",
        publisher_scope="unit:u01",
        application_id=stage.applications[0],
    )
    unit = stage.variable(inside, "notice_id")
    for reader in (None, HR, OFFICE):
        with pytest.raises(NotFound):
            stage.engine.ask(NoticeView(unit, reader))
    stage.do(inside, "prepare_notice", HR, **TEXT, min_workdays=5, board_photo=[stage.attach(HR)])
    stage.do(inside, "approve_notice", LEADER, decision="approve")
    shown = stage.engine.ask(NoticeView(province))
    assert (shown.state, shown.closes_at, shown.ends) == ("open", at("2026-10-11T00:00:00"), ())
    assert set(shown.items[0]) == {"name", "unit", "current_title", "target_title", "channel", "works"}
    assert [n.id for n in stage.engine.ask(PublicNoticeList()).items] == [province]
    for reader, readable in (
        (person("c-002", "candidate"), [unit, province]),
        (person("anybody", "candidate"), [province]),
        (HR2, [province]),
        (HR, [unit, province]),
        (OFFICE, [unit, province]),
    ):
        assert {n.id for n in stage.engine.ask(NoticeList(reader)).items} == set(readable), reader.username
    assert [end.cause for end in stage.engine.ask(NoticeView(province, OFFICE2)).ends] == ["published"]
    with pytest.raises(NotFound):
        stage.engine.ask(NoticeView(unit, HR2))
    stage.until("2026-10-11T00:00:00")
    assert stage.engine.ask(NoticeView(province)).state == "closed"


def test_a_missing_year_stops_publishing_until_an_administrator_brings_it(stage: Stage) -> None:
    instance = result_notice(stage, "2026-12-28T10:00:00")
    assert stage.open(instance) == ["provide_calendar"]
    assert notice(stage, instance)["status"] == "draft"
    assert stage.look(instance).timers == ()
    assert stage.form(instance, "provide_calendar", ADMIN)["calendar_year"] == 2027
    stage.do(
        instance,
        "provide_calendar",
        ADMIN,
        rest_days=[{"day": "2027-01-01"}],
        work_days=[],
        source_doc="国务院办公厅关于2027年部分节假日安排的通知（测试）",
    )
    published = notice(stage, instance)
    assert published["closes_at"] == at("2027-01-06T00:00:00")
    assert published["calendar_version"] == 2


def test_a_corrected_calendar_moves_open_windows_later_but_never_earlier(stage: Stage) -> None:
    instance = result_notice(stage, "2026-12-28T10:00:00")
    stage.do(
        instance,
        "provide_calendar",
        ADMIN,
        rest_days=[{"day": "2027-01-01"}],
        work_days=[],
        source_doc="测试日历第二版",
    )
    longer = ImportCalendar(2027, [date(2027, 1, 1), date(2027, 1, 4)], [], "测试日历第三版", ADMIN)
    seen = stage.engine.ask(CalendarPreview(2027, longer.rest, longer.work, ADMIN))
    assert [(move.closes_at, move.shorter) for move in seen.moves] == [(at("2027-01-07T00:00:00"), False)]
    assert notice(stage, instance)["closes_at"] == at("2027-01-06T00:00:00"), "a preview changes nothing"
    assert stage.engine.run(longer) == {"version": 3, "shorter": []}
    assert notice(stage, instance)["closes_at"] == at("2027-01-07T00:00:00")
    (kept,) = stage.engine.ask(CalendarPreview(2027, [], [], ADMIN)).moves
    assert (kept.closes_now, kept.closes_at) == (at("2027-01-07T00:00:00"), at("2027-01-07T00:00:00"))
    assert (kept.computed, kept.shorter) == (at("2027-01-05T00:00:00"), True)
    shorter = stage.engine.run(ImportCalendar(2027, [], [], "测试日历第四版", ADMIN))
    assert shorter == {"version": 4, "shorter": [notice(stage, instance)["id"]]}
    assert notice(stage, instance)["closes_at"] == at("2027-01-07T00:00:00")
    ends = [(row["cause"], row["calendar_version"], row["closes_at"]) for row in stage.rows(notice_window)]
    assert ends == [
        ("published", 2, at("2027-01-06T00:00:00")),
        ("calendar", 3, at("2027-01-07T00:00:00")),
        ("calendar", 4, at("2027-01-07T00:00:00")),
    ]
    stage.until("2027-01-07T00:00:00")
    assert stage.ended(instance) == "notice_done"
    with pytest.raises(Forbidden):
        stage.engine.run(ImportCalendar(2028, [], [], "无权", OFFICE))
    with pytest.raises(Forbidden):
        stage.engine.ask(CalendarPreview(2028, [], [], OFFICE))


def test_a_recalled_notice_starts_over_with_a_full_window(stage: Stage) -> None:
    instance = result_notice(stage, "2026-09-28T16:00:00")
    first = notice(stage, instance)["id"]
    stage.until("2026-10-09T09:00:00")
    stage.engine.run(RequestRecall(first, "单位名称写错了", OFFICE2))
    stage.engine.work()
    assert stage.open(instance) == ["recall_notice"]
    stage.do(instance, "recall_notice", OFFICE, recall_decision="recall", recall_reason="单位名称有误，更正后重发")
    assert stage.rows(publicity_notice, publicity_notice.c.id == first)[0]["status"] == "recalled"
    form = stage.form(instance, "prepare_notice", OFFICE)
    assert form["title"] == TEXT["title"]
    stage.do(instance, "prepare_notice", OFFICE, **TEXT, min_workdays=5)
    stage.do(instance, "approve_notice", OFFICE2, decision="approve")
    assert notice(stage, instance)["closes_at"] == at("2026-10-16T00:00:00")
    stage.until("2026-10-16T00:00:00")
    assert stage.ended(instance) == "notice_done"


def test_a_recall_that_is_declined_lets_the_window_run(stage: Stage) -> None:
    instance = result_notice(stage, "2026-09-28T16:00:00")
    notice_id = notice(stage, instance)["id"]
    stage.engine.run(RequestRecall(notice_id, "似乎有误", OFFICE2))
    stage.engine.work()
    stage.until("2026-10-12T09:00:00")
    assert notice(stage, instance)["status"] == "published"
    stage.do(instance, "recall_notice", OFFICE, recall_decision="keep", recall_reason="核对无误，继续公示")
    assert notice(stage, instance)["closed_effective_at"] == at("2026-10-11T00:00:00")
    assert stage.ended(instance) == "notice_done"


def test_a_held_item_waits_alone(stage: Stage) -> None:
    instance = result_notice(stage, "2026-09-28T16:00:00")
    notice_id = notice(stage, instance)["id"]
    held = stage.applications[1]
    item_of = {row["application_id"]: row["id"] for row in stage.rows(publicity_item)}
    with stage.engine.store.transaction() as connection:
        row = get_notice(connection, notice_id)
        hold_items(connection, row, item_of[held], stage.now)
    stage.until("2026-10-11T00:00:00")
    outcomes = {row["application_id"]: row["outcome"] for row in stage.rows(publicity_item)}
    assert outcomes == {stage.applications[0]: "clear", held: None, stage.applications[2]: "clear"}
    assert stage.ended(instance) is None
    with stage.engine.store.transaction() as connection:
        settle_item(connection, notice_id, held, "upheld", stage.now)
    stage.hear("investigation_done", notice_id=notice_id)
    assert stage.ended(instance) == "notice_done"


def test_a_case_that_was_withdrawn_is_not_published(stage: Stage) -> None:
    with stage.engine.store.transaction() as connection:
        connection.execute(
            update(application).where(application.c.id == stage.applications[0]).values(status="withdrawn")
        )
    instance = result_notice(stage, "2026-09-28T16:00:00")
    assert [row["application_id"] for row in stage.rows(publicity_item)] == stage.applications[1:]
    stage.until("2026-10-11T00:00:00")
    assert stage.ended(instance) == "notice_done"


def test_the_parameters_in_force_count_the_days(stage: Stage) -> None:
    how = {"source_doc": "青人社发〔2026〕（演示）3号", "actor": "provincial_hrss", "now": stage.now}
    with stage.engine.store.transaction() as connection:
        set_parameter(connection, "publicity.first_day_counts", True, effective_from=stage.now, **how)
        set_parameter(connection, "publicity.close", "18:00", effective_from=stage.now, **how)
        set_parameter(connection, "publicity.result.min_workdays", 6, effective_from=stage.now, **how)
        set_parameter(connection, "publicity.not_before", "2026-09-28T00:00:00+08:00", effective_from=stage.now, **how)
    with pytest.raises(Invalid):
        result_notice(stage, "2026-09-25T10:00:00", workdays=5)
    with pytest.raises(Refused) as caught:
        result_notice(stage, "2026-09-27T10:00:00", workdays=6)
    assert caught.value.code == "TOO_EARLY"
    instance = result_notice(stage, "2026-09-28T10:00:00", workdays=6)
    assert notice(stage, instance)["closes_at"] == at("2026-10-10T18:00:00")


@pytest.mark.parametrize("kind", ["quota", "works", "appointment"])
def test_every_kind_of_notice_takes_the_same_way(stage: Stage, kind: str) -> None:
    stage.until("2026-07-06T10:00:00")
    items = {} if kind == "quota" else {"application_id": stage.applications[0]}
    scope = {"notice_scope": "unit", "publisher_group": "unit_hr", "publisher_scope": "unit:u01"}
    instance = stage.start("P06_publicity_window", notice_kind=kind, **scope, **items)
    stage.do(instance, "prepare_notice", HR, **TEXT, min_workdays=5, board_photo=[stage.attach(HR)])
    stage.do(instance, "approve_notice", LEADER, decision="approve", opinion="已核对公示栏。")
    stage.until("2026-07-14T00:00:00")
    assert stage.ended(instance) == "notice_done"
    assert stage.variable(instance, "publicity_outcome") == "clear"
    assert stage.variable(instance, "opinion") is None
    assert len(stage.rows(publicity_item)) == len(items)
