"""What a run may ask of the outside, bound to one transaction: service handlers, FEEL functions, decision tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from marshmallow import ValidationError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from engine.bpmn.model import ServiceCall
from engine.commands.step import Step
from engine.errors import BpmnError, Busy, ZhipingError
from engine.history import Line
from engine.identity.crypto import Keyring
from engine.registry import Actor, FeelFunction, Handler, Registry
from forms.i18n import T, Text

if TYPE_CHECKING:
    from engine.commands.case import Case

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Bound:
    """One of the office's FEEL functions, bound to a transaction; says how FEEL is to read its result."""

    call: Callable[..., Any]
    returns: str

    def __call__(self, *arguments: Any) -> Any:
        return self.call(*arguments)


class Functions(Mapping[str, Bound]):
    """The office's FEEL functions, bound only when an expression calls one."""

    def __init__(self, registry: Registry, connection: Connection | None, now: datetime) -> None:
        self._known: Mapping[str, FeelFunction] = registry.functions
        self._connection, self._now = connection, now
        self._bound: dict[str, Bound] = {}

    def __getitem__(self, name: str) -> Bound:
        if name not in self._bound:
            function = self._known[name]
            self._bound[name] = Bound(function.bind(self._connection, self._now), function.returns)
        return self._bound[name]

    def __iter__(self) -> Any:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


@dataclass(frozen=True)
class Sent:
    name: str
    correlation: Mapping[str, Any]
    business_key: str | None
    variables: Mapping[str, Any]


@dataclass
class Wishes:
    """What a handler asked for; it is carried out only if its step succeeds."""

    messages: list[Sent] = field(default_factory=list)
    starts: list[tuple[str, Mapping[str, Any], str | None]] = field(default_factory=list)
    effects: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    def add(self, other: Wishes) -> None:
        self.messages += other.messages
        self.starts += other.starts
        self.effects += other.effects
        self.lines += other.lines


@dataclass
class HandlerContext:
    """`engine.registry.StepContext` for one call of one handler."""

    connection: Connection
    now: datetime
    actor: Actor | None
    instance_id: str
    definition_key: str
    element_id: str
    business_key: str | None
    variables: Mapping[str, Any]
    task_id: str
    functions: Mapping[str, Callable[..., Any]]
    secret: str = field(repr=False)
    wishes: Wishes = field(default_factory=Wishes)

    @property
    def key(self) -> str:
        return f"{self.instance_id}/{self.task_id}"

    @property
    def keyring(self) -> Keyring:
        return Keyring(self.secret)

    def send(
        self,
        name: str,
        *,
        correlation: Mapping[str, Any] | None = None,
        business_key: str | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        self.wishes.messages.append(Sent(name, dict(correlation or {}), business_key, dict(variables or {})))

    def start(self, process_key: str, *, variables: Mapping[str, Any], business_key: str | None = None) -> None:
        self.wishes.starts.append((process_key, dict(variables), business_key))

    def effect(self, kind: str, key: str, payload: Mapping[str, Any]) -> None:
        self.wishes.effects.append((kind, key, dict(payload)))

    def note(self, kind: str, data: Mapping[str, Any], text: Text | None = None) -> None:
        self.wishes.lines.append(
            Line(
                kind,
                self.actor.username if self.actor else None,
                self.definition_key,
                self.element_id,
                task_id=self.task_id,
                data=dict(data),
                text=text,
            )
        )

    def function(self, name: str) -> Callable[..., Any]:
        return self.functions[name]


class StepServices:
    """`engine.bpmn.model.Services` for one command on one instance."""

    def __init__(self, step: Step, case: Case, actor: Actor | None) -> None:
        self.now = step.now
        self.wishes = Wishes()
        self.functions: Mapping[str, Callable[..., Any]] = Functions(step.engine.registry, step.connection, step.now)
        self.passing: set[str] = set()  # task ids whose failure may pass by itself
        self.broken: Busy | None = None  # the store went away: the whole command is off
        self._step, self._case, self._actor = step, case, actor

    def decide(self, decision_key: str, variables: Mapping[str, Any]) -> Any:
        return self._case.release.decide(decision_key, variables, self.functions, self.now).result

    def call(self, request: ServiceCall) -> Mapping[str, Any]:
        """Run a handler inside a savepoint: what it wrote is gone if it fails. Raises as `Services.call`."""
        handler = self._step.engine.registry.handlers.get(request.topic)
        if handler is None:
            raise ZhipingError(T("没有名为“{topic}”的服务。", topic=request.topic), code="HANDLER_MISSING")
        if handler.processes and request.definition_key not in handler.processes:
            raise ZhipingError(T("服务“{topic}”不供这个流程使用。", topic=request.topic), code="HANDLER_ELSEWHERE")
        context = HandlerContext(
            connection=self._step.connection,
            now=self.now,
            actor=self._actor,
            instance_id=self._case.id,
            definition_key=request.definition_key,
            element_id=request.element_id,
            business_key=self._case.business_key,
            variables=request.variables,
            task_id=request.task_id,
            functions=self.functions,
            secret=self._step.engine.settings.secret_key,
        )
        parameters = _load(handler, request.parameters)
        try:
            with self._step.connection.begin_nested():
                result = _checked(handler, handler.call(context, parameters))
                request.accept(result)
        except (BpmnError, ZhipingError):
            raise
        except DBAPIError as error:
            self.broken = self._step.engine.store.trouble(error)
            if self.broken is not None:
                raise self.broken from error
            self._may_pass(request, error)
            raise
        except Exception as error:
            self._may_pass(request, error)
            raise
        except SystemExit as error:
            self._may_pass(request, error)
            raise RuntimeError("the handler wanted to end the program") from error
        self.wishes.add(context.wishes)
        return result

    def _may_pass(self, request: ServiceCall, error: BaseException) -> None:
        """A failure nobody meant (a platform that does not answer, a bug): it is tried again before a person is asked."""
        self.passing.add(request.task_id)  # first: an error may not even let itself be told
        log.warning("service failed", topic=request.topic, instance=self._case.id, error=repr(error))


def _load(handler: Handler, parameters: Mapping[str, Any]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = handler.params().load(dict(parameters))
    except ValidationError as error:
        raise _wrong(handler, "PARAMETERS_INVALID", error.messages) from error
    return loaded


def _checked(handler: Handler, result: Any) -> dict[str, Any]:
    """The result as plain JSON values, exactly what its schema declares; None stands for none."""
    schema = handler.result()
    result = {} if result is None else result
    if not isinstance(result, Mapping):
        raise _wrong(handler, "RESULT_INVALID", {})
    unknown = sorted(set(result) - set(schema.fields))
    if unknown:
        raise _wrong(handler, "RESULT_INVALID", {name: ["?"] for name in unknown})
    try:
        dumped: dict[str, Any] = schema.dump(result)
    except (TypeError, ValueError, AttributeError) as error:
        raise _wrong(handler, "RESULT_INVALID", {}) from error
    errors = schema.validate(dumped)
    if errors:
        raise _wrong(handler, "RESULT_INVALID", errors)
    return dumped


def _wrong(handler: Handler, code: str, messages: Any) -> ZhipingError:
    fields = sorted(messages) if isinstance(messages, Mapping) else []
    return ZhipingError(
        T("服务“{topic}”的数据不符合约定：{fields}。", topic=handler.topic, fields=fields),
        code=code,
        topic=handler.topic,
        errors=messages,
    )
