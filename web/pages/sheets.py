"""Lists as files for a spreadsheet: UTF-8 with the mark Excel wants, and nothing in a cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from flask import Response

from processes.rules.privacy import personal_number

_RUNS = re.compile(
    r"^\s*[=+\-@\t\r＝＋－＠]"
)  # a cell that begins so is taken for a formula, by some also in full width
HIDDEN = "***"


def safe_cell(value: object) -> str:
    """The text of a cell: with a leading ' where a spreadsheet would take it for a formula, without personal numbers."""
    text = "" if value is None else str(value)
    if personal_number(text) is not None:
        text = HIDDEN
    return f"'{text}" if _RUNS.match(text) else text


def download(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """`name`: ASCII, ending in .csv."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow([safe_cell(each) for each in head])
    for row in rows:
        writer.writerow([safe_cell(each) for each in row])
    response = Response("\ufeff" + written.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
