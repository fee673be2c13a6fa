"""What the service tasks of this family share: schemas, whose application it is, who acts."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, fields, validate
from sqlalchemy import RowMapping

from engine.errors import Refused
from engine.registry import StepContext
from forms.i18n import T
from processes.register import applications, units
from processes.register.application_tables import STATUSES
from processes.register.notice_items import withdraw_items


class Nothing(Schema):
    pass


class Loose(Schema):
    """Reads what it declares out of the variables of a case and passes over the rest."""

    class Meta:
        unknown = EXCLUDE


class Anything(fields.Raw):
    """A form's value as it stands."""

    def __init__(self) -> None:
        super().__init__(allow_none=True, load_default=None)


class StatusParams(Schema):
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    outcome = fields.String(load_default=None, allow_none=True)
    reason = fields.String(load_default=None, allow_none=True)


class OutcomeResult(Schema):
    outcome = fields.String(required=True)


def application_of(context: StepContext, *, lock: bool = False) -> RowMapping:
    """The application this case is about, by the variable that the register's handler set."""
    return applications.get_application(context.connection, str(context.variables["application_id"]), lock=lock)


def acting(context: StepContext) -> str:
    """The person whose command this step belongs to. Raises Refused (NEEDS_A_PERSON)."""
    if context.actor is None:
        raise Refused(T("这一步须由人办理。"), code="NEEDS_A_PERSON")
    return context.actor.username


def actor_or_none(context: StepContext) -> str | None:
    return context.actor.username if context.actor is not None else None


def move(context: StepContext, status: str, *, reason: str | None = None, **values: Any) -> None:
    """The application to a status, by whoever acts in this step (nobody for a timer or a message)."""
    applications.set_status(
        context.connection,
        str(context.variables["application_id"]),
        status,
        now=context.now,
        actor=actor_or_none(context),
        reason=reason,
        **values,
    )


def end(context: StepContext, status: str, *, reason: str | None = None) -> None:
    """Close the application: its post is free again (R-45), and it leaves the notices that still run."""
    move(context, status, reason=reason)
    application_id = str(context.variables["application_id"])
    withdraw_items(context.connection, application_id, context.now)
    if units.release(context.connection, application_id, context.now):
        context.note("reservation_released", {"status": status}, T("预留的岗位已经释放。"))
