"""What the rollout's handlers share: how they name a programme or a stream, and the end of a day somebody chose."""

from __future__ import annotations

from datetime import date, datetime

from marshmallow import Schema, fields

from engine.errors import Refused
from forms.i18n import T
from processes.rules.workdays import end_of_day


class Nothing(Schema):
    pass


class ProgrammeRef(Schema):
    programme_id = fields.String(required=True)


class StreamRef(Schema):
    stream_id = fields.String(required=True)


def end_of(day: date | None) -> datetime:
    """24:00 of a day from a form. Raises Refused (DATE_MISSING) where none was given."""
    if day is None:
        raise Refused(T("请填写等到哪一天。"), code="DATE_MISSING")
    return end_of_day(day)
