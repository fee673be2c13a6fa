"""The working-day calendar: which years are there, a year as months, and bringing in the next one after a look at what it does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import Forbidden, Refused
from engine.registry import Actor
from engine.store.metadata import new_id
from forms.i18n import T, gettext
from processes.publicity.calendar_years import KEEPERS, CalendarPreview, CalendarYear, CalendarYears, Month, Preview
from processes.publicity.commands import ImportCalendar
from web.pages import words
from web.pages.desk import ask, in_group, me, run
from web.pages.said import say
from web.security import login_required

blueprint = Blueprint("calendar", __name__)

KINDS = {
    "work": T("上班"),
    "rest": T("放假"),
    "weekend": T("周末"),
    "swapped": T("调休上班"),
}
WEEKDAYS = (T("周一"), T("周二"), T("周三"), T("周四"), T("周五"), T("周六"), T("周日"))
MONTHS = (
    T("1 月"),
    T("2 月"),
    T("3 月"),
    T("4 月"),
    T("5 月"),
    T("6 月"),
    T("7 月"),
    T("8 月"),
    T("9 月"),
    T("10 月"),
    T("11 月"),
    T("12 月"),
)
EARLIEST, LATEST = 2000, 2199
LONGEST_LIST, LONGEST_SOURCE = 5_000, 200
FEWEST, MOST = 240, 260  # working days that a year of the State Council's arrangement has had, with room on both sides
_DATE = re.compile(r"^(?:(\d{4})\s*[-/.年]\s*)?(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?$")
_SPAN = re.compile(r"\s*(?:至|到|~|～|—|–)\s*")
_SEPARATORS = re.compile(r"[\n,，;；、]+")


@blueprint.get("/calendars")
@login_required
def index() -> ResponseReturnValue:
    actor = me()
    found = ask(CalendarYears(actor))
    return render_template(
        "calendars.html",
        years=[
            {"year": one.year, "workdays": found.counts[one.year], "source": one.source, "version": one.version}
            for one in found.years
        ],
        imports=[
            {"year": one.year, "version": one.version, "source": one.source, "by": one.by, "at": one.at}
            for one in found.imports
        ],
        missing=found.missing,
        urgent=found.urgent,
        may_import=in_group(actor, *KEEPERS),
    )


@blueprint.get("/calendars/<int:year>")
@login_required
def show(year: int) -> ResponseReturnValue:
    actor = me()
    found, months = ask(CalendarYear(year, actor))
    return render_template(
        "calendar.html",
        year=year,
        source=found.source,
        workdays=sum(month.workdays for month in months),
        months=[_month(one) for one in months],
        kinds=_legend(),
        weekdays=[str(one) for one in WEEKDAYS],
        may_import=in_group(actor, *KEEPERS),
    )


@blueprint.get("/calendars/import", endpoint="new")
@login_required
def new() -> ResponseReturnValue:
    actor = _importer()
    asked = request.args.get("year", "")
    year = asked if asked.isdecimal() else str(ask(CalendarYears(actor)).missing)
    return _form({"year": year[:4]}, {}, None)


@blueprint.post("/calendars/import", endpoint="bring")
@login_required(back="calendar.new")
def bring() -> ResponseReturnValue:
    """`action`: preview shows what would come of it, import does it."""
    actor = _importer()
    typed = {name: request.form.get(name, "").strip() for name in ("year", "rest", "work", "source_doc")}
    errors: dict[str, str] = {}
    year = int(typed["year"]) if re.fullmatch(r"\d{4}", typed["year"]) else 0
    if not EARLIEST <= year <= LATEST:
        errors["year"] = gettext("请填四位数的年份，例如 2027。")
    rest = _read(typed, "rest", year, errors)
    work = _read(typed, "work", year, errors)
    if not errors and not rest:
        errors["rest"] = gettext("请至少填一天：没有放假的年份是没有的。")
    if len(typed["source_doc"]) < 5 or len(typed["source_doc"]) > LONGEST_SOURCE:
        errors["source_doc"] = gettext("请写明国务院办公厅通知的名称与文号，5 到 {n} 字。", n=LONGEST_SOURCE)
    if errors:
        return _form(typed, errors, None), 422
    try:
        preview = ask(CalendarPreview(year, rest, work, actor))
        if request.form.get("action") != "import":
            return _form(typed, {}, preview)
        done = run(
            ImportCalendar(year, rest, work, typed["source_doc"], actor), key=request.form.get("_key"), actor=actor
        )
    except Refused as error:
        return _form(typed, {"work" if error.code == "BAD_CALENDAR" else "": str(error.text)}, None), 422
    say(gettext("{year} 年的工作日历已导入，是第 {n} 版。", year=year, n=done["version"]))
    return redirect(url_for("calendar.show", year=year), 303)


def _importer() -> Actor:
    actor = me()
    if not in_group(actor, *KEEPERS):
        raise Forbidden(T("只有流程负责人和系统管理员可以导入日历。"))
    return actor


def _read(typed: Mapping[str, str], field: str, year: int, errors: dict[str, str]) -> list[date]:
    try:
        return read_days(typed[field], year)
    except ValueError as wrong:
        errors[field] = gettext("“{line}”不是日期。一行写一天，或写一段，例如 10-01 至 10-07。", line=str(wrong))
        return []


def read_days(text: str, year: int) -> list[date]:
    """The days of a list: one a line, or parted by commas; `2027-10-01`, `10-01`, `10月1日`, `10-01 至 10-07`. In order,
    each once. Raises ValueError with the piece that is no date."""
    found: set[date] = set()
    for piece in _SEPARATORS.split(text[:LONGEST_LIST]):
        wanted = piece.strip()
        if not wanted:
            continue
        ends = [_day(end, year, wanted) for end in _SPAN.split(wanted)]
        if len(ends) > 2 or ends[-1] < ends[0] or (ends[-1] - ends[0]).days > 60:
            raise ValueError(wanted)
        found.update(date.fromordinal(n) for n in range(ends[0].toordinal(), ends[-1].toordinal() + 1))
    return sorted(found)


def _day(text: str, year: int, wanted: str) -> date:
    parts = _DATE.match(text.strip())
    if parts is None:
        raise ValueError(wanted)
    try:
        return date(int(parts[1] or year), int(parts[2]), int(parts[3]))
    except ValueError as wrong:
        raise ValueError(wanted) from wrong


def _form(typed: Mapping[str, str], errors: Mapping[str, str], preview: Preview | None) -> str:
    return render_template(
        "calendar_import.html",
        typed={"year": "", "rest": "", "work": "", "source_doc": "", **typed},
        errors=dict(errors),
        summary=[(field, sentence) for field, sentence in errors.items()],
        preview=_preview(preview) if preview else None,
        key=new_id(),
        kinds=_legend(),
        weekdays=[str(one) for one in WEEKDAYS],
    )


def _preview(found: Preview) -> dict[str, Any]:
    moves = [
        {
            "title": move.title,
            "now": words.until(move.closes_now),
            "then": words.until(move.closes_at),
            "computed": words.until(move.computed),
            "shorter": move.shorter,
            "moves": move.closes_at != move.closes_now,
        }
        for move in found.moves
    ]
    return {
        "year": found.year,
        "before": found.before,
        "workdays": found.workdays,
        "strange": not FEWEST <= found.workdays <= MOST,
        "months": [_month(one) for one in found.months],
        "later": [move for move in moves if move["moves"]],
        "shorter": [move for move in moves if move["shorter"]],
        "dropped": [words.day(day) for day in found.dropped],
    }


def _month(month: Month) -> dict[str, Any]:
    """Weeks of seven cells, from Monday; a cell outside the month is None."""
    cells: list[dict[str, Any] | None] = [None] * month.days[0][0].weekday()
    cells += [{"day": day.day, "kind": kind, "words": str(KINDS[kind])} for day, kind in month.days]
    cells += [None] * (-len(cells) % 7)
    return {
        "month": month.month,
        "name": str(MONTHS[month.month - 1]),
        "workdays": month.workdays,
        "weeks": [cells[start : start + 7] for start in range(0, len(cells), 7)],
        "rest": _listed(month, "rest"),
        "swapped": _listed(month, "swapped"),
    }


def _listed(month: Month, wanted: str) -> Sequence[int]:
    return [day.day for day, kind in month.days if kind == wanted]


def _legend() -> list[tuple[str, str]]:
    return [(kind, str(label)) for kind, label in KINDS.items()]
