"""From what a person typed or a program sent to the value that is kept. Pure functions; `Bad` says what to do.

Everything that leaves here is JSON-safe. Instants are kept in the official time of China, UTC+08:00.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

from forms.i18n import T, Text

CHINA = timezone(timedelta(hours=8))
MAX_TEXT = 100_000
MAX_DIGITS = 15  # what a double, and so JSON and FEEL, keeps exactly
YEARS = (1900, 2200)

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,18}|[0-9]{1,3}(?:,[0-9]{3}){1,5})(?:\.[0-9]{1,15})?")
_DATE = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,6})?)?")
# Direction marks can make a name read differently from what is stored.
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Bad(ValueError):
    """The value cannot be kept; `text` names the field and says what to do."""

    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


def is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or (isinstance(value, list) and not value)


def is_empty(value: Any) -> bool:
    """Nothing filled in: a row that was added and left alone, with its unchecked boxes."""
    if isinstance(value, Mapping):
        return all(is_empty(inner) for inner in value.values())
    if isinstance(value, list):
        return all(is_empty(inner) for inner in value)
    return value is False or is_blank(value)


def unprintable(value: str, *, lines: bool = True) -> bool:
    """NUL, control characters, lone surrogates and direction marks; line breaks and tabs too unless `lines`."""
    allowed = "\n\t" if lines else ""
    return any((unicodedata.category(c) in ("Cc", "Cs") and c not in allowed) or c in _DIRECTION for c in value)


def to_text(value: Any, label: Text, *, lines: bool = False) -> str:
    """Trimmed, line breaks as `\\n`. Raises `Bad`."""
    if not isinstance(value, str):
        raise Bad(T("“{label}”应填写文字。", label=label))
    value = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(value) > MAX_TEXT:
        raise Bad(T("“{label}”太长：最多 {max} 字，现有 {n} 字。", label=label, max=MAX_TEXT, n=len(value)))
    if unprintable(value, lines=lines):
        raise Bad(T("“{label}”中有无法保存的字符（如控制字符、换行），请删去后重新填写。", label=label))
    return value


def to_decimal(value: Any, label: Text) -> Decimal:
    """Full-width digits and thousands separators are understood. Raises `Bad`."""
    wrong = Bad(T("“{label}”应填写数字，例如 12 或 12.5。", label=label))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise wrong
    text = unicodedata.normalize("NFKC", value if isinstance(value, str) else _plain(value)).strip()
    text = text.replace("\u2212", "-").replace("，", ",")
    if not _NUMBER.fullmatch(text):
        raise wrong
    number = Decimal(text.replace(",", ""))
    if len(number.normalize().as_tuple().digits) > MAX_DIGITS:
        raise Bad(T("“{label}”的数字太长，最多 {max} 位。", label=label, max=MAX_DIGITS))
    return number


def _plain(value: int | float) -> str:
    if isinstance(value, int):
        return str(value) if abs(value) < 10**18 else ""
    return format(Decimal(repr(value)), "f") if value == value and abs(value) < 1e18 else ""


def from_decimal(number: Decimal) -> int | float:
    """Whole numbers as int, others as float; `repr` of the float shows the digits that were typed."""
    return int(number) if number == number.to_integral_value() else float(number)


def to_number(value: Any, label: Text) -> int | float:
    return from_decimal(to_decimal(value, label))


def to_date(value: Any, label: Text) -> str:
    """`2026-06-01`; also understands `2026/6/1` and `2026年6月1日`. Raises `Bad`."""
    found = _DATE.fullmatch(_folded(value))
    if found:
        year, month, day = (int(part) for part in found.groups())
        if YEARS[0] <= year <= YEARS[1]:
            try:
                return date(year, month, day).isoformat()
            except ValueError:
                pass  # 31 February and the like: told below with all other mistakes
    raise Bad(T("“{label}”应填写真实的日期，例如 2026-06-01。", label=label))


def to_time(value: Any, label: Text) -> str:
    """`09:00:00`. Raises `Bad`."""
    found = _TIME.fullmatch(_folded(value))
    if found:
        hour, minute, second = (int(part or 0) for part in found.groups())
        if hour < 24 and minute < 60 and second < 60:
            return time(hour, minute, second).isoformat()
    raise Bad(T("“{label}”应填写真实的时间，例如 09:30。", label=label))


def to_instant(value: Any, label: Text) -> str:
    """`2026-06-01T09:00:00+08:00`; without an offset the time is China's. Raises `Bad`."""
    wrong = Bad(T("“{label}”应填写真实的日期和时间，例如 2026-06-01 09:30。", label=label))
    try:
        moment = datetime.fromisoformat(_folded(value))
        if not YEARS[0] <= moment.year <= YEARS[1]:
            raise wrong
        moment = moment.replace(tzinfo=CHINA) if moment.tzinfo is None else moment.astimezone(CHINA)
    except (ValueError, OverflowError):
        raise wrong from None
    return moment.replace(microsecond=0).isoformat()


def _folded(value: Any) -> str:
    return unicodedata.normalize("NFKC", value).strip() if isinstance(value, str) and len(value) <= 60 else ""


TEMPORAL = {"date": to_date, "time": to_time, "datetime": to_instant}
