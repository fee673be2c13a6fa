"""What a scenario expects, compared with what is there. Every difference is one sentence: what was expected, what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from engine import history
from engine.clock import SHANGHAI
from engine.scenarios.scene import Scene
from engine.scenarios.script import instant
from engine.store import tables as t
from engine.store.metadata import metadata
from forms.i18n import T, Text

MOST_ROWS = 1_000  # looked at in one table
STEPS = ("completed", "ended", "timer_fired", "message_caught")  # lines that show where a case has been

Place = tuple[str, str]  # (process key, element id)


class Differs(Exception):
    """Something is not as expected."""

    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


def expect(scene: Scene, given: Mapping[str, Any], *, last: bool) -> None:
    """Compare all that `given` says. Incidents nobody expects are a difference at the `last`. Raises Differs, FeelError."""
    of = given.get("of")
    instance_id = scene.instance(of)
    if instance_id is not None:
        _standing(scene, instance_id, given)
    elif any(key in given for key in ("of", "open", "waits", "ended", "path", "variables")):
        raise Differs(T("流程“{key}”没有被发起。", key=of or scene.process))
    if "incidents" in given or last:
        _same_list("incidents", sorted(given.get("incidents") or ()), _incidents(scene, instance_id if of else None))
    variables = scene.variables(instance_id)
    for condition in given.get("that") or ():
        if scene.evaluate(condition.removeprefix("="), variables) is not True:
            raise Differs(T("“{condition}”不成立。", condition=condition))
    for wanted in given.get("register") or ():
        _register(scene, wanted)


def _standing(scene: Scene, instance_id: str, given: Mapping[str, Any]) -> None:
    """Where the instance stands, how it got there, and what it knows."""
    row = _instance(scene, instance_id)
    for key, look in (("open", _open), ("waits", _waits)):
        if key in given:
            _same_list(key, sorted(given[key]), look(scene, instance_id, row))
    if "ended" in given and given["ended"] != row["end_element"]:
        found = row["end_element"] or T("还在办理：{open}", open=_open(scene, instance_id, row) or [row["state"]])
        raise Differs(T("应结束于“{wanted}”，实际{found}。", wanted=given["ended"], found=found))
    variables = scene.variables(instance_id)
    for name, wanted in scene.value(given.get("variables") or {}).items():
        if not _same(variables.get(name), wanted):
            text = T(
                "变量 {name} 应为 {wanted}，实际是 {found}。",
                name=name,
                wanted=shown(wanted),
                found=shown(variables.get(name)),
            )
            raise Differs(text)
    if "path" in given:
        _path(scene, instance_id, given["path"])


def shown(value: Any) -> str:
    """A value as a sentence shows it."""
    if isinstance(value, datetime):
        value = value.astimezone(SHANGHAI).isoformat()
    return "null" if value is None else str(value)[:300]


def describe(scene: Scene) -> Text:
    """Where the scenario's instance stands, for whoever looks for the mistake."""
    instance_id = scene.instance()
    if instance_id is None:
        return T("流程还没有发起。")
    row = _instance(scene, instance_id)
    incident = t.incident.c
    with scene.snapshot() as connection:
        query = select(t.incident).where(incident.state != "resolved").order_by(incident.created_at)
        failed = connection.execute(query).mappings().first()
    if failed is not None:
        element, why = scene.label(failed["element_id"] or ""), Text.load(failed["text"])
        return T("“{element}”这一步出错：{code} {why}", element=element, code=failed["code"], why=why)
    if row["end_element"]:
        return T("流程已经结束于“{end}”。", end=scene.label(row["end_element"]))
    standing = _open(scene, instance_id, row) + _waits(scene, instance_id, row)
    return T("现在停在：{open}。", open=[scene.label(each) for each in standing] or [row["state"]])


def observed(scene: Scene) -> dict[str, Any]:
    """What a scenario would expect that ends here: how the scenario's instance stands and which way it came."""
    instance_id = scene.instance()
    if instance_id is None:
        return {}
    row = _instance(scene, instance_id)
    found: dict[str, Any] = {}
    if row["end_element"]:
        found["ended"] = row["end_element"]
    else:
        found |= {"open": _open(scene, instance_id, row), "waits": _waits(scene, instance_id, row)}
    if failed := _incidents(scene, None):
        found["incidents"] = failed
    with scene.snapshot() as connection:
        lines = [line for line in history.read(connection, instance_id) if line.kind in STEPS and line.element_id]
    path = [line.element_id for line in lines if line.kind != "completed" or scene.human(line.element_id or "")]
    if path:
        found["path"] = path
    return found


