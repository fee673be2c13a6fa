"""Who sets which variable of a process, and who reads it, as far as a release says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from marshmallow import INCLUDE, Schema, fields
from marshmallow.validate import ContainsOnly, OneOf

from engine.bpmn.dmn import Decision
from engine.bpmn.elements import Element, InOut, Process, feel_of, split_names
from engine.bpmn.feel import Feel, Mention
from engine.bpmn.lint_slots import element_slots, process_slots
from engine.bpmn.soundness_values import ANYTHING, Shape, either, literals, merged, names_of
from engine.registry import Handler
from forms.component import CHOICES, Component
from forms.definition import FormDefinition
from forms.lint import reads

MAX_DEPTH: Final = 12  # of calls followed
_COUNTERS: Final = ("loopCounter", "nrOfInstances", "nrOfCompletedInstances", "nrOfActiveInstances")


class World(Protocol):
    """The rest of the release, by key; None for what is not in it. `memo`: what was found out about it already."""

    memo: dict[tuple[str, str], Sources]

    def form(self, key: str) -> FormDefinition | None: ...

    def decision(self, key: str) -> Decision | None: ...

    def handler(self, topic: str) -> Handler | None: ...

    def process(self, key: str) -> Process | None: ...

    def callers(self, key: str) -> list[tuple[Process, Element]]: ...

    def thrown(self, message: str) -> dict[str, Shape]:
        """What messages of this name bring that other diagrams send."""

    def brought(self, key: str) -> frozenset[str]:
        """Names that come in from outside as far as is known: from the office's own code, from scenario tests."""


@dataclass
class Sources:
    """`shapes`: the variables somebody sets. `anything`: others may be there that nobody can name."""

    shapes: dict[str, Shape] = field(default_factory=dict)
    anything: bool = False

    def add(self, shapes: Mapping[str, Shape]) -> None:
        for name, shape in shapes.items():
            self.shapes[name] = either(self.shapes[name], shape) if name in self.shapes else shape


@dataclass(frozen=True)
class Reading:
    """A place that reads a variable."""

    line: int
    where: str
    slot: str
    mention: Mention
    inner: Process | None = None  # the called process whose variable it is


def sources_of(process: Process, world: World, feel: Feel, depth: int = 0) -> Sources:
    """Everything that sets variables of a process. A script's or a called process's values are followed as far as calls go."""
    known = world.memo.get(("all", process.id))
    if known is not None:
        return known
    found = world.memo[("all", process.id)] = Sources()
    _started(process, world, feel, found, depth)
    found.add(dict.fromkeys(world.brought(process.id), ANYTHING))
    for element in process.elements.values():
        _set_by(element, world, feel, found, depth)
    return found


def _started(process: Process, world: World, feel: Feel, found: Sources, depth: int) -> None:
    """What it begins with: what is declared, its start form, what callers hand over."""
    found.add(dict.fromkeys(split_names(process.properties.get("startVariables")), ANYTHING))
    for caller, element in world.callers(process.id):
        if depth >= MAX_DEPTH:
            found.anything = True
        elif element.inputs and not any(item.everything for item in element.inputs):
            found.add({item.target: ANYTHING for item in element.inputs if item.target})
        elif caller.id != process.id:
            around = sources_of(caller, world, feel, depth + 1)
            found.add(around.shapes)
            found.add({item.target: ANYTHING for item in element.inputs if item.target})
            found.anything = found.anything or around.anything


