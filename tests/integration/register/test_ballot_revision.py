"""Rounds counted before there was a box are kept by the revision that brings it, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import MetaData, insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.store import migrate, revisions
from engine.store.metadata import new_id
from engine.store.unit_of_work import Store
from processes import office
from processes.register.ballot_tables import ballot_round
from processes.register.committee_tables import review_meeting
from tests.postgres import server
from web.cli.common import MIGRATIONS

NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    office.registry()
    if request.param == "sqlite":
        store = Store(f"sqlite:///{tmp_path}/before.db")
        yield store
        store.close()
        return
    name = server().create()
    store = Store(server().url(name))
    yield store
    store.close()
    server().drop(name)


def fill(store: Store) -> dict[str, str]:
    """One meeting with four rounds as the first revision knew them; answers what stands in which."""
    ids = {name: new_id() for name in ("passed", "failed", "no_quorum", "void")}
    with store.transaction() as connection:
        old = MetaData()
        old.reflect(connection)

        def add(table: str, **values: object) -> None:
            connection.execute(insert(old.tables[table]).values(**values))

        committee, meeting, cycle = new_id(), new_id(), new_id()
        add("region", code="xining", name="西宁市", kind="prefecture")
        unit = {"code": "u01", "name": "演示档案馆", "uscc": "91630000DEMO000001", "region_code": "xining"}
        unit |= {"kind": "public_institution", "ownership": "public"}
        add("unit", **unit, post_managed=True, civil_servant_law=False, hardship=False, created_at=NOON)
        filing = {"filing_no": "一号", "filed_on": date(2024, 3, 15), "valid_until": date(2027, 3, 14)}
        words = {"code": "senior", "name": "高评委", "series": "archives", "level": "senior", "basis": "series"}
        add("committee", id=committee, **words, **filing, organizer="局", size=25, scope_titles=[], created_at=NOON)
        held = {"held_on": date(2026, 9, 22), "place": "西宁", "mode": "onsite", "size": 25, "attended": 21}
        add(
            "review_meeting",
            id=meeting,
            committee_id=committee,
            instance_id=new_id(),
            **held,
            status="counting",
            attempt=1,
            seal_file=[],
        )
        days = {"apply_from": date(2026, 6, 1), "apply_to": date(2026, 6, 30), "cutoff_date": date(2026, 12, 31)}
        add("review_cycle", id=cycle, year=2026, name="2026", **days, status="open")
        for number, (what, round_id) in enumerate(ids.items()):
            person, case = new_id(), new_id()
            add(
                "person",
                id=person,
                account=f"c-{number}",
                name="演示",
                id_no=b"x",
                id_no_index=str(number),
                born_on=date(1990, 1, 1),
                unit_code="u01",
                created_at=NOON,
            )
            add(
                "application",
                id=case,
                cycle_id=cycle,
                person_id=person,
                instance_id=new_id(),
                unit_code="u01",
                region_code="xining",
                appointment_mode="integrated",
                cutoff_date=date(2026, 12, 31),
                status="in_meeting",
                channel_evidence=[],
                quota_exempt=False,
                interview_required=False,
                findings=[],
                created_at=NOON,
                updated_at=NOON,
                version=1,
            )
            counts = {
                "passed": {"present": 21, "yes": 14, "no": 6, "abstain": 1},
                "failed": {"present": 21, "yes": 13, "no": 8, "abstain": 0},
                "no_quorum": {"present": 16, "yes": 0, "no": 0, "abstain": 0},
                "void": {"present": 21, "yes": 21, "no": 0, "abstain": 0},
            }[what]
            add(
                "ballot_round",
                id=round_id,
                meeting_id=meeting,
                application_id=case,
                round_no=1,
                size=25,
                quorum_needed=17,
                **counts,
                result="passed" if what == "void" else what,
                first_operator="committee_office",
                second_operator="committee_office2",
                decided_at=NOON.replace(tzinfo=None) if connection.dialect.name == "sqlite" else NOON,
                void=what == "void",
                void_reason="数错" if what == "void" else None,
            )
    return ids


def test_rounds_counted_on_paper_are_kept(empty: Store) -> None:
    with empty.transaction() as connection:
        command.upgrade(migrate.configuration(connection, MIGRATIONS), "office_0001")
    ids = fill(empty)
    with empty.transaction() as connection:
        migrate.upgrade(connection, MIGRATIONS)
    with empty.snapshot() as connection:
        assert revisions.is_current(connection, MIGRATIONS)
        rows = {row["id"]: row for row in connection.execute(select(ballot_round)).mappings()}
        assert [row["recusal_counts_present"] for row in connection.execute(select(review_meeting)).mappings()] == [
            False
        ]
    assert set(rows) == set(ids.values())
    for row in rows.values():
        assert (row["how"], row["status"], row["closed_at"], row["recused"]) == ("paper", "closed", NOON, 0)
        assert (row["first_operator"], row["second_operator"]) == ("committee_office", "committee_office2")
    kept = rows[ids["passed"]]
    assert tuple(kept[name] for name in ("present", "eligible", "yes", "no", "abstain", "result")) == (
        *(21, 21, 14, 6, 1),
        "passed",
    )
    assert (rows[ids["no_quorum"]]["eligible"], rows[ids["no_quorum"]]["present"]) == (0, 16)
    void = rows[ids["void"]]
    assert (void["void"], void["voided_by"], void["void_confirmed_by"]) == (
        True,
        "committee_office",
        "committee_office2",
    )
    wrong = update(ballot_round).where(ballot_round.c.id == ids["failed"]).values(result="passed")
    with pytest.raises(IntegrityError), empty.transaction() as connection:
        connection.execute(wrong)
