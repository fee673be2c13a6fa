"""Small diagrams written in a few lines, and services that answer from memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from engine.bpmn.drive import Run
from engine.bpmn.model import Limits, OpenTask, Picture, ServiceCall
from engine.bpmn.parse import Release

NOON = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)  # 12:00 in Qinghai
HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="test">'
)
_number = count()


def properties(**given: str) -> str:
    rows = "".join(f"<camunda:property name={quoteattr(k)} value={quoteattr(v)}/>" for k, v in given.items())
    return f"<bpmn:extensionElements><camunda:properties>{rows}</camunda:properties></bpmn:extensionElements>"


def node(tag: str, id: str, inner: str = "", **attributes: str) -> str:
    """`camunda_x` becomes camunda:x, everything else as it is."""
    written = "".join(
        f" {name.replace('camunda_', 'camunda:')}={quoteattr(value)}" for name, value in attributes.items()
    )
    return f'<bpmn:{tag} id="{id}"{written}>{inner}</bpmn:{tag}>'


def user(id: str, inner: str = "", **attributes: str) -> str:
    return node("userTask", id, inner, **{"name": id, **attributes})


def script(id: str, text: str, variable: str) -> str:
    return node(
        "scriptTask",
        id,
        f"<bpmn:script>{escape(text)}</bpmn:script>",
        scriptFormat="feel",
        camunda_resultVariable=variable,
    )


def service(id: str, topic: str = "work", result: str = "", consume: str = "", **parameters: str) -> str:
    rows = "".join(
        f'<camunda:inputParameter name="{k}">{escape(v)}</camunda:inputParameter>' for k, v in parameters.items()
    )
    given = f"<camunda:property name='consume' value='{consume}'/>" if consume else ""
    inner = (
        f"<bpmn:extensionElements><camunda:inputOutput>{rows}</camunda:inputOutput>"
        f"<camunda:properties>{given}</camunda:properties></bpmn:extensionElements>"
    )
    extra = {"camunda_resultVariable": result} if result else {}
    return node("serviceTask", id, inner, camunda_topic=topic, **extra)


def timer(kind: str, text: str) -> str:
    return f"<bpmn:timerEventDefinition><bpmn:{kind}>{escape(text)}</bpmn:{kind}></bpmn:timerEventDefinition>"


def message(ref: str) -> str:
    return f'<bpmn:messageEventDefinition messageRef="{ref}"/>'


def error(ref: str = "", **camunda: str) -> str:
    extra = "".join(f' camunda:{k}="{v}"' for k, v in camunda.items())
    return f"<bpmn:errorEventDefinition{f' errorRef={quoteattr(ref)}' if ref else ''}{extra}/>"


def many(
    collection: str = "", variable: str = "", *, cardinality: str = "", until: str = "", one_by_one: bool = False
) -> str:
    attributes = (
        f' camunda:collection={quoteattr(collection)} camunda:elementVariable="{variable}"' if collection else ""
    )
    inner = f"<bpmn:loopCardinality>{escape(cardinality)}</bpmn:loopCardinality>" if cardinality else ""
    inner += f"<bpmn:completionCondition>{escape(until)}</bpmn:completionCondition>" if until else ""
    sequential = ' isSequential="true"' if one_by_one else ""
    return f"<bpmn:multiInstanceLoopCharacteristics{sequential}{attributes}>{inner}</bpmn:multiInstanceLoopCharacteristics>"


def flows(text: str) -> str:
    """`a -> b -> c; g -> x [n > 1]; g -> y`: sequence flows with ids `a_b`, in this order."""
    made = []
    for line in filter(None, (part.strip() for part in re.split(r"[;\n]", text))):
        condition = re.search(r"\[(.*)\]$", line)
        names = [name.strip() for name in line[: condition.start() if condition else None].split("->")]
        inner = ""
        if condition:
            inner = f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{escape(condition[1])}</bpmn:conditionExpression>'
        for source, target in pairwise(names):
            made.append(
                f'<bpmn:sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">{inner}</bpmn:sequenceFlow>'
            )
    return "".join(made)


def process(id: str, body: str, arrows: str, *, attributes: str = ' isExecutable="true"', start: bool = True) -> str:
    """A process with a start event `s`; `e` is an end event unless the body has one of that id."""
    ends = '<bpmn:startEvent id="s"/>' if start else ""
    ends += "" if 'id="e"' in body or not re.search(r"-> e\b", arrows) else '<bpmn:endEvent id="e"/>'
    return f'<bpmn:process id="{id}" name="{id}"{attributes}>{ends}{body}{flows(arrows)}</bpmn:process>'


def xml(*processes: str, messages: str = "", errors: str = "") -> bytes:
    """A file. Messages `m1 m2` have these ids and names, errors these ids and codes."""
    head = "".join(f'<bpmn:message id="{name}" name="{name}"/>' for name in messages.split())
    head += "".join(f'<bpmn:error id="{code}" name="{code}" errorCode="{code}"/>' for code in errors.split())
    return f'<?xml version="1.0" encoding="UTF-8"?>{HEAD}{head}{"".join(processes)}</bpmn:definitions>'.encode()


def release(*files: bytes) -> Release:
    return Release.build(f"test-{next(_number)}", {f"{n}.bpmn": raw for n, raw in enumerate(files)})


@dataclass
class World:
    """Services from memory: handlers by topic, tables by key, a clock that is moved by hand."""

    handlers: dict[str, Callable[[ServiceCall], Mapping[str, Any]]] = field(default_factory=dict)
    tables: dict[str, Callable[[Mapping[str, Any]], Any]] = field(default_factory=dict)
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)
    now: datetime = NOON
    calls: list[ServiceCall] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def call(self, request: ServiceCall) -> Mapping[str, Any]:
        self.calls.append(request)
        result = self.handlers[request.topic](request) if request.topic in self.handlers else {}
        request.accept(result)
        self.kept.append(request.element_id)  # stands for what a handler has written
        return result

    def decide(self, decision_key: str, variables: Mapping[str, Any]) -> Any:
        return self.tables[decision_key](variables)

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


class Play:
    """An instance that is saved and loaded again around every single thing that happens to it."""

    def __init__(
        self,
        diagram: bytes | Release,
        variables: Mapping[str, Any] | None = None,
        *,
        world: World | None = None,
        limits: Limits | None = None,
        key: str = "p",
        refuse: bool = True,
        reload: bool = True,
    ) -> None:
        self.release = diagram if isinstance(diagram, Release) else release(diagram)
        self.world, self.limits, self.key, self.refuse, self.reload = world or World(), limits, key, refuse, reload
        self.run = Run.start(self.release, key, variables or {}, self.world, limits, refuse=refuse)
        self.ended: list[str] = []
        self.outgoing: list[Any] = []
        self.happened: list[tuple[str, str]] = []
        self._settle()

    def _settle(self) -> None:
        picture = self.run.advance()
        self.ended += picture.end_elements
        self.outgoing += picture.outgoing
        self.happenings = picture.happenings
        self.happened += [(h.kind, h.element_id) for h in picture.happenings]
        self.blob = self.run.dump()
        if self.reload:
            after = self.load().advance()
            for same in ("completed", "variables", "tasks", "timers", "messages", "active", "failures"):
                assert getattr(after, same) == getattr(picture, same), same
        self.picture: Picture = picture

    def load(self) -> Run:
        return Run.load(self.release, self.key, self.blob, self.world, self.limits, refuse=self.refuse)

    def do(self, action: Callable[[Run], Any]) -> Any:
        self.run = self.load()
        result = action(self.run)
        self._settle()
        return result

    def task(self, element_id: str, number: int = 0) -> OpenTask:
        return [task for task in self.picture.tasks if task.element_id == element_id][number]

    def complete(self, element_id: str, number: int = 0, **variables: Any) -> Play:
        task = self.task(element_id, number)
        self.do(lambda run: run.complete(task.id, variables))
        return self

    def fire(self, **span: float) -> int:
        self.world.later(**span)
        fired: int = self.do(lambda run: run.fire_due())
        return fired

    def send(self, name: str, correlation: Mapping[str, Any] | None = None, **variables: Any) -> int:
        taken: int = self.do(lambda run: run.deliver(name, correlation, variables))
        return taken

    def retry(self, element_id: str) -> Play:
        failure = next(failure for failure in self.picture.failures if failure.element_id == element_id)
        self.do(lambda run: run.retry(failure.task_id))
        return self

    @property
    def open(self) -> list[str]:
        return [task.element_id for task in self.picture.tasks]

    @property
    def failed(self) -> list[tuple[str, str]]:
        return [(failure.element_id, failure.code) for failure in self.picture.failures]

    @property
    def data(self) -> Mapping[str, Any]:
        return self.picture.variables
