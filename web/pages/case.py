"""The case around a task, told beside it: why it is here, what comes next, what happened so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engine.queries.definitions import DefinitionXml
from engine.queries.instance_diagram import InstanceDiagram
from engine.queries.instance_events import InstanceEvents
from engine.queries.veil import SOMEBODY
from engine.queries.views import DiagramView, EventItem, TaskItem
from engine.registry import Actor
from forms.i18n import gettext
from web.pages import nextsteps, outline, story, vocabulary
from web.pages.desk import if_allowed

TOLD = 6  # lines of the timeline beside a task; the instance page has them all
BEHIND = frozenset({"service_done", "called"})  # what the system did by itself is told on the instance page
READ = 300  # events read to tell the story


@dataclass(frozen=True)
class Case:
    why: list[str] = field(default_factory=list)
    next_steps: list[dict[str, str]] = field(default_factory=list)
    deadlines: list[str] = field(default_factory=list)
    lines: list[story.Line] = field(default_factory=list)
    earlier: int = 0  # lines left out
    open: bool = False  # the reader may open the whole case


def of(task: TaskItem, actor: Actor) -> Case:
    diagrams = if_allowed(InstanceDiagram(actor, task.process_instance_id)) or []
    events = if_allowed(InstanceEvents(actor, task.process_instance_id, newest_first=True, max_results=READ))
    told: list[EventItem] = list(reversed(events.items)) if events else []
    drawings = Drawings(actor, ids_of(diagrams))
    if is_applicant(actor):
        teller = drawings.teller(who=lambda event: office_of(event, actor, drawings), value=None)
    else:
        teller = drawings.teller(who=lambda event: names(event, actor, drawings), value=vocabulary.words(actor))
    lines = story.lines((event for event in told if event.kind not in BEHIND), teller)
    drawn = drawings.of(task.definition_key)
    called = bool(diagrams) and diagrams[0].definition_key != task.definition_key  # the first is the whole case's
    return Case(
        why=story.why_here(before(told, task.id), teller),
        next_steps=nextsteps.rows(drawn.next_steps(task.element_id), called) if drawn else [],
        deadlines=nextsteps.deadline_sentences(drawn, task.element_id, called) if drawn else [],
        lines=lines[-TOLD:],
        earlier=max(0, len(lines) - TOLD),
        open=events is not None and not is_applicant(actor),
    )


def ids_of(diagrams: list[DiagramView]) -> dict[str, str]:
    return {one.definition_key: one.definition_id for one in diagrams}


class Drawings:
    """The diagrams of one case, read when they are needed. `ids`: process key -> definition id."""

    def __init__(self, actor: Actor, ids: Mapping[str, str]) -> None:
        self._actor = actor
        self._ids = ids
        self._read: dict[str, outline.Outline | None] = {}

    def of(self, key: str) -> outline.Outline | None:
        """The diagram of process `key`; None where the reader may not see it."""
        if key not in self._read:
            definition_id = self._ids.get(key)
            content = if_allowed(DefinitionXml(self._actor, definition_id)) if definition_id else None
            self._read[key] = outline.read(content.content, key) if content else None
        return self._read[key]

    def teller(self, who: Callable[[EventItem], str], value: story.ValueWords | None) -> story.Teller:
        return story.Teller(who=who, name=self.named, kind=self.kind, way=self.way, value=value)

    def kind(self, event: EventItem) -> str:
        """The BPMN tag of the element a line of history is about; empty where it is not known."""
        drawn = self.of(event.definition_key or "")
        element = drawn.elements.get(event.element_id or "") if drawn else None
        return element.kind if element else ""

    def holds_others(self, key: str, element_id: str) -> bool:
        """Whether an element is active only because something inside it is: a sub-process or a called process."""
        drawn = self.of(key)
        element = drawn.elements.get(element_id) if drawn else None
        return element is not None and element.kind in ("subProcess", "callActivity")

    def stands_by(self, key: str, element_id: str) -> bool:
        """Whether an element may interrupt what is waited for, and is not itself waited for."""
        drawn = self.of(key)
        return drawn is not None and drawn.stands_by(element_id)

    def named(self, event: EventItem) -> str:
        """The name of the element a line of history is about; empty for one that nobody named."""
        if event.name:
            return gettext(event.name)
        drawn = self.of(event.definition_key or "")
        element = drawn.elements.get(event.element_id or "") if drawn else None
        return gettext(element.name) if element else ""

    def name(self, key: str, element_id: str | None) -> str:
        """What an element is called; its id where nobody named it."""
        drawn = self.of(key)
        return gettext(drawn.name_of(element_id)) if drawn and element_id else element_id or gettext("后台工作")

    def way(self, event: EventItem) -> list[str]:
        """The names of the branches a gateway took."""
        drawn = self.of(event.definition_key or "")
        taken = [drawn.flow_names.get(flow, "") for flow in event.data.get("taken", ())] if drawn else []
        return [gettext(name) for name in taken if name]


def before(events: list[EventItem], task_id: str) -> list[EventItem]:
    """The events up to the one in which the task came to be; all of them if that is not among them."""
    for index, event in enumerate(events):
        if event.task_id == task_id:
            return events[:index]
    return events


def names(event: EventItem, actor: Actor, drawings: Drawings) -> str:
    """Who acted, by name; by lane where the reader is not told the person."""
    if event.actor == SOMEBODY:
        return office_of(event, actor, drawings)
    return event.actor_name or event.actor or ""


def is_applicant(actor: Actor) -> bool:
    """Somebody who has no part in the office: an applicant learns which office acted, never which person, and not what
    decided before it is public (R-102)."""
    return actor.groups == frozenset({"candidate"})


def office_of(event: EventItem, actor: Actor, drawings: Drawings) -> str:
    """Who acted, by lane."""
    if not event.actor:
        return ""
    if event.actor == actor.username:
        return gettext("我")
    drawn = drawings.of(event.definition_key or "")
    element = drawn.elements.get(event.element_id or "") if drawn else None
    return gettext(element.lane) if element and element.lane else gettext("经办部门")
