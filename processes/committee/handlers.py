"""The service tasks of the committee's processes: filing and draw (P10, P11), the meeting and its vote (P12)."""

from __future__ import annotations

from processes.committee import (
    handlers_filing,
    handlers_paper,
    handlers_planning,
    handlers_result,
    handlers_session,
)

HANDLERS = (
    *handlers_filing.HANDLERS,
    *handlers_planning.HANDLERS,
    *handlers_session.HANDLERS,
    *handlers_paper.HANDLERS,
    *handlers_result.HANDLERS,
)
