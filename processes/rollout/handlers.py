"""All service tasks of the rollout."""

from __future__ import annotations

from processes.rollout import programme, regions, summaries, units

HANDLERS = (*programme.HANDLERS, *regions.HANDLERS, *units.HANDLERS, *summaries.HANDLERS)
