"""A decision table in words: its columns by their labels, its cells as an official reads them.

Works on the stored DMN text of a definition, already gated at upload. A cell of a shape not known here is shown as written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from engine.bpmn.xmlsafe import read_xml
from forms.i18n import T, Text, gettext
from processes.candidate.words import EDUCATION, TITLE

DMN = "{https://www.omg.org/spec/DMN/20191111/MODEL/}"

RESULT: dict[str, Text] = {
    "passed": T("通过"),
    "failed": T("未通过"),
    "no_quorum": T("出席人数不足，不能表决"),
}
WORDS: dict[str, Text] = {**TITLE, **EDUCATION, **RESULT, "true": T("是"), "false": T("否")}

_TEXTS = re.compile(r'\s*"[^"]*"\s*(?:,\s*"[^"]*"\s*)*')
_AT_LEAST = re.compile(r">=\s*(\d+)")


@dataclass(frozen=True)
class Column:
    """`expression`: what an input tests, or the name of an output."""

    label: str
    expression: str
    output: bool


@dataclass(frozen=True)
class Row:
    """`cells` are the texts of the table, column by column; `note` is the rule's own description."""

    cells: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class DecisionTable:
    name: str
    description: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def words(self) -> list[list[str]]:
        """Every row in words, in the reader's language."""
        return [
            [in_words(column, cell) for column, cell in zip(self.columns, row.cells, strict=True)] for row in self.rows
        ]


def in_words(column: Column, cell: str) -> str:
    """One cell: `"archivist"` is 馆员, `>= 4` in a column of years 满 4 年, `-` 不限."""
    if cell in ("", "-"):
        return gettext("不限") if not column.output else ""
    if _TEXTS.fullmatch(cell):
        return gettext("{all}", all=[_word(text) for text in re.findall(r'"([^"]*)"', cell)])
    at_least = _AT_LEAST.fullmatch(cell)
    if at_least:
        years = column.expression.startswith("years_")
        return gettext("满 {n} 年", n=at_least[1]) if years else gettext("不少于 {n}", n=at_least[1])
    return _word(cell)


def _word(text: str) -> str:
    return str(WORDS.get(text, text))


@lru_cache(maxsize=32)
def read(content: bytes) -> DecisionTable | None:
    """The first decision table of a DMN text; None where it holds none. Raises ValueError for a text that is not XML."""
    root, problems = read_xml("", content)
    if root is None:
        raise ValueError(str(problems[0].text) if problems else "not XML")
    decision = root.find(f"{DMN}decision")
    table = decision.find(f"{DMN}decisionTable") if decision is not None else None
    if decision is None or table is None:
        return None
    inputs = [
        Column(one.get("label") or "", _text(one, "inputExpression/text"), output=False)
        for one in table.findall(f"{DMN}input")
    ]
    outputs = [
        Column(one.get("label") or one.get("name") or "", one.get("name") or "", output=True)
        for one in table.findall(f"{DMN}output")
    ]
    rows = tuple(
        Row(
            tuple(_text(cell, "text") for tag in ("inputEntry", "outputEntry") for cell in rule.findall(f"{DMN}{tag}")),
            _text(rule, "description"),
        )
        for rule in table.findall(f"{DMN}rule")
    )
    return DecisionTable(decision.get("name") or "", _text(decision, "description"), (*inputs, *outputs), rows)


def _text(node: Any, path: str) -> str:
    found = node.findtext("/".join(f"{DMN}{part}" for part in path.split("/")))
    return " ".join((found or "").split())
