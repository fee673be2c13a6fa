"""All service tasks of the integrity family."""

from __future__ import annotations

from processes.integrity import rechecks, sanctions

HANDLERS = (*sanctions.HANDLERS, *rechecks.HANDLERS)
