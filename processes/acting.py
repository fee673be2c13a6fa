"""What every family's handlers share: who acts, and the remark that anybody may leave with a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from engine.errors import Refused
from engine.registry import StepContext
from forms.i18n import T
from processes.register import applications
from processes.register.application_tables import ENDED

Call = Callable[[StepContext, dict[str, Any]], Mapping[str, Any] | None]


def acting(context: StepContext) -> str:
    """The person whose command this step belongs to; their act is what the register keeps. Raises `Refused`."""
    if context.actor is None:
        raise Refused(T("这一步须由人办理。"), code="NEEDS_A_PERSON")
    return context.actor.username


def remarked(call: Call) -> Call:
    """A handler after a person's form: what they wrote under "other remarks" goes into the instance's history."""

    @wraps(call)
    def noted(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any] | None:
        result = call(context, params)
        remark = context.variables.get("opinion")
        if remark:
            context.note("remark", {"opinion": remark})
        return result

    return noted


def report_fraud(context: StepContext, application_id: str) -> None:
    """What was proven after a case had left the notice it was objected to: the case is told while it runs, and over one that
    has ended a case of sanction is begun by itself."""
    status = applications.get_application(context.connection, application_id)["status"]
    if status in (*ENDED, "appointed"):
        context.start("P16_integrity_sanction", variables={"application_id": application_id})
    else:
        context.send("fraud_found", correlation={"application_id": application_id})
