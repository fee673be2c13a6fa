"""The service tasks of the committee's processes: filing and draw (P10, P11), the meeting and its vote (P12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.errors import Refused
from engine.registry import Handler, StepContext
from forms.i18n import T
from processes.committee import (
    handlers_filing,
    handlers_paper,
    handlers_planning,
    handlers_result,
    handlers_session,
)
from processes.committee.handlers_common import MeetingRef
from processes.register.committee_tables import get_meeting


def _of_its_own(handler: Handler) -> Handler:
    """A step knows its own meeting alone: no other instance may vote, void, count or seal in it, whatever its variables say."""
    if not issubclass(handler.params, MeetingRef):
        return handler

    def call(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any] | None:
        if get_meeting(context.connection, params["meeting_id"])["instance_id"] != context.instance_id:
            raise Refused(T("这次会议不由这个流程办理。"), code="ANOTHER_MEETING")
        return handler.call(context, params)

    return replace(handler, call=call)


HANDLERS = tuple(
    _of_its_own(handler)
    for handler in (
        *handlers_filing.HANDLERS,
        *handlers_planning.HANDLERS,
        *handlers_session.HANDLERS,
        *handlers_paper.HANDLERS,
        *handlers_result.HANDLERS,
    )
)
