"""Acts around notices and objections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select

from engine.identity.tables import account, membership
from engine.scenarios.kit import Act
from engine.scenarios.scene import Scene
from engine.scenarios.script import instant
from processes.publicity.commands import ExtendNotice, RequestRecall
from processes.publicity.objections import FileObjection
from processes.register import applications
from processes.register.notice_items import withdraw_items
from processes.register.objections import by_receipt_no

SAID = "反映人称其中一项业绩由他人完成，单位存有当时的验收记录可查。"


def investigators(scene: Scene, who: str = "investigator") -> None:
    """Somebody of the demo who may be named as investigator: the assignment reads memberships as they are stored."""
    actor = scene.actor(who)
    with scene.transaction() as connection:
        account_id = connection.execute(select(account.c.id).where(account.c.username == who)).scalar_one()
        for each in sorted(actor.memberships, key=str):
            row = {"account_id": account_id, "group_key": each.group, "scope": each.scope or ""}
            connection.execute(insert(membership).values(**row, granted_at=scene.now))


def objection(
    scene: Scene,
    notice_id: str,
    item: int | None = 1,
    grounds: Sequence[str] = ("false_performance",),
    text: str = SAID,
    name: str = "",
    phone: str = "",
    reader: str | None = None,
) -> Mapping[str, Any]:
    """Somebody objects now: with a name and a telephone a real-name objector. Answers objection_id, receipt_no, timely."""
    answer = scene.run(
        FileObjection(
            notice_id,
            item,
            grounds,
            text,
            real_name=bool(name),
            name=name,
            phone=phone,
            reader=scene.actor(reader) if reader else None,
        )
    )
    with scene.snapshot() as connection:
        row = by_receipt_no(connection, answer["receipt_no"])
        return {"objection_id": row["id"], **answer}


def ended(scene: Scene, application_id: str) -> None:
    """The application is withdrawn: it leaves the notices that are being prepared or run."""
    with scene.transaction() as connection:
        applications.set_status(connection, application_id, "withdrawn", now=scene.now)
        withdraw_items(connection, application_id, scene.now)


def extend(scene: Scene, notice_id: str, to: str, by: str = "committee_office") -> None:
    """The publisher moves the window's end later."""
    scene.run(ExtendNotice(notice_id, instant(to), "网站中断，延长公示。", scene.actor(by)))


def recall(scene: Scene, notice_id: str, by: str = "committee_office2") -> None:
    """Somebody of the publisher's says that the notice is wrong."""
    scene.run(RequestRecall(notice_id, "单位名称有误。", scene.actor(by)))


ACTS: Mapping[str, Act] = {
    "investigators": investigators,
    "objection": objection,
    "ended": ended,
    "extend": extend,
    "recall": recall,
}
