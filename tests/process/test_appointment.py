"""P14 on the engine: to the reserved post, through a competition, onto a special post, or waiting with the certificate."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from engine.errors import Invalid, NotFound, Refused
from processes.publicity.commands import ImportCalendar
from processes.register import units
from processes.register.application_tables import application
from processes.register.appointments import appointment, competition
from processes.register.certificates import certificate
from processes.register.notice_items import settle_item
from processes.register.notice_tables import publicity_notice
from tests.conftest import MakeEngine
from tests.process.reached import WORDS, certified, result_closed
from tests.process.sets import set_stage
from tests.process.stage import ADMIN, HR, HR2, LEADER, PANEL, XINING, Stage

CONTRACT = {"post_grade": 7, "contract_from": "2026-11-10", "contract_to": "2029-11-09", "use_special_post": False}


class Scene:
    """One certified case and the P14 instance that appoints it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.instance = stage.start(
            "P14_appointment",
            application_id=stage.applications[0],
            unit_code="u01",
            region_code="xining",
            target_title="associate_research_archivist",
        )

    def publish(self) -> None:
        """The appointee's notice, published 2026-11-02, open until 2026-11-09 24:00."""
        photo = [self.stage.attach(HR)]
        self.stage.do(self.instance, "prepare_notice", HR, **WORDS, min_workdays=5, board_photo=photo)
        self.stage.do(self.instance, "approve_notice", LEADER, decision="approve")

    def publish_and_close(self) -> None:
        self.publish()
        self.stage.until("2026-11-10T09:00:00")

    @property
    def posts(self) -> tuple[int, int, int, int]:
        row = self.stage.rows(units.post_quota, units.post_quota.c.unit_code == "u01")[0]
        return row["approved"], row["occupied"], row["reserved"], row["special_occupied"]

    @property
    def status(self) -> str:
        where = application.c.id == self.stage.applications[0]
        return str(self.stage.rows(application, where)[0]["status"])


def with_certificate(stage: Stage) -> None:
    result_closed(stage)
    certified(stage)
    stage.until("2026-11-02T09:00:00")


def with_certificate_and_reserved_post(stage: Stage) -> None:
    with stage.engine.store.transaction() as connection:
        quota = units.lock_quota(connection, "u01", 2026, "deputy_senior", stage.now)
        assert quota is not None
        units.reserve(connection, quota, stage.applications[0], stage.now)
    with_certificate(stage)


@pytest.fixture
def new_stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Any:
    families = ("publicity", "committee", "certificate", "appointment")

    def make(*, reserved: bool, **values: Any) -> Stage:
        then = with_certificate_and_reserved_post if reserved else with_certificate
        return set_stage(database_url, make_engine, tmp_path, families, 1, then=then, **values)

    return make


def test_to_the_reserved_post_without_a_competition(new_stage: Any) -> None:
    stage = new_stage(reserved=True)
    scene = Scene(stage)
    assert scene.posts == (3, 2, 1, 0)
    assert stage.open(scene.instance) == ["prepare_notice"]
    scene.publish()
    closes = stage.rows(publicity_notice, publicity_notice.c.kind == "appointment")[0]["closes_at"]
    assert closes.isoformat() == "2026-11-09T16:00:00+00:00"
    stage.until("2026-11-10T09:00:00")
    form = stage.form(scene.instance, "appoint", HR)
    assert [option["value"] for option in form["grade_options"]] == [5, 6, 7]
    stage.do(scene.instance, "appoint", HR, **CONTRACT)
    assert scene.posts == (3, 3, 0, 0)
    assert stage.tasks(scene.instance, HR2) == []
    stage.do(scene.instance, "file_appointment", XINING, filing_note="同意备案")
    assert stage.ended(scene.instance) == "appointed"
    kept = stage.rows(appointment)[0]
    assert (kept["post_grade"], kept["contract_to"], kept["filed_by"]) == (7, date(2029, 11, 9), XINING.username)
    assert scene.status == "appointed"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"contract_to": "2029-11-08"}, "CONTRACT_TOO_SHORT"),
        ({"contract_from": "2026-11-09", "contract_to": "2030-01-01"}, "CONTRACT_TOO_EARLY"),
    ],
)
def test_a_contract_against_the_rules_is_refused_and_no_post_is_taken(
    new_stage: Any, change: dict[str, Any], code: str
) -> None:
    scene = Scene(new_stage(reserved=True))
    scene.publish_and_close()
    with pytest.raises(Refused) as caught:
        scene.stage.do(scene.instance, "appoint", HR, **{**CONTRACT, **change})
    assert caught.value.code == code
    assert scene.posts == (3, 2, 1, 0)
    assert scene.stage.rows(appointment) == []


def test_a_special_post_is_not_offered_to_who_counts_in_the_quota(new_stage: Any) -> None:
    scene = Scene(new_stage(reserved=True))
    scene.publish_and_close()
    scene.stage.do(scene.instance, "appoint", HR, **{**CONTRACT, "use_special_post": True})
    assert scene.posts == (3, 3, 0, 0)
    assert scene.stage.rows(appointment)[0]["use_special_post"] is False


def test_a_special_post_without_verified_posts_is_refused_and_not_left_uncounted(new_stage: Any) -> None:
    stage = new_stage(reserved=False, quota_exempt=True, channel="aid_qinghai")
    scene = Scene(stage)
    stage.do(scene.instance, "competition_plan", HR, posts=1, plan="援青人员使用特设岗位聘用。", terms=3)
    stage.do(scene.instance, "qualification_check", HR, qualified=True)
    stage.do(scene.instance, "competition_evaluation", PANEL, ranking=1)
    scene.publish_and_close()
    with stage.engine.store.transaction() as connection:
        connection.execute(update(units.post_quota).values(year=2025))
    with pytest.raises(Refused) as caught:
        stage.do(scene.instance, "appoint", HR, **{**CONTRACT, "use_special_post": True})
    assert caught.value.code == "NO_QUOTA"
    assert stage.rows(appointment) == []


