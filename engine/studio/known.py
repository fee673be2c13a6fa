"""What whoever edits a file of a change can choose from: forms, groups, services, decision tables, processes, names for expressions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from marshmallow import Schema, fields, validate

from engine.bpmn.dmn import read_dmn
from engine.bpmn.elements import Element, Process, read_processes, split_names
from engine.bpmn.xmlsafe import read_xml
from engine.commands.contents import Content
from engine.queries.reading import Reading
from engine.registry import Actor, Handler, Registry
from engine.studio import rows
from engine.studio.release import file_of, whole_of
from forms.definition import FormDefinition
from forms.errors import FormRefused
from forms.i18n import T, Text

# What the loop of a step that is done once for every item knows by itself.
LOOP: Final = ("loopCounter", "nrOfInstances", "nrOfCompletedInstances", "nrOfActiveInstances")

TYPES: Final[tuple[tuple[type[fields.Field[Any]], Text], ...]] = (
    (fields.Boolean, T("是或否")),
    (fields.Integer, T("整数")),
    (fields.Number, T("数字")),
    (fields.DateTime, T("日期和时间")),
    (fields.Date, T("日期")),
    (fields.List, T("清单")),
    (fields.Nested, T("一组值")),
    (fields.Mapping, T("一组值")),
    (fields.String, T("文字")),
)


@dataclass(frozen=True)
class Choice:
    """Something that a diagram names by its key. `file`: the name of the file it stands in."""

    key: str
    name: str
    file: str


@dataclass(frozen=True)
class Parameter:
    """What a service is to be given. `type`: in words; `values`: those it takes, where they are few."""

    name: str
    required: bool
    type: Text
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Topic:
    """A service. `processes`: keys of those whose diagrams may call it, empty for any."""

    topic: str
    name: Text
    processes: tuple[str, ...]
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True)
class Function:
    """One of the office's functions in expressions."""

    name: str
    parameters: tuple[str, ...]
    doc: Text


@dataclass(frozen=True)
class KnownView:
    """`groups` and `clauses`: key (number) -> words. `variables`: of each process, what its expressions may find, sorted.
    `labels`: what the office or its forms call a value of that name, for whoever reads only words."""

    forms: tuple[Choice, ...]
    decisions: tuple[Choice, ...]
    processes: tuple[Choice, ...]
    groups: Mapping[str, Text]
    topics: tuple[Topic, ...]
    functions: tuple[Function, ...]
    variables: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, Text]
    messages: tuple[str, ...]
    clauses: Mapping[str, Text]


@dataclass(frozen=True)
class Known:
    """For the editors of a change, by the release that it would make. Raises NotFound, Forbidden (`studio.read`)."""

    actor: Actor
    change_id: str

    def answer(self, reading: Reading) -> KnownView:
        rows.readable(reading.connection, self.actor, self.change_id)
        return known(whole_of(reading.connection, self.change_id).contents, reading.engine.registry)


def known(whole: Sequence[Content], registry: Registry) -> KnownView:
    processes = _processes(whole)
    forms = _forms(whole)
    return KnownView(
        forms=_choices(whole, "form"),
        decisions=_choices(whole, "decision"),
        processes=_choices(whole, "process", "drawing"),
        groups=dict(registry.groups),
        topics=tuple(_topic(handler) for _, handler in sorted(registry.handlers.items())),
        functions=tuple(Function(one.name, one.parameters, one.label) for one in registry.functions.values()),
        variables=_variables(processes, forms, whole, registry),
        labels={key: Text(words) for key, words in _labels(forms.values()).items()} | dict(registry.terms),
        messages=tuple(sorted({name for name in _messages(processes.values()) if name})),
        clauses=dict(registry.clauses),
    )


def _choices(whole: Sequence[Content], *kinds: str) -> tuple[Choice, ...]:
    found = (Choice(one.key, one.name, file_of(whole, one)) for one in whole if one.kind in kinds)
    return tuple(sorted(found, key=lambda one: (one.key, one.file)))


def _topic(handler: Handler) -> Topic:
    parameters = tuple(_parameter(name, field) for name, field in handler.params().fields.items())
    return Topic(handler.topic, handler.label, tuple(sorted(handler.processes)), parameters)