def _set_by(element: Element, world: World, feel: Feel, found: Sources, depth: int) -> None:
    event, loop = element.event, element.loop
    if loop is not None:
        names = (loop.variable, loop.output_collection, *_COUNTERS)
        found.add({name: ANYTHING for name in names if name})
    found.add({name: ANYTHING for name in (event.code_variable, event.message_variable) if name})
    if element.form_key:
        form = world.form(element.form_key)
        found.add(_fields(form.components) if form is not None else {})
    if element.topic:
        found.add(_service(element, world.handler(element.topic)))
    elif element.type == "scriptTask" and element.result_variable:
        found.add({element.result_variable: Shape(literals([feel_of(element.script or "null")]))})
    elif element.type == "businessRuleTask":
        found.add(_decided(element, world.decision(element.decision_ref or "")))
    elif element.type == "callActivity":
        _returned(element, world, feel, found, depth)
    elif event.kind == "message" and element.type in ("intermediateCatchEvent", "boundaryEvent", "receiveTask"):
        found.add(dict.fromkeys(split_names(element.properties.get("accepts")), ANYTHING))
        found.add(world.thrown(event.name or ""))


# -- people ---------------------------------------------------------------------------------------------------------


def _fields(components: tuple[Component, ...], hidden: bool = False) -> dict[str, Shape]:
    """What a form sets. A field that only shows a value sets none."""
    shapes: dict[str, Shape] = {}
    for component in components:
        away = hidden or component.hide is not None
        if component.type == "group" and not component.key:
            shapes = merged(shapes, _fields(component.components, away))
        elif component.key and component.raw.get("readonly") is not True and component.raw.get("disabled") is not True:
            shapes = merged(shapes, {component.key: _field(component, away)})
    return shapes


def _field(component: Component, hidden: bool) -> Shape:
    blank = frozenset() if component.rule("required") is True and not hidden else frozenset({None})
    listed = component.raw.get("values")
    if component.type == "checkbox":
        return Shape(frozenset({True, False}) | (frozenset({None}) if hidden else frozenset()))
    if component.type == "group":
        return Shape(None, _fields(component.components))
    if component.type in CHOICES and isinstance(listed, list) and not component.raw.get("valuesExpression"):
        values = [option.get("value") for option in listed if isinstance(option, Mapping)]
        if values and not component.raw.get("valuesKey") and all(isinstance(v, str | int | float) for v in values):
            return Shape(frozenset(values) | blank)
    return ANYTHING


# -- services, decisions, calls -------------------------------------------------------------------------------------


def _service(element: Element, handler: Handler | None) -> dict[str, Shape]:
    schema = handler.result() if handler is not None else None
    open_ended = schema is None or schema.unknown == INCLUDE
    entries = _entries(schema) if schema is not None else {}
    if element.result_variable:
        return {element.result_variable: Shape(None, None if open_ended else entries)}
    return entries


def _entries(schema: Schema) -> dict[str, Shape]:
    return {each.data_key or name: _result(each) for name, each in schema.fields.items()}


def _result(each: Any) -> Shape:
    null = frozenset({None}) if each.allow_none or not each.required else frozenset()
    if isinstance(each, fields.Boolean):
        return Shape(frozenset({True, False}) | null)
    if isinstance(each, fields.Nested) and not each.many:
        return Shape(None, _entries(each.schema) if each.schema.unknown != INCLUDE else None)
    for validator in each.validators:
        plain = isinstance(validator, OneOf) and not isinstance(validator, ContainsOnly)
        if plain and all(choice is None or isinstance(choice, str | int | float) for choice in validator.choices):
            return Shape(frozenset(validator.choices) | null)
    return ANYTHING


def _decided(element: Element, decision: Decision | None) -> dict[str, Shape]:
    if decision is None:
        return {element.result_variable: ANYTHING} if element.result_variable else {}
    shape = _decision_shape(decision)
    if element.result_variable:
        return {element.result_variable: shape}
    return dict(shape.entries or {})


def _decision_shape(decision: Decision) -> Shape:
    if decision.literal is not None or decision.hit_policy == "COLLECT":
        return ANYTHING
    entries: dict[str, Shape] = {}
    for column, output in enumerate(decision.outputs):
        written = [rule.values[column] for rule in decision.rules if column < len(rule.values)]
        texts = [text for text in (*written, output.default) if text not in ("", "-")]
        options = literals(texts)
        # A table of which no rule applies, and an empty cell, give null.
        entries[output.name] = Shape(options | {None} if options is not None else None)
    return Shape(None, entries)


