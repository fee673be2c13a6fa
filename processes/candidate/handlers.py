"""All service tasks of the candidate's family."""

from __future__ import annotations

from processes.candidate import applying, moving, reviewing

HANDLERS = (*applying.HANDLERS, *reviewing.HANDLERS, *moving.HANDLERS)
