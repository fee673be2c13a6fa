"""The working-day calendar on its pages: a year as months, importing one after a look at what it does, and the warning before it runs out."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from processes.calendars import frozen
from processes.publicity.calendar_years import CalendarYears, months, workdays
from web.pages.calendars import read_days

REST_2027 = "2027-01-01\n02-05 至 02-11\n4月5日\n05-03 至 05-05\n06-09\n10-01 至 10-07"
WORK_2027 = "02-14；02-20\n10-09"
NEW = {"year": "2027", "rest": REST_2027, "work": WORK_2027, "source_doc": "国办发明电〔2026〕99号（演示）"}


def test_years_are_listed_with_their_working_days(browse) -> None:
    page = browse("clerk").open("/calendars")
    assert "2026 年" in page
    assert "248 个" in page
    assert "国务院办公厅关于2026年部分节假日安排的通知" in page
    assert "下一个要导入的是 2027 年" in page
    assert "离那一年不到一个季度" not in page
    assert "/calendars/import" not in page, "importing is the owner's and the administrator's"


def test_a_year_that_runs_out_is_warned_of_a_quarter_ahead(browse, engine) -> None:
    engine.work(until=engine.clock.now().replace(month=10, day=2))
    admin = browse("admin")
    assert "离那一年不到一个季度" in admin.open("/calendars")
    assert "离那一年不到一个季度" in admin.open("/work"), "where the administrator looks first"
    assert "离那一年不到一个季度" not in browse("clerk").open("/work")


def test_a_quarter_ahead_begins_in_october(engine, who) -> None:
    def urgent(day: str) -> bool:
        engine.clock.set(engine.clock.now().replace(month=int(day[:2]), day=int(day[3:]), hour=4))
        return bool(engine.ask(CalendarYears(who("clerk"))).urgent)

    assert [urgent(day) for day in ("09-30", "10-01", "12-31")] == [False, True, True]


def test_a_year_reads_as_twelve_months(browse) -> None:
    page = browse("clerk").open("/calendars/2026")
    assert page.count('class="zp-month"') == 12
    october = re.search(r"10 月，18 个工作日.*?</table>", page, re.S)
    assert october
    rest = re.findall(r'zp-day-rest">(\d+)<', october[0])
    assert rest == ["1", "2", "5", "6", "7"]
    assert re.findall(r'zp-day-swapped">(\d+)<', october[0]) == ["10"]
    assert "调休上班" in october[0], "said in words too, not by colour alone"


def test_the_months_of_a_year_hold_all_its_days() -> None:
    for year in frozen().years.values():
        days = [day for month in months(year) for day, _ in month.days]
        assert days == [date(year.year, 1, 1) + timedelta(days=n) for n in range(len(days))]
        assert days[-1] == date(year.year, 12, 31)
        assert workdays(year) == sum(year.is_workday(day) for day in days)


def test_an_import_is_looked_at_first_and_changes_nothing_until_then(browse) -> None:
    browser = browse("admin")
    assert 'value="2027"' in browser.open("/calendars/import")
    page = browser.send("/calendars/import", NEW | {"action": "preview"})
    assert "预览：2027 年共" in page
    assert "没有公示受影响" in page
    assert page.count('class="zp-month"') == 12
    assert "/calendars/2027" not in browse("clerk").open("/calendars")
    page = browser.send("/calendars/import", NEW | {"action": "import", "_key": "once"})
    assert "2027 年的工作日历已导入，是第 2 版" in page
    assert browser.path == "/calendars/2027"
    listed = browser.open("/calendars")
    assert "国办发明电〔2026〕99号（演示）" in listed
    assert "下一个要导入的是 2028 年" in listed
    assert "导入记录" in listed


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"year": "27"}, "year", "四位数"),
        ({"rest": ""}, "rest", "至少填一天"),
        ({"rest": "国庆节"}, "rest", "不是日期"),
        ({"rest": "2027-02-30"}, "rest", "不是日期"),
        ({"rest": "10-07 至 10-01"}, "rest", "不是日期"),
        ({"work": "10-11"}, "work", "周六或周日"),
        ({"work": "2028-01-01"}, "work", "2027 年的日历不对"),
        ({"source_doc": "x"}, "source_doc", "文号"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(browse, changed, field, words) -> None:
    browser = browse("admin")
    browser.open("/calendars/import")
    page = browser.send("/calendars/import", NEW | changed | {"action": "import"})
    assert browser.status == 422
    wrong = re.search(rf'id="{field}-error">(.*?)</p>', page)
    assert wrong
    assert words in wrong[1]
    assert "/calendars/2027" not in browser.open("/calendars")


def test_a_number_of_working_days_that_no_year_had_is_pointed_out(browse) -> None:
    browser = browse("admin")
    browser.open("/calendars/import")
    page = browser.send("/calendars/import", NEW | {"rest": "01-01", "action": "preview"})
    assert "这个数不寻常" in page


def test_owners_and_administrators_alone_import(browse) -> None:
    page = browse("owner").open("/calendars/import")
    assert "依据" in page
    for username in ("clerk", "c-001"):
        browser = browse(username)
        browser.open("/calendars/import")
        assert browser.status == 403, username
        browser.open("/work")
        browser.send("/calendars/import", NEW | {"action": "import"})
        assert browser.status == 403, username


def test_a_year_that_is_not_there_is_not_found(browse) -> None:
    browser = browse("clerk")
    browser.open("/calendars/2099")
    assert browser.status == 404


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2027-10-01", ["2027-10-01"]),
        ("10-01\n10.02，10/3；2027年10月4日、10月5日", [f"2027-10-0{n}" for n in range(1, 6)]),
        ("10-01 至 10-03\n10-02", ["2027-10-01", "2027-10-02", "2027-10-03"]),
        ("12-31～2028-01-01", ["2027-12-31", "2028-01-01"]),
        ("\n \n", []),
    ],
)
def test_days_are_read_as_people_write_them(text: str, days: list[str]) -> None:
    assert [day.isoformat() for day in read_days(text, 2027)] == days


@pytest.mark.parametrize("text", ["13-01", "02-30", "1", "a", "10-01 至", "10-01 至 10-02 至 10-03", "01-01 至 12-31"])
def test_what_is_no_date_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        read_days(text, 2027)
