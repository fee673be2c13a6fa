"""What a candidate may do with an application outside its tasks: take it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.commands import messages
from engine.commands.background import deliver
from engine.commands.case import Case
from engine.commands.step import Step
from engine.errors import NotFound, Refused
from engine.registry import Actor
from forms.i18n import T
from processes.candidate.queries import VOTED
from processes.register import applications, integrity, objections, people

WITHDREW = "candidate_withdrew"


@dataclass(frozen=True)
class Withdraw:
    """Take the own application back, at any moment before the certificate; nobody is barred for it (S21).

    The post it held is free again and nothing of the case stays open. Answers `{"status": "withdrawn"}`. Raises NotFound
    (not one's own), Refused (`CERTIFIED`, `OBJECTION_PENDING`: no escape from what is being looked into, `APPLICATION_ENDED`,
    `RESULT_PENDING`: between vote and notice, where an answer that differs would tell the result, R-102).
    """

    application_id: str
    actor: Actor
    reason: str = ""

    def execute(self, step: Step) -> dict[str, Any]:
        row = applications.get_application(step.connection, self.application_id)
        person = people.person_of(step.connection, self.actor.username)
        if person is None or person["id"] != row["person_id"]:
            raise NotFound(T("没有这份申报。"))
        # The instance first, as everywhere. With the application locked nobody can object to it, hold its item or move it
        # between what is checked here and what is done.
        Case.lock(step, row["instance_id"], None)
        row = applications.get_application(step.connection, self.application_id, lock=True)
        if row["status"] in VOTED and row["result_public_at"] is None:
            raise Refused(T("评审结果公布之前不能撤回申报，公布之后仍可撤回。"), code="RESULT_PENDING")
        applications.check_withdrawable(row["status"])
        if objections.pending_on(step.connection, row["id"]) or integrity.open_on(step.connection, row["id"]):
            raise Refused(T("异议或者失信问题核实期间不能撤回申报，请等待结论。"), code="OBJECTION_PENDING")
        waiting = messages.receivers(step.connection, WITHDREW, {"application_id": self.application_id}, None)
        reason = {"reason": self.reason.strip() or None, "note": None}
        if not any(deliver(step, receiver, WITHDREW, reason) for receiver in waiting):
            raise Refused(T("这份申报已经办结，不能再改变状态。"), code="APPLICATION_ENDED")
        return {"status": applications.get_application(step.connection, self.application_id)["status"]}