def _parameter(name: str, field: fields.Field[Any]) -> Parameter:
    words = next((words for type_, words in TYPES if isinstance(field, type_)), T("任意"))
    choices = [one.choices for one in field.validators if isinstance(one, validate.OneOf)]
    return Parameter(name, field.required, words, tuple(str(one) for one in choices[0]) if choices else ())


# --- names -------------------------------------------------------------------------------------------------------------


def _processes(whole: Sequence[Content]) -> dict[str, Process]:
    found = {}
    for raw in {content.raw for content in whole if content.kind in ("process", "drawing")}:
        root, _ = read_xml("", raw)
        if root is not None:
            found.update({process.id: process for process in read_processes(root)})
    return found


def _messages(processes: Iterable[Process]) -> Iterator[str | None]:
    for process in processes:
        yield from (one.event.name for one in process.elements.values() if one.event.kind == "message")


def _variables(
    processes: Mapping[str, Process],
    forms: Mapping[str, FormDefinition],
    whole: Sequence[Content],
    registry: Registry,
) -> dict[str, tuple[str, ...]]:
    """What is written somewhere as a name that will hold a value: by forms, services, tables, messages, loops, callers."""
    keys = {key: form.keys for key, form in forms.items()}
    outputs = _outputs(whole)
    found: dict[str, set[str]] = {}
    for process in processes.values():
        own = found.setdefault(process.id, set())
        own.update(split_names(process.properties.get("startVariables")), split_names(process.properties.get("secret")))
        for element in process.elements.values():
            own.update(_set_by(element, keys, outputs, registry))
    _share(processes, found)
    return {key: tuple(sorted(names)) for key, names in found.items()}


def _share(processes: Mapping[str, Process], found: dict[str, set[str]]) -> None:
    """What a call hands over is known in the called process, what it brings back here; all of it where the call names nothing."""
    calls = [(process.id, one) for process in processes.values() for one in process.elements.values()]
    before = -1
    while before != (before := sum(map(len, found.values()))):
        for caller, call in calls:
            if call.called in found:
                named = {item.target for item in call.inputs if item.target}
                found[call.called] |= named if call.inputs else found[caller]
                found[caller] |= set() if call.outputs else found[call.called]


def _set_by(
    element: Element, forms: Mapping[str, frozenset[str]], outputs: Mapping[str, set[str]], registry: Registry
) -> Iterator[str]:
    yield from forms.get(element.form_key or "", ())
    if element.result_variable:
        yield element.result_variable
    elif element.topic in registry.handlers:
        yield from _names(registry.handlers[element.topic].result)
    elif element.decision_ref:
        yield from outputs.get(element.decision_ref, ())
    yield from (item.target for item in element.outputs if item.target)
    yield from split_names(element.properties.get("accepts"))
    yield from filter(None, (element.event.code_variable, element.event.message_variable))
    if element.loop is not None:
        yield from filter(None, (element.loop.variable, element.loop.output_collection))
        yield from LOOP


def _names(schema: type[Schema]) -> Iterator[str]:
    return iter(schema().fields)


def _forms(whole: Sequence[Content]) -> dict[str, FormDefinition]:
    found = {}
    for content in whole:
        if content.kind == "form":
            try:
                found[content.key] = FormDefinition.parse(content.raw, content.file)
            except FormRefused:
                continue  # a form in the making: its own page says what is wrong with it
    return found


def _labels(forms: Iterable[FormDefinition]) -> dict[str, str]:
    """Where two forms call the same name differently, the shorter label is the more general."""
    found: dict[str, str] = {}
    for form in forms:
        for component in form.walk():
            if component.key and component.label != component.key and not component.label.startswith("="):
                found[component.key] = min(found.get(component.key, component.label), component.label, key=len)
    return found


def _outputs(whole: Sequence[Content]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for raw in {content.raw for content in whole if content.kind == "decision"}:
        decisions, _ = read_dmn("", raw)
        found.update({key: {output.name for output in one.outputs} for key, one in decisions.items()})
    return found
