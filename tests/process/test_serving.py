"""Who was called to a meeting serves there only while they are an active expert in their term (R-65, R-69)."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select, update

from engine.errors import Refused
from processes.register import attendance, experts, meetings, recusals, rolls
from processes.register.application_tables import application
from processes.register.expert_tables import expert
from processes.rules.recusal import Ruling
from tests.conftest import MakeEngine
from tests.process.room import Hall, make_hall
from tests.process.stage import OFFICE


@pytest.fixture
def hall(database_url: str, make_engine: MakeEngine) -> Hall:
    return make_hall(database_url, make_engine, 1)


def test_an_expert_suspended_after_the_roll_was_called_is_not_checked_in(hall: Hall) -> None:
    with hall.stage.engine.store.transaction() as connection:
        experts.set_status(connection, hall.expert(3), "suspended")
    with pytest.raises(Refused) as caught:
        hall.do(attendance.check_in, hall.expert(3), by="office", now=hall.stage.now)
    assert caught.value.code == "NOT_SERVING"
    reserve = hall.ask(rolls.reserves)[0]["expert_id"]
    hall.do(rolls.replace_member, hall.expert(3), reserve, reason="原委员已停用", by="office", now=hall.stage.now)
    hall.do(attendance.check_in, reserve, by="office", now=hall.stage.now)
    assert hall.ask(attendance.present) == {reserve}


def test_a_term_that_ends_before_a_postponed_meeting_ends_the_seat(hall: Hall) -> None:
    with hall.stage.engine.store.transaction() as connection:
        own = expert.c.id == hall.expert(4)
        connection.execute(update(expert).where(own).values(term_to=date(2026, 9, 25)))
    hall.do(attendance.check_in, hall.expert(4), by="office", now=hall.stage.now)
    hall.do(meetings.postpone_meeting, date(2026, 9, 29), hall.stage.now)
    hall.stage.until("2026-09-29T09:00:00")
    with pytest.raises(Refused) as caught:
        hall.do(attendance.check_in, hall.expert(4), by="office", now=hall.stage.now)
    assert caught.value.code == "NOT_SERVING"


def test_who_must_keep_away_leaves_although_they_were_ticked(hall: Hall) -> None:
    """D09: a relation noted on the day, or one that a reserve called in that morning brings, keeps from the whole meeting."""
    hall.come([5, 6], OFFICE)
    with hall.stage.engine.store.transaction() as connection:
        own = application.c.id == hall.cases[0]
        person_id = connection.execute(select(application.c.person_id).where(own)).scalar_one()
        experts.relate(connection, hall.expert(5), "kin", person_id=person_id, by="office", now=hall.stage.now)
    rulings = {"kin": Ruling(recuse=True, whole_meeting=True)}
    hall.do(recusals.apply_grounds, rulings, by="office", now=hall.stage.now)
    assert hall.ask(attendance.present) == {hall.expert(6)}
    assert hall.ask(attendance.quorum_state, hall.stage.now).present == 1
    with pytest.raises(Refused) as caught:
        hall.do(attendance.check_in, hall.expert(5), by="office", now=hall.stage.now)
    assert caught.value.code == "EXCLUDED"