def test_a_remark_stays_with_its_own_step(new_stage: Any) -> None:
    stage = new_stage(reserved=False, post_managed=False)
    scene = Scene(stage)
    plan = {"posts": 1, "plan": "按竞聘方案择优聘用一人。", "terms": 3}
    stage.do(scene.instance, "competition_plan", HR, **plan, opinion="方案已征求意见。")
    assert stage.form(scene.instance, "qualification_check", HR).get("opinion") is None
    stage.do(scene.instance, "qualification_check", HR, qualified=True, opinion="材料齐全。")
    assert stage.form(scene.instance, "competition_evaluation", PANEL).get("opinion") is None


def test_only_the_grades_of_the_title_can_be_chosen(new_stage: Any) -> None:
    scene = Scene(new_stage(reserved=True))
    scene.publish_and_close()
    for grade in (4, 8):
        with pytest.raises(Invalid) as caught:
            scene.stage.do(scene.instance, "appoint", HR, **{**CONTRACT, "post_grade": grade})
        assert "post_grade" in caught.value.errors


def test_a_separate_unit_holds_a_competition(new_stage: Any) -> None:
    stage = new_stage(reserved=False, post_managed=False)
    scene = Scene(stage)
    assert stage.open(scene.instance) == ["competition_plan"]
    stage.do(scene.instance, "competition_plan", HR, posts=1, plan="按竞聘方案择优聘用一人。", terms=3)
    stage.do(scene.instance, "qualification_check", HR, qualified=True)
    stage.do(scene.instance, "competition_evaluation", PANEL, score=92, ranking=1)
    scene.publish_and_close()
    stage.do(scene.instance, "appoint", HR, **CONTRACT)
    stage.do(scene.instance, "file_appointment", XINING)
    assert stage.ended(scene.instance) == "appointed"
    assert stage.rows(competition)[0]["selected"] is True


@pytest.mark.parametrize("why", ["unqualified", "ranked_below"])
def test_who_is_not_chosen_keeps_the_certificate_and_is_looked_at_every_year(new_stage: Any, why: str) -> None:
    stage = new_stage(reserved=False, post_managed=False)
    scene = Scene(stage)
    stage.do(scene.instance, "competition_plan", HR, posts=1, plan="按竞聘方案择优聘用一人。", terms=3)
    if why == "unqualified":
        with pytest.raises(Invalid):
            stage.do(scene.instance, "qualification_check", HR, qualified=False)
        stage.do(scene.instance, "qualification_check", HR, qualified=False, qualification_note="不符合岗位条件")
    else:
        stage.do(scene.instance, "qualification_check", HR, qualified=True)
        stage.do(scene.instance, "competition_evaluation", PANEL, score=70, ranking=2)
    assert scene.status == "certified_not_appointed"
    assert stage.rows(certificate)[0]["status"] == "valid"
    assert [timer.element_id for timer in stage.look(scene.instance).timers] == ["year_passes"]
    for year in (2027, 2028):
        stage.engine.run(ImportCalendar(year, [], [], "测试日历", ADMIN))
    stage.until("2027-11-03T00:00:00")
    assert stage.open(scene.instance) == ["yearly_review"]
    stage.do(scene.instance, "yearly_review", HR, review_decision="wait")
    stage.until("2028-11-04T00:00:00")
    stage.do(scene.instance, "yearly_review", HR, review_decision="close")
    assert stage.ended(scene.instance) == "not_appointed"


def test_an_objection_upheld_frees_the_reserved_post(new_stage: Any) -> None:
    stage = new_stage(reserved=True)
    scene = Scene(stage)
    scene.publish()
    notice_id = stage.rows(publicity_notice, publicity_notice.c.kind == "appointment")[0]["id"]
    with stage.engine.store.transaction() as connection:
        settle_item(connection, notice_id, stage.applications[0], "upheld", stage.now)
    stage.until("2026-11-10T09:00:00")
    assert scene.status == "certified_not_appointed"
    assert scene.posts == (3, 2, 0, 0)


def test_an_exempt_person_takes_a_special_post_when_none_is_free(new_stage: Any) -> None:
    stage = new_stage(reserved=False, quota_exempt=True, channel="aid_qinghai")
    with stage.engine.store.transaction() as connection:
        connection.execute(update(units.post_quota).values(occupied=3))
    scene = Scene(stage)
    stage.do(scene.instance, "competition_plan", HR, posts=1, plan="援青人员使用特设岗位聘用。", terms=3)
    stage.do(scene.instance, "qualification_check", HR, qualified=True)
    stage.do(scene.instance, "competition_evaluation", PANEL, ranking=1)
    scene.publish_and_close()
    with pytest.raises(Refused) as caught:
        stage.do(scene.instance, "appoint", HR, **CONTRACT)
    assert caught.value.code == "NO_FREE_POST"
    stage.do(scene.instance, "appoint", HR, **{**CONTRACT, "use_special_post": True})
    assert scene.posts == (3, 3, 0, 1)


def test_nobody_of_another_unit_sees_the_task(new_stage: Any) -> None:
    scene = Scene(new_stage(reserved=True))
    with pytest.raises(NotFound):
        scene.stage.do(scene.instance, "prepare_notice", HR2, **WORDS, min_workdays=5, board_photo=[])