def _returned(element: Element, world: World, feel: Feel, found: Sources, depth: int) -> None:
    called = world.process(element.called or "")
    if element.outputs and not any(item.everything for item in element.outputs):
        found.add({item.target: ANYTHING for item in element.outputs if item.target})
        return
    if called is None or depth >= MAX_DEPTH:
        found.anything = True
        return
    inside = _left_by(called, world, feel, depth + 1)
    found.add(inside.shapes)
    found.anything = found.anything or inside.anything
    found.add({item.target: ANYTHING for item in element.outputs if item.target})


def _left_by(process: Process, world: World, feel: Feel, depth: int) -> Sources:
    """What a called process sets itself, whoever calls it."""
    known = world.memo.get(("own", process.id))
    if known is not None:
        return known
    found = world.memo[("own", process.id)] = Sources()
    for element in process.elements.values():
        _set_by(element, world, feel, found, depth)
    return found


# -- reading --------------------------------------------------------------------------------------------------------


def readings_of(process: Process, world: World, feel: Feel) -> Iterator[Reading]:
    """Every place of a process that reads a variable, except inside filters, where a name may be the items' own."""
    slots = [*process_slots(process)]
    for element in process.elements.values():
        slots += element_slots(element)
    for line, where, slot, expression in slots:
        for mention in names_of(feel, expression).read:
            if not mention.filtered:
                yield Reading(line, where, slot, mention)
    for element in process.elements.values():
        yield from _form_reads(element, world, feel)
        yield from _decision_reads(element, world, feel)
        for item in element.inputs:
            yield from _handed(element, item)
        called = world.process(element.called or "") if element.called else None
        for item in element.outputs if called is not None else ():
            if item.source:
                yield Reading(element.line, element.id, "source", Mention(item.source, None, False), called)


def _form_reads(element: Element, world: World, feel: Feel) -> Iterator[Reading]:
    """What a task's form shows or reckons with, besides its own fields."""
    form = world.form(element.form_key) if element.form_key else None
    if form is None:
        return
    own = {component.key for component in form.walk()} | {"this", "parent", "i", "item"}
    for component in form.walk():
        for expression in reads(component):
            for mention in names_of(feel, expression).read:
                expected = mention.name in own or mention.filtered or _may_be_missing(mention.name, expression)
                if not expected:
                    yield Reading(element.line, element.id, f"form {component.label or form.title}", mention)


def _may_be_missing(name: str, expression: str) -> bool:
    """Whether an expression of a form itself asks if there is such a variable."""
    return re.search(rf"\b{re.escape(name)}\s*!?=\s*null\b", expression) is not None


def _handed(element: Element, item: InOut) -> Iterator[Reading]:
    if item.source:
        yield Reading(element.line, element.id, "source", Mention(item.source, None, False))


def _decision_reads(element: Element, world: World, feel: Feel) -> Iterator[Reading]:
    decision = world.decision(element.decision_ref or "") if element.type == "businessRuleTask" else None
    seen: set[str] = set()
    ahead = [decision] if decision is not None else []
    while ahead:
        one = ahead.pop()
        if one.key in seen:
            continue
        seen.add(one.key)
        ahead += one.requires
        theirs = {needed.variable for needed in one.requires}
        expressions = [column.expression for column in one.inputs] + ([one.literal] if one.literal else [])
        for expression in expressions:
            for mention in names_of(feel, expression).read:
                if mention.name not in theirs and not mention.filtered:
                    yield Reading(element.line, element.id, one.name, mention)


def is_set(reading: Reading, sources: Sources) -> bool:
    """Whether somebody sets what is read: the variable, and of a context whose entries are known the entry."""
    shape = sources.shapes.get(reading.mention.name)
    if shape is None:
        return sources.anything
    after = reading.mention.after
    return after is None or shape.entries is None or after in shape.entries
