"""What every family's handlers share: who acts, and the remark that anybody may leave with a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from engine.errors import Refused
from engine.registry import StepContext
from forms.i18n import T

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