def standing(scene: Scene) -> frozenset[Place]:
    """Where the tokens of all instances stand: open tasks, timers, awaited messages, steps that failed."""
    places: set[Place] = set()
    with scene.snapshot() as connection:
        for table in (t.task, t.timer, t.waiting_message, t.incident):
            query = select(table.c.definition_key, table.c.element_id)
            if table is t.task:
                query = query.where(t.task.c.state == "open")
            if table is t.incident:
                query = query.where(t.incident.c.state != "resolved")
            places |= {(key, element) for key, element in connection.execute(query) if key and element}
    return frozenset(places)


def _instance(scene: Scene, instance_id: str) -> Any:
    with scene.snapshot() as connection:
        return connection.execute(select(t.instance).where(t.instance.c.id == instance_id)).mappings().one()


def _open(scene: Scene, instance_id: str, _row: Any) -> list[str]:
    task = t.task.c
    with scene.snapshot() as connection:
        found = connection.scalars(select(task.element_id).where(task.instance_id == instance_id, task.state == "open"))
        return sorted(found)


def _waits(scene: Scene, instance_id: str, row: Any) -> list[str]:
    """Where tokens stand that no person has to move: timers, messages, called processes' own waits."""
    if row["state"] in ("completed", "cancelled"):
        return []
    with scene.snapshot() as connection:
        timers = connection.scalars(select(t.timer.c.element_id).where(t.timer.c.instance_id == instance_id)).all()
        messages = connection.scalars(
            select(t.waiting_message.c.element_id).where(t.waiting_message.c.instance_id == instance_id)
        ).all()
    return sorted({*timers, *messages})


def _incidents(scene: Scene, instance_id: str | None) -> list[str]:
    incident = t.incident.c
    query = select(incident.element_id).where(incident.state != "resolved")
    if instance_id is not None:
        query = query.where(incident.instance_id == instance_id)
    with scene.snapshot() as connection:
        return sorted(element or "" for element in connection.scalars(query))


def _same_list(key: str, wanted: Sequence[Any], found: Sequence[Any]) -> None:
    if list(wanted) != list(found):
        raise Differs(T("“{key}”应为 [{wanted}]，实际是 [{found}]。", key=key, wanted=list(wanted), found=list(found)))


def _register(scene: Scene, wanted: Mapping[str, Any]) -> None:
    name = wanted["table"]
    table = metadata.tables.get(name)
    if table is None:
        raise Differs(T("没有登记表“{name}”。", name=name))
    where, has = scene.value(wanted.get("where") or {}), scene.value(wanted.get("has") or {})
    for column in (*where, *has):
        if column not in table.c:
            raise Differs(T("登记表“{name}”没有“{column}”这一栏。", name=name, column=column))
    with scene.snapshot() as connection:
        rows = [dict(row) for row in connection.execute(select(table).limit(MOST_ROWS)).mappings()]
    rows = [row for row in rows if all(_same(row[column], value) for column, value in where.items())]
    matching = [row for row in rows if all(_same(row[column], value) for column, value in has.items())]
    count = wanted.get("count")
    if count is not None and len(matching) != count:
        raise Differs(T("登记表“{name}”应有 {n} 条符合，实际 {found} 条。", name=name, n=count, found=len(matching)))
    if count is None and not matching:
        found = [{column: shown(row[column]) for column in has} for row in rows[:5]]
        raise Differs(
            T(
                "登记表“{name}”中没有 {wanted}；有的是 {found}。",
                name=name,
                wanted=str(dict(has)),
                found=[str(each) for each in found],
            )
        )


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(value, datetime) and isinstance(wanted, str):
        try:
            return value == instant(wanted)
        except ValueError:
            return False
    if isinstance(value, date | Decimal):
        return str(value) == str(wanted)
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def _path(scene: Scene, instance_id: str, wanted: Sequence[str]) -> None:
    """The elements in this order, others between them allowed."""
    with scene.snapshot() as connection:
        walked = [line.element_id for line in history.read(connection, instance_id) if line.kind in STEPS]
    steps = iter(walked)
    for element in wanted:
        if not any(step == element for step in steps):
            raise Differs(
                T(
                    "走过的路上没有（或次序不对）“{element}”；走过：{walked}。",
                    element=element,
                    walked=list(dict.fromkeys(walked)),
                )
            )
