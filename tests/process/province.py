"""Walking one candidate through the demo province, in words that read like the office's day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import insert, select

from engine.clock import local
from engine.commands import messages
from engine.commands.publish_message import PublishMessage
from engine.commands.step import Step
from engine.errors import ZhipingError
from engine.identity import people as accounts
from engine.registry import Actor
from processes.demo.play import OfficeDay
from processes.register import people, units
from processes.register.application_tables import application
from processes.register.applications import details
from processes.register.notice_tables import publicity_notice
from processes.register.policies import set_parameter
from tests.process.stage import Stage

MORNING = "2026-06-01T09:00:00+08:00"
QUOTA_PUBLIC = "2026-06-15T09:00:00+08:00"


@dataclass(frozen=True)
class Sent:
    """A message on its way, as a process sends it."""

    name: str
    correlation: Mapping[str, Any]
    variables: Mapping[str, Any]

    def execute(self, step: Step) -> None:
        message = messages.store(step, self.name, self.correlation, None, self.variables, state="pending")
        messages.put_delivery(step, message, None)


@dataclass
class Province(Stage, OfficeDay):
    """The demo province with verbs for a candidate's way. `case` is one instance of P04."""

    known: dict[str, Actor] = field(default_factory=dict)

    def actor(self, username: str) -> Actor:
        if username not in self.known:
            with self.engine.store.snapshot() as connection:
                self.known[username] = accounts.actor(connection, username)
        return self.known[username]

    def evidence(self, candidate: str) -> list[str]:
        return [self.attach(self.actor(candidate), "证明.png")]

    def close_notice(self, case: str) -> None:
        """Let the window of the case's newest notice run out."""
        notices = self.rows(publicity_notice, publicity_notice.c.instance_id == case)
        self.engine.work(max(row["closes_at"] for row in notices if row["closes_at"]))

    def assessed(self, candidate: str = "c-001", unit: str = "u01", **changed: Any) -> str:
        """A case on the leader's desk, or where its unit's posts are full; after the quota notice has closed."""
        if self.now < datetime.fromisoformat(QUOTA_PUBLIC):
            self.until(QUOTA_PUBLIC)
        case = self.apply(candidate, **changed)
        self.verify(case, unit)
        self.assess(case, unit)
        return case

    def recommended(self, case: str, unit: str = "u01", region: str = "xining") -> None:
        """To the region's endorsement, from wherever it stands in the unit."""
        if self.open(case) == ["verify_materials"]:
            self.verify(case, unit)
            self.assess(case, unit)
        self.decide(case, unit)
        self.publish(case, unit)
        self.close_notice(case)
        self.submit_recommendation(case, unit)
        self.endorse(case, region)

    def queued_in(self, candidate: str, unit: str, region: str) -> str:
        """A case of another unit that waits for its meeting."""
        case = self.assessed(candidate, unit)
        self.recommended(case, unit, region)
        self.review(case)
        self.audit(case)
        return case

    def queued(self, candidate: str = "c-001", unit: str = "u01", **changed: Any) -> str:
        """A case that waits for its meeting."""
        self.until("2026-06-20T09:00:00")
        case = self.apply(candidate, **changed)
        self.recommended(case, unit)
        self.review(case)
        self.audit(case)
        return case

    def tell(self, message: str, case: str, **variables: Any) -> None:
        """A message to this case, by its application: as another process sends it, or from outside where none does."""
        row = self.application(case)
        correlation = {"cycle_id": row["cycle_id"]} if message == "cycle_cancelled" else {"application_id": row["id"]}
        if message in ("ballot_result", "result_published", "publicity_closed", "fraud_found", "candidate_withdrew"):
            self.engine.run(Sent(message, correlation, variables))
        else:
            owner = self.actor("process_owner")
            self.engine.run(PublishMessage(message, owner, correlation=correlation, variables=variables, all=True))
        self.engine.work()

    def sanction(self, case: str, finding: str = "fraud", **changed: Any) -> None:
        """Two persons decide on the sanction that this instance stands before."""
        values: dict[str, Any] = {"finding": finding, "facts": "伪造业绩证明，查证属实。"}
        if finding != "unfounded":
            values |= {
                "kinds": ["disqualify", "bar"],
                "law_basis": "实施方案三（四）2",
                "decided_on": local(self.now).date().isoformat(),
                "doc_no": "演示〔2026〕9号",
            }
        self.do(case, "decide_sanction", self.actor("committee_office"), **(values | changed))
        self.do(case, "confirm_sanction", self.actor("provincial_hrss"), decision="confirm")

    def ask_recheck(self, case: str, candidate: str = "c-001", ground: str = "count_error") -> None:
        values = {"want_recheck": True, "ground": [ground], "recheck_text": "请核对票数录入。"}
        self.do(case, "view_result", self.actor(candidate), **values)

    def answer_recheck(self, case: str, conclusion: str, who: str = "committee_office2") -> None:
        values = {"conclusion": conclusion, "reasons_text": "已核对票数与程序。"}
        self.do(case, "recheck_case", self.actor(who), **values)

    def bars(self, candidate: str) -> list[dict[str, Any]]:
        table = people.sanction
        return self.rows(table, table.c.person_id == self.person_id(candidate), table.c.kind == people.BAR)

    def rows_of(self, case: str, key: str) -> list[Any]:
        with self.engine.store.snapshot() as connection:
            return list(details(connection, self.application(case)["id"], key))

    def application(self, case: str) -> dict[str, Any]:
        return self.rows(application, application.c.instance_id == case)[0]

    def status(self, case: str) -> str:
        return str(self.application(case)["status"])

    def codes(self, case: str) -> list[str]:
        """What the judgement found against the application."""
        return [finding["code"] for finding in self.application(case)["findings"]]

    def reasons(self, case: str) -> list[str]:
        return [row["text"] for row in self.variable(case, "reasons")]

    def posts(self, unit: str, level: str = "deputy_senior") -> tuple[int, int, int]:
        """(approved, occupied, reserved)."""
        table = units.post_quota
        row = self.rows(table, table.c.unit_code == unit, table.c.post_level == level)[0]
        return row["approved"], row["occupied"], row["reserved"]

    def set_posts(self, unit: str, level: str, **values: Any) -> None:
        table = units.post_quota
        with self.engine.store.transaction() as connection:
            where = (table.c.unit_code == unit, table.c.post_level == level)
            connection.execute(table.update().where(*where).values(**values))

    def set_policy(self, name: str, value: Any) -> None:
        """A parameter in force from now on."""
        given = {"effective_from": self.now, "source_doc": "演示文件", "actor": "process_owner", "now": self.now}
        with self.engine.store.transaction() as connection:
            set_parameter(connection, name, value, **given)

    def closed(self, case: str) -> bool:
        """Ended, with nothing left open."""
        seen = self.look(case)
        return seen.instance.state == "completed" and not seen.timers and not self.open(case)

    def change_person(self, candidate: str, **values: Any) -> None:
        with self.engine.store.transaction() as connection:
            where = people.person.c.account == candidate
            connection.execute(people.person.update().where(where).values(**values))

    def add_unit(self, code: str, **values: Any) -> None:
        plain = {
            "name": f"演示单位{code}",
            "uscc": f"91990000DEMO{code:0>6}",
            "region_code": "xining",
            "kind": "public_institution",
            "ownership": "public",
            "post_managed": False,
            "civil_servant_law": False,
            "hardship": False,
            "created_at": self.now,
        }
        with self.engine.store.transaction() as connection:
            connection.execute(insert(units.unit).values(code=code, **{**plain, **values}))

    def person_id(self, candidate: str) -> str:
        with self.engine.store.snapshot() as connection:
            where = people.person.c.account == candidate
            return str(connection.execute(select(people.person.c.id).where(where)).scalar_one())

    def refused(self, code: str, attempt: Any, *arguments: Any, **named: Any) -> None:
        """The attempt is refused with that code."""
        with pytest.raises(ZhipingError) as refusal:
            attempt(*arguments, **named)
        assert refusal.value.code == code, refusal.value
