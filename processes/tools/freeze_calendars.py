"""Freeze the published working-day calendars of the development package `chinesecalendar` into `processes/calendars`.

    .venv/bin/python -m processes.tools.freeze_calendars

One file per year; a year the package does not know (it raises) gets no file, so that a look-up into it fails loudly.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import chinese_calendar

FIRST, LAST = 2004, 2026
FOLDER = Path(__file__).resolve().parent.parent / "calendars"
NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "中国人民抗日战争暨世界反法西斯战争胜利70周年纪念日",
}


def frozen_year(year: int) -> dict[str, Any]:
    """The days on which `year` differs from "Monday to Friday": rest days on weekdays, working days on weekends."""
    rest: dict[str, str] = {}
    work: dict[str, str] = {}
    day = date(year, 1, 1)
    while day.year == year:
        works, weekday = chinese_calendar.is_workday(day), day.weekday() < 5
        if works != weekday:
            _, name = chinese_calendar.get_holiday_detail(day)
            (work if works else rest)[day.isoformat()] = NAMES[name or chinese_calendar.constants.workdays[day]]
        day += timedelta(days=1)
    return {
        "jurisdiction": "CN",
        "year": year,
        "status": "official",
        "source": f"国务院办公厅关于{year}年部分节假日安排的通知",
        "frozen_from": f"chinesecalendar {version('chinesecalendar')}",
        "rest": rest,
        "work": work,
    }


def main() -> None:
    for year in range(FIRST, LAST + 1):
        text = json.dumps(frozen_year(year), ensure_ascii=False, indent=1) + "\n"
        (FOLDER / f"{year}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
