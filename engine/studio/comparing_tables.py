"""Two decision tables: columns and rules, and the table itself with every cell before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lxml import etree

from engine.bpmn.xmlsafe import read_xml
from engine.studio.differences import (
    ADDED,
    CHANGED,
    MOVED,
    REMOVED,
    Cell,
    Detail,
    Difference,
    Grid,
    Row,
    differing,
    steady,
)
from forms.i18n import T, Text

NAMES: dict[str, Text] = {
    "name": T("名称"),
    "description": T("说明"),
    "hitPolicy": T("命中规则"),
    "aggregation": T("汇总方式"),
    "label": T("列名"),
    "expression": T("判断依据"),
    "typeRef": T("数据类型"),
    "values": T("可选值"),
    "needs": T("依据的决策和数据"),
    "literal": T("算式"),
}
COLUMN, RULE, DECISION, NOTE = T("列"), T("规则"), T("决策表"), T("说明")


@dataclass(frozen=True)
class _Column:
    key: str
    says: dict[str, str]

    @property
    def head(self) -> str:
        return self.says.get("label") or self.says.get("name") or self.says.get("expression", "")


@dataclass(frozen=True)
class _Rule:
    id: str
    cells: dict[str, str]  # column key -> text
    note: str


@dataclass(frozen=True)
class _Decision:
    says: dict[str, str]
    columns: tuple[_Column, ...]
    rules: tuple[_Rule, ...]


def tables(left: bytes | None, right: bytes | None) -> tuple[list[Difference], list[Grid]] | None:
    """None where one of them cannot be read."""
    before, after = (_decisions(raw) if raw is not None else {} for raw in (left, right))
    if before is None or after is None:
        return None
    found: list[Difference] = []
    grids: list[Grid] = []
    for key in [*before, *(key for key in after if key not in before)]:
        old, new = before.get(key), after.get(key)
        if old is None or new is None:
            there = old or new
            if there is not None:
                found.append(Difference(REMOVED if new is None else ADDED, key, DECISION, there.says["name"] or key))
                grids.append(_grid(key, old or _empty(), new or _empty(), there.says["name"] or key))
            continue
        details = differing(old.says, new.says, NAMES)
        if details:
            found.append(Difference(CHANGED, key, DECISION, new.says["name"] or key, details))
        found += _columns(old, new)
        rules = _rules(old, new)
        found += rules
        if old != new:
            grids.append(_grid(key, old, new, new.says["name"] or key))
    return found, grids


def _empty() -> _Decision:
    return _Decision({"name": ""}, (), ())


def _columns(old: _Decision, new: _Decision) -> list[Difference]:
    before, after = ({column.key: column for column in decision.columns} for decision in (old, new))
    found = [Difference(ADDED, key, COLUMN, after[key].head) for key in after if key not in before]
    found += [Difference(REMOVED, key, COLUMN, before[key].head) for key in before if key not in after]
    for key in before:
        if key in after and (details := differing(before[key].says, after[key].says, NAMES)):
            found.append(Difference(CHANGED, key, COLUMN, after[key].head, details))
    return found


def _pairs(old: _Decision, new: _Decision) -> list[tuple[_Rule | None, _Rule | None, bool]]:
    """(rule before, rule after, has it moved among the others), in the order of the new table; what is gone stands where it was.
    Rules are the same by their id; those of other ids by what they say."""
    by_id = {rule.id: rule for rule in old.rules if rule.id}
    partner: dict[int, _Rule] = {}
    taken: set[int] = set()
    for index, rule in enumerate(new.rules):
        if rule.id in by_id and id(by_id[rule.id]) not in taken:
            partner[index] = by_id[rule.id]
            taken.add(id(by_id[rule.id]))
    alike: dict[tuple[tuple[str, str], ...], list[_Rule]] = {}
    for rule in reversed(old.rules):
        if id(rule) not in taken:
            alike.setdefault(tuple(rule.cells.items()), []).append(rule)
    for index, rule in enumerate(new.rules):
        if index not in partner and (same := alike.get(tuple(rule.cells.items()))):
            partner[index] = same.pop()
            taken.add(id(partner[index]))
    place = {id(rule): n for n, rule in enumerate(old.rules)}
    order = [place[id(partner[n])] for n in sorted(partner)]
    kept = steady(order)
    pairs: list[tuple[_Rule | None, _Rule | None, bool]] = []
    waiting = [rule for rule in old.rules if id(rule) not in taken]
    for index, rule in enumerate(new.rules):
        was = partner.get(index)
        if was is not None:
            while waiting and place[id(waiting[0])] < place[id(was)]:
                pairs.append((waiting.pop(0), None, False))
        pairs.append((was, rule, was is not None and place[id(was)] not in kept))
    return [*pairs, *((rule, None, False) for rule in waiting)]


def _rules(old: _Decision, new: _Decision) -> list[Difference]:
    heads = {column.key: column.head for column in (*old.columns, *new.columns)}
    found = []
    numbers = {id(rule): n for rules in (old.rules, new.rules) for n, rule in enumerate(rules, 1)}
    for was, now, moved in _pairs(old, new):
        there = now or was
        if there is None:
            continue
        name = f"{numbers[id(there)]}" + (f" · {there.note}" if there.note else "")
        if was is None or now is None:
            cells = tuple(
                Detail(heads.get(key, key), text if now is None else None, text if was is None else None)
                for key, text in there.cells.items()
                if text
            )
            found.append(Difference(ADDED if was is None else REMOVED, there.id, RULE, name, cells))
            continue
        names: dict[str, Text | str] = dict(heads)
        details = tuple(
            Detail(names.get(key, key), was.cells.get(key), now.cells.get(key))
            for key in heads
            if key in was.cells and key in now.cells and was.cells[key] != now.cells[key]
        )
        if was.note != now.note:
            details = (*details, Detail(NOTE, was.note or None, now.note or None))
        if details:
            found.append(Difference(CHANGED, now.id, RULE, name, details))
        elif moved:
            was_at, now_at = str(numbers[id(was)]), str(numbers[id(now)])
            found.append(Difference(MOVED, now.id, RULE, name, (Detail(T("次序"), was_at, now_at),)))
    return found


def _grid(key: str, old: _Decision, new: _Decision, name: str) -> Grid:
    before, after = ({column.key: column for column in decision.columns} for decision in (old, new))
    keys = [*after, *(column for column in before if column not in after)]
    heads = [_cell(before[k].head if k in before else None, after[k].head if k in after else None) for k in keys]
    rows = []
    for was, now, moved in _pairs(old, new):
        cells = [
            _cell(
                was.cells.get(k, "") if was is not None and k in before else None,
                now.cells.get(k, "") if now is not None and k in after else None,
            )
            for k in keys
        ]
        cells.append(_cell(was.note if was is not None else None, now.note if now is not None else None))
        if was is None:
            sort = ADDED
        elif now is None:
            sort = REMOVED
        else:
            sort = CHANGED if any(cell.sort != "same" for cell in cells) else MOVED if moved else "same"
        rows.append(Row(sort, tuple(cells)))
    return Grid(key, name, tuple(heads), tuple(rows))


def _cell(before: str | None, after: str | None) -> Cell:
    sort = ADDED if before is None else REMOVED if after is None else "same" if before == after else CHANGED
    return Cell(sort, before or "", after or "")


def _decisions(raw: bytes) -> dict[str, _Decision] | None:
    root, _ = read_xml("", raw)
    if root is None:
        return None
    return {
        element.get("id", ""): _decision(element)
        for element in root
        if isinstance(element.tag, str) and _local(element) == "decision"
    }


def _decision(element: Any) -> _Decision:
    says = {"name": element.get("name", ""), "description": _text(element, "description")}
    needs = [one.get("href", "") for one in element.iter() if _local(one).startswith("required")]
    says["needs"] = "、".join(needs)
    table = next((child for child in element if _local(child) == "decisionTable"), None)
    if table is None:
        literal = next((child for child in element if _local(child) == "literalExpression"), None)
        if literal is not None:
            says["literal"] = _text(literal, "text")
        return _Decision(says, (), ())
    says["hitPolicy"] = table.get("hitPolicy", "UNIQUE")
    says["aggregation"] = table.get("aggregation", "")
    columns: list[_Column] = []
    for child in table:
        if _local(child) == "input":
            columns.append(_Column(child.get("id") or f"input {len(columns)}", _input(child)))
        elif _local(child) == "output":
            columns.append(_Column(child.get("id") or f"output {len(columns)}", _output(child)))
    rules = []
    for child in table:
        if _local(child) == "rule":
            texts = [_text(one, "text") for one in child if _local(one) in ("inputEntry", "outputEntry")]
            cells = {column.key: text for column, text in zip(columns, texts, strict=False)}
            rules.append(_Rule(child.get("id", ""), cells, _text(child, "description")))
    return _Decision(says, tuple(columns), tuple(rules))


def _input(element: Any) -> dict[str, str]:
    says = {"label": element.get("label", "")}
    for child in element:
        if _local(child) == "inputExpression":
            says |= {"expression": _text(child, "text"), "typeRef": child.get("typeRef", "")}
        elif _local(child) == "inputValues":
            says["values"] = _text(child, "text")
    return says


def _output(element: Any) -> dict[str, str]:
    says = {name: element.get(name, "") for name in ("label", "name", "typeRef")}
    for child in element:
        if _local(child) == "outputValues":
            says["values"] = _text(child, "text")
    return says


def _text(element: Any, name: str) -> str:
    found = next((child for child in element if _local(child) == name), None)
    return "" if found is None else "".join(found.itertext()).strip()


def _local(element: Any) -> str:
    return str(etree.QName(element).localname) if isinstance(element.tag, str) else ""
