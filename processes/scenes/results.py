"""Acts that put behind a case what other processes have done: its vote, a notice that has closed, its certificate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import insert, select

from engine.scenarios.kit import Act
from engine.scenarios.scene import Scene
from engine.scenarios.script import instant
from engine.store.metadata import new_id
from processes.register import applications, certificates, notices, people
from processes.register.ballot_tables import ballot_round
from processes.register.cases import case_facts
from processes.register.committee_tables import committee, review_meeting
from processes.register.notice_items import settle_item


def passed(scene: Scene, application_id: str, held_on: str = "2026-09-22") -> Mapping[str, Any]:
    """A meeting of the senior committee, sealed, that passed the case on paper: all there, two thirds for it."""
    at = instant(f"{held_on}T17:00")
    meeting_id, signed = new_id(), {"announced_by": "chair", "announced_at": at, "announced_as": "演示主任"}
    with scene.transaction() as connection:
        filed = connection.execute(select(committee).where(committee.c.level == "senior")).mappings().first()
        assert filed is not None
        size = filed["size"]
        yes = -(-2 * size // 3)
        connection.execute(
            insert(review_meeting).values(
                id=meeting_id,
                committee_id=filed["id"],
                instance_id=new_id(),
                held_on=date.fromisoformat(held_on),
                place="西宁演示会议中心",
                mode="onsite",
                size=size,
                attended=size,
                status="sealed",
                attempt=1,
                seal_file=[],
                recusal_counts_present=True,
                **signed,
                minutes="逐一介绍、评议并表决。",
                minutes_by="committee_office",
                minutes_at=at,
                supervised_by="supervisor",
                supervised_at=at,
                sheet_hash="0" * 64,
                sealed_at=at,
            )
        )
        connection.execute(
            insert(ballot_round).values(
                id=new_id(),
                meeting_id=meeting_id,
                application_id=application_id,
                round_no=1,
                how="paper",
                status="closed",
                closed_at=at,
                size=size,
                present=size,
                recused=0,
                eligible=size,
                quorum_needed=yes,
                yes=yes,
                no=size - yes,
                abstain=0,
                result="passed",
                first_operator="committee_office",
                second_operator="committee_office2",
                decided_at=at,
                void=False,
            )
        )
        applications.set_status(connection, application_id, "voted_passed", actor=None, now=at)
    return {"meeting_id": meeting_id}


def published(
    scene: Scene,
    application_id: str,
    on: str,
    kind: str = "result",
    closed: bool = True,
    outcome: str = "clear",
    workdays: int = 5,
) -> Mapping[str, Any]:
    """A notice of that kind over the case alone, published on that day at nine; by default it has closed since.

    Answers notice_id and closes_at (ISO text)."""
    at = instant(f"{on}T09:00")
    with scene.transaction() as connection:
        unit = applications.get_application(connection, application_id)["unit_code"]
        of_unit = kind in ("recommendation", "appointment")
        notice_id = notices.draft_notice(
            connection,
            kind=kind,
            scope="unit" if of_unit else "province",
            publisher_group="unit_hr" if of_unit else "committee_office",
            publisher_scope=f"unit:{unit}" if of_unit else "province",
            items={application_id: applications.notice_item(connection, application_id)},
            instance_id=new_id(),
            now=at,
        )
        by, second = (f"hr-{unit}", f"leader-{unit}") if of_unit else ("committee_office", "committee_office2")
        words = {
            "title": "公示",
            "body": "现予以公示。",
            "contact_phone": "0971-6120000",
            "contact_email": "a@example.cn",
        }
        notices.write_notice(
            connection, notice_id, **words, min_workdays=workdays, board_photo=[], prepared_by=by, now=at
        )
        notices.approve_notice(connection, notice_id, approved_by=second)
        closes_at = notices.publish_notice(connection, notice_id, actor=second, now=at)
        if outcome != "clear":
            settle_item(connection, notice_id, application_id, outcome, at)
        if closed:
            notices.close_notice(connection, notice_id, max(closes_at, scene.now))
    return {"notice_id": notice_id, "closes_at": closes_at.isoformat()}


def certified(scene: Scene, application_id: str, on: str = "2026-10-19") -> Mapping[str, Any]:
    """Confirmed and certified on that day; needs the vote and the closed notice. Answers certificate_no."""
    at = instant(f"{on}T10:00")
    with scene.transaction() as connection:
        certificates.confirm_title(
            connection,
            application_id,
            doc_no="青人社职〔2026〕（演示）1号",
            confirmed_on=at.date(),
            confirmed_by="provincial_hrss",
            now=at,
        )
        case = case_facts(connection, application_id)
        made = certificates.issue_certificate(
            connection,
            application_id,
            person_id=case.person_id,
            holder_name=case.name,
            title=case.target_title,
            issued_by="committee_office",
            now=at,
        )
        people.add_title(connection, case.person_id, case.target_title, made["effective_on"], "review")
        applications.set_status(connection, application_id, "certified", actor="committee_office", now=at)
    return {"certificate_no": made["no"]}


ACTS: Mapping[str, Act] = {"passed": passed, "published": published, "certified": certified}
