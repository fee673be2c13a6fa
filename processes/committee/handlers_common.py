"""What the service tasks of the committee share: a meeting, one case of it, and whether that case has ended meanwhile."""

from __future__ import annotations

from marshmallow import Schema, fields

from engine.registry import StepContext
from processes.dates import day
from processes.register import applications
from processes.register.committees import committees


class Nothing(Schema):
    pass


class MeetingRef(Schema):
    meeting_id = fields.String(required=True)


class CaseRef(MeetingRef):
    application_id = fields.String(required=True)


def has_ended(context: StepContext, application_id: str) -> bool:
    """Withdrawn or disqualified after the list was made: nothing more is voted on it or said to it."""
    return applications.get_application(context.connection, application_id)["status"] in applications.FINAL


def committee_options(context: StepContext) -> list[dict[str, str]]:
    """All committees as a form's options, newest filing first."""
    return [
        {"value": row["id"], "label": f"{row['name']}（备案至 {day(row['valid_until'])}）"}
        for row in committees(context.connection)
    ]
