"""The history of a case told to people: who did what and when, and why it went this way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.queries.views import EventItem
from forms.i18n import T, Text, gettext
from web.pages.nextsteps import turn
from web.pages.words import when

ValueWords = Callable[[str, Any], tuple[str, str] | None]
"""(variable, value) -> (what people call the variable, the value in words); None where only a programmer would understand."""


@dataclass(frozen=True)
class Teller:
    """How one reader is told: who acted (as they may know it), the name and the kind (BPMN tag) of the element a line is
    about, the branches a gateway took by name, values in words. `value` None: the values that decided are left out."""

    who: Callable[[EventItem], str]
    name: Callable[[EventItem], str]
    kind: Callable[[EventItem], str]
    way: Callable[[EventItem], list[str]]
    value: ValueWords | None


LONGEST_VALUE = 80


@dataclass(frozen=True)
class Line:
    """One line of a timeline. `kind`: person, system, decision, wait, trouble, end; it only chooses the mark beside it."""

    at: datetime
    text: str
    who: str = ""
    kind: str = "system"
    details: list[str] = field(default_factory=list)


_SAID: dict[str, tuple[str, Text]] = {
    "started": ("person", T("发起了这件事")),
    "claimed": ("person", T("领取“{name}”")),
    "unclaimed": ("person", T("放回“{name}”")),
    "assigned": ("person", T("“{name}”交给他人办理")),
    "delegated": ("person", T("“{name}”委托他人办理")),
    "called": ("system", T("进入“{name}”")),
    "timer_fired": ("wait", T("到期：{name}")),
    "message_caught": ("wait", T("收到：{name}")),
    "error_caught": ("trouble", T("按“{name}”处理")),
    "service_done": ("system", T("系统办理：{name}")),
    "ended": ("end", T("结束：{name}")),
    "retried": ("person", T("重试“{name}”")),
    "suspended": ("person", T("暂停整件事")),
    "resumed": ("person", T("恢复办理")),
    "cancellation_proposed": ("person", T("提出终止整件事，等另一人确认")),
    "cancellation_rejected": ("person", T("没有同意终止，照常办理")),
    "cancellation_withdrawn": ("person", T("撤回终止，照常办理")),
    "moved": ("person", T("移到另一个版本的流程")),
    "moved_back": ("person", T("撤回移动，仍按原来的版本办理")),
    "repair_proposed": ("person", T("提出修正这件事，等另一人确认")),
    "repaired": ("person", T("经两人确认，修正了这件事的办理")),
    "repair_rejected": ("person", T("没有同意修正，照旧办理")),
    "repair_withdrawn": ("person", T("撤回修正，照旧办理")),
}
# Of no use to an applicant: what the system does by itself, and what was only thought of.
_INSIDE = frozenset({"service_done", "repair_proposed", "repair_rejected", "repair_withdrawn"})
_DONE = T("办结“{name}”")
_STOPPED = T("终止整件事")
EVERYDAY = frozenset(
    {"INVALID", "CONFLICT"}
)  # a slip that was put right at once; kept in the history, not worth telling
PERSONAL = frozenset({"userTask", "manualTask", "task"})  # elements that a person does


def in_words(value: Any) -> str:
    """A value where no form says it better."""
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    if value is None:
        return gettext("未填")
    shown = str(value)
    return shown if len(shown) <= LONGEST_VALUE else shown[:LONGEST_VALUE] + "…"


def lines(events: Iterable[EventItem], teller: Teller) -> list[Line]:
    """What is worth telling, in the order given."""
    told = (line(event, teller) for event in events)
    return [one for one in told if one is not None]


def line(event: EventItem, teller: Teller) -> Line | None:
    if event.kind == "decided":
        told = _decision(event, teller)
        return Line(event.at, told, "", "decision", reasons(event, teller)) if told else None
    if event.kind == "refused" and event.data.get("code") in EVERYDAY:
        return None
    if event.text is not None:
        kind = "trouble" if event.kind in ("incident_opened", "refused") else "system"
        return Line(event.at, str(event.text), teller.who(event), kind)
    if event.kind in _INSIDE and teller.value is None:
        return None
    mark, sentence = _said(event, teller)
    name = teller.name(event)
    if sentence is None or (not name and "{name}" in sentence.message):
        return None
    text = str(Text(sentence.message, name=name)) if name else str(sentence)
    details = [gettext("理由：{reason}", reason=event.data["reason"])] if event.data.get("reason") else []
    return Line(event.at, text, teller.who(event) if mark == "person" else "", mark, details)


def _said(event: EventItem, teller: Teller) -> tuple[str, Text | None]:
    """The mark and the sentence of a line; no sentence for what is not worth telling (gateways passed, steps entered)."""
    if event.kind == "completed":
        return "person", _DONE if event.actor and teller.kind(event) in PERSONAL else None
    if event.kind == "cancelled":
        return "person", _STOPPED if event.element_id is None else None
    return _SAID.get(event.kind, ("system", None))


def _decision(event: EventItem, teller: Teller) -> str | None:
    """`材料齐全？需补正`; None where the branches have no names, as at a mere join of ways."""
    taken = teller.way(event)
    if not taken:
        return None
    way = gettext("{all}", all=taken)
    name = teller.name(event)
    return turn(name, way) if name else gettext("走向“{way}”", way=way)


def reasons(event: EventItem, teller: Teller) -> list[str]:
    """What the deciding conditions had read, each as `审核结论：需补正`."""
    if teller.value is None:
        return []
    read: dict[str, Any] = {}
    for condition in event.data.get("conditions", ()):
        read.update(condition.get("read") or {})
    told = (teller.value(variable, value) for variable, value in read.items())
    return [gettext("{label}：{value}", label=one[0], value=one[1]) for one in told if one is not None]


def why_here(events: list[EventItem], teller: Teller, limit: int = 3) -> list[str]:
    """Why a step was reached, from what went before it, in the order it happened; `events` oldest first, up to the step's own
    beginning. The story goes back to the last thing a person did."""
    told: list[str] = []
    for event in reversed(events):
        if len(told) == limit:
            break
        sentence = _because(event, teller)
        if sentence and sentence not in told:
            told.append(sentence)
        if event.kind == "started" or (event.kind == "completed" and teller.kind(event) in PERSONAL):
            break
    return told[::-1]


def _because(event: EventItem, teller: Teller) -> str | None:
    name = teller.name(event)
    who = teller.who(event) or gettext("系统")
    if event.kind == "decided":
        told, because = _decision(event, teller), "；".join(reasons(event, teller))
        return gettext("{told}（{reasons}）", told=told, reasons=because) if told and because else told
    if event.kind == "completed" and teller.kind(event) in PERSONAL:
        return gettext("{who}于 {at} 办结了“{name}”。", who=who, at=when(event.at), name=name)
    if event.kind == "timer_fired" and name:
        return gettext("{at} 到期：{name}。", at=when(event.at), name=name)
    if event.kind == "message_caught" and name:
        return gettext("{at} 收到：{name}。", at=when(event.at), name=name)
    if event.kind == "started":
        return gettext("{who}于 {at} 发起。", who=who, at=when(event.at))
    return None
