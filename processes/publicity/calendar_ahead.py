"""What will be refused because next year's working-day calendar is not there yet, and from which day on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from engine.clock import local
from engine.queries.reading import Reading
from forms.i18n import T, Text
from processes.register.policies import calendar, parameters
from processes.rules.workdays import CalendarMissing, add_workdays

QUARTER = timedelta(days=92)
SPANS: dict[str, Text] = {  # what people begin that runs in working days
    "publicity.result.min_workdays": T("评审结果公示"),
    "publicity.recommendation.min_workdays": T("申报推荐人选公示"),
    "correction.workdays": T("一次性告知补正"),
    "objection.investigate_workdays": T("异议调查"),
    "recheck.window_workdays": T("申请复查"),
    "recheck.answer_workdays": T("答复复查"),
}


@dataclass(frozen=True)
class Refused:
    """`begun_from`: what is begun on this day or later, before the year is there, is refused."""

    what: Text
    workdays: int
    begun_from: date


@dataclass(frozen=True)
class Ahead:
    """`missing`: the first year without a calendar; `urgent`: it begins within a quarter; `now`: it has begun."""

    missing: int
    urgent: bool
    now: bool
    refused: tuple[Refused, ...]  # only while it is urgent; the earliest first


@dataclass(frozen=True)
class CalendarAhead:
    """Two statements. The arrangement is published: everybody may read it."""

    def answer(self, reading: Reading) -> Ahead:
        days = calendar(reading.connection)
        today = local(reading.now).date()
        missing = today.year
        while days.has(missing):
            missing += 1
        first = date(missing, 1, 1)
        urgent = today + QUARTER >= first
        found: list[Refused] = []
        if urgent and missing > today.year:
            lengths = parameters(reading.connection, SPANS, reading.now)
            for name, what in SPANS.items():
                count = int(lengths[name])
                try:
                    found.append(Refused(what, count, add_workdays(days, first, -count)))
                except CalendarMissing:  # so long that it reaches back into a year that is not there either
                    found.append(Refused(what, count, today))
        found.sort(key=lambda one: (one.begun_from, -one.workdays))
        return Ahead(missing, urgent, missing == today.year, tuple(found))
