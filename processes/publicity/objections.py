"""What the public and those who publish may do about an objection: hand it in, register one that came on paper, open a
case of a tip-off. Commands on the register: no name, telephone or text of an objection is ever process data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from engine import history
from engine.attachments.keeping import described
from engine.commands.step import Step
from engine.errors import Forbidden, Invalid, NotFound, Refused
from engine.identity.crypto import Keyring
from engine.jobs import queue
from engine.policy import Candidate, matches
from engine.registry import Actor
from engine.store import tables as t
from engine.store.metadata import new_id
from forms.i18n import T, Text
from processes.publicity.readers import readable
from processes.register.notice_tables import get_notice, publicity_item, publicity_notice
from processes.register.objection_holds import hold_items, objections_until
from processes.register.objection_tables import GROUNDS, VIA
from processes.register.objections import (
    NewObjection,
    by_nonce,
    get_objection,
    keep_objection,
    nonce_mark,
    opened_as,
)
from processes.rules.windows import is_timely

PROCESS = "P07_objection_investigation"
SHORTEST, LONGEST = 20, 2000  # characters of the text
MOST_FILES = 5
PHONE = re.compile(r"^[0-9+() -]{7,20}$")
OPENERS = ("investigator", "supervisor", "committee_office")


def uploader(nonce: str) -> Actor:
    """Under whose name the evidence of one page is kept (`engine.attachments.keeping.upload(actor=…)`): nobody's account,
    and only the objection with the same nonce may name these files."""
    name = f"~{nonce_mark(nonce)[:40]}"
    return Actor(name, name, "")


@dataclass(frozen=True)
class FileObjection:
    """Hand in an objection to a published notice. No account is needed, and none is kept: `reader` only says who may read
    a notice inside a unit. The office registers what came on paper or by telephone (`via`) with `actor`, the true
    `received_at` (aware, not later than now) and how it came (`note`).

    `item`: its number in the notice, None for the notice as a whole. `grounds`: some of GROUNDS. `text`: 20 to 2000
    characters. `evidence`: ids of at most 5 files uploaded as `uploader(nonce)` (or by `actor`). `name` and `phone` are
    dropped unless `real_name`. `nonce` (16 to 200 characters, from the page): sent twice it is one objection.

    Answers `{"receipt_no", "timely"}`. In time (R-97): the item is held and P07 starts; late: kept as a tip-off.
    Raises NotFound, Forbidden, Invalid, Refused (`NOTICE_RECALLED`)."""

    notice_id: str
    item: int | None
    grounds: Sequence[str]
    text: str
    evidence: Sequence[str] = ()
    real_name: bool = False
    name: str = ""
    phone: str = ""
    nonce: str | None = None
    reader: Actor | None = None
    via: str = "online"
    actor: Actor | None = None
    received_at: datetime | None = None
    note: str = ""

    def execute(self, step: Step) -> dict[str, Any]:
        notice = self._notice(step.connection)
        self.check()
        if self.nonce is not None and (known := by_nonce(step.connection, self.nonce)) is not None:
            return _answer(known)
        notice = get_notice(step.connection, notice["id"], lock=True)
        if self.nonce is not None and (known := by_nonce(step.connection, self.nonce)) is not None:
            return _answer(known)
        if notice["status"] == "recalled":
            raise Refused(T("这份公示已经撤回，请在重新发布的公示中反映。"), code="NOTICE_RECALLED")
        item = self._item(step.connection)
        received_at = self._received_at(notice, step.now)
        timely = is_timely(received_at, objections_until(step.connection, notice))
        instance_id = new_id() if timely else None
        kept = keep_objection(
            step.connection,
            Keyring(step.engine.settings.secret_key),
            notice["id"],
            NewObjection(
                item_id=item["id"] if item is not None else None,
                grounds=tuple(ground for ground in GROUNDS if ground in self.grounds),
                text=self.text.strip(),
                evidence=self._evidence(step.connection),
                name=self.name.strip() if self.real_name else None,
                phone=self.phone.strip() if self.real_name else None,
                nonce=self.nonce,
                via=self.via,
                received_at=received_at,
                timely=timely,
                instance_id=instance_id,
                registered_by=self.actor.username if self.actor else None,
                registered_note=self.note.strip() if self.actor else None,
            ),
            step.now,
        )
        held = hold_items(step.connection, notice, kept["item_id"], step.now) if timely else 0
        if instance_id is not None:
            start_investigation(step, kept["id"], instance_id, notice)
        data = {
            "objection_id": kept["id"],
            "notice_id": notice["id"],
            "via": self.via,
            "timely": timely,
            "received_at": received_at.isoformat(),
            "held": held,
        }
        step.record(history.OFFICE, "objection_received", data=data, actor=self.actor)
        return _answer(kept)

    def _notice(self, connection: Connection) -> RowMapping:
        """The published notice, for whom it may be read. Raises NotFound, Forbidden."""
        reader = self.actor or self.reader
        where = publicity_notice.c.scope == "province" if reader is None else readable(connection, reader)
        query = select(publicity_notice).where(
            publicity_notice.c.id == self.notice_id, publicity_notice.c.status != "draft", where
        )
        notice = connection.execute(query).mappings().first()
        if notice is None:
            raise NotFound(T("没有这份公示。"))
        if self.actor is not None and not _registers(self.actor, notice):
            raise Forbidden(T("只有发布单位和调查、监督人员可以登记收到的异议。"))
        return notice

    def check(self) -> None:
        """What is wrong with what was typed, before anything is looked up. Raises Invalid."""
        wrong: dict[str, list[Text]] = {}
        if not self.grounds or not set(self.grounds) <= set(GROUNDS):
            wrong["grounds"] = [T("请至少选择一项反映的问题。")]
        if not SHORTEST <= len(self.text.strip()) <= LONGEST:
            wrong["text"] = [T("请写明具体情况，{least} 至 {most} 个字。", least=SHORTEST, most=LONGEST)]
        if len(self.evidence) > MOST_FILES:
            wrong["evidence"] = [T("证明材料最多 {n} 个文件。", n=MOST_FILES)]
        if self.real_name and not 1 <= len(self.name.strip()) <= 64:
            wrong["name"] = [T("实名反映请填写姓名或单位名称；不愿实名的，请选择匿名。")]
        if self.real_name and not PHONE.match(self.phone.strip()):
            wrong["phone"] = [T("请填写联系电话，以便答复；不愿实名的，请选择匿名。")]
        if self.nonce is not None and not 16 <= len(self.nonce) <= 200:
            wrong["nonce"] = [T("页面已失效，请刷新后再提交。")]
        if self.via not in VIA or (self.via == "online") != (self.actor is None):
            wrong["via"] = [T("请选明异议是怎样收到的。")]
        elif self.actor is not None and not self.note.strip():
            wrong["note"] = [T("请写明这份异议是怎样收到的，原件存在哪里。")]
        elif self.actor is not None and self.received_at is None:
            wrong["received_at"] = [T("请填写实际收到的时间。")]
        if wrong:
            raise Invalid(wrong)

    def _item(self, connection: Connection) -> RowMapping | None:
        if self.item is None:
            return None
        query = select(publicity_item).where(
            publicity_item.c.notice_id == self.notice_id, publicity_item.c.position == self.item
        )
        found = connection.execute(query).mappings().first()
        if found is None:
            raise Invalid({"item": [T("公示中没有第 {n} 项。", n=self.item)]})
        return found

    def _received_at(self, notice: RowMapping, now: datetime) -> datetime:
        """By the engine's clock, in the transaction that checks the window; on paper, when it truly came."""
        if self.actor is None or self.received_at is None:
            return now
        if self.received_at.tzinfo is None or not notice["published_at"] <= self.received_at <= now:
            raise Invalid({"received_at": [T("收到的时间应在公示发布之后、现在之前。")]})
        return self.received_at

    def _evidence(self, connection: Connection) -> tuple[str, ...]:
        ids = tuple(dict.fromkeys(self.evidence))
        found = described(connection, ids)
        owners = {actor.username for actor in (self.actor,) if actor is not None}
        if self.nonce is not None:
            owners.add(uploader(self.nonce).username)
        if any(each not in found or found[each].uploaded_by not in owners for each in ids):
            raise Invalid({"evidence": [T("没有这个附件，请重新上传。")]})
        return ids


@dataclass(frozen=True)
class OpenInvestigation:
    """Make a case of a tip-off that came too late to hold anything (R-97): P07 starts, the item is not held.

    Answers `{"instance_id"}`. Raises NotFound, Forbidden, Refused (`OPENED_ALREADY`)."""

    objection_id: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        if not any(matches(self.actor, [Candidate("group", group, "province")]) for group in OPENERS):
            raise Forbidden(T("只有调查、监督人员和评审办事机构可以立案调查。"))
        row = get_objection(step.connection, self.objection_id, lock=True)
        if row["instance_id"] is not None:
            raise Refused(T("这份反映已经在调查或已有结论。"), code="OPENED_ALREADY")
        instance_id = new_id()
        opened_as(step.connection, row["id"], instance_id)
        notice = get_notice(step.connection, row["notice_id"])
        start_investigation(step, row["id"], instance_id, notice, opened_by=self.actor.username)
        data = {"objection_id": row["id"], "notice_id": row["notice_id"]}
        step.record(history.OFFICE, "investigation_opened", data=data, actor=self.actor)
        return {"instance_id": instance_id}


def start_investigation(
    step: Step, objection_id: str, instance_id: str, notice: RowMapping, opened_by: str | None = None
) -> None:
    """P07 after the commit, once: its instance's id was chosen with the request. It knows the objection by its id alone.

    The work is that of the notice's process while it runs: given up for good, it stands there as an incident that a
    person can retry, and the objection is not lost."""
    variables: Mapping[str, Any] = {"objection_id": objection_id, "opened_by": opened_by}
    payload = {"instance_id": instance_id, "key": PROCESS, "variables": variables, "business_key": None}
    own = t.instance.c
    moving = select(own.id).where(own.id == notice["instance_id"], own.state.in_(("active", "incident", "suspended")))
    beside = step.connection.execute(moving).scalar()
    step.put_job(queue.START, f"{queue.START}:{instance_id}", payload, instance_id=beside)


def _answer(row: RowMapping) -> dict[str, Any]:
    return {"receipt_no": row["receipt_no"], "timely": row["timely"]}


def _registers(actor: Actor, notice: RowMapping) -> bool:
    offers = [Candidate("group", notice["publisher_group"], notice["publisher_scope"])]
    offers += [Candidate("group", group, "province") for group in OPENERS]
    if notice["scope"] == "unit":
        offers.append(Candidate("group", "unit_supervisor", notice["publisher_scope"]))
    return matches(actor, offers)
