"""What the specs of one run reach for: FEEL, the outside, the record of what happened. And the engine that refuses Python."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, Final

import structlog
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.feel import Condition, Feel
from engine.bpmn.model import Failure, Happening, Limits, OutgoingMessage, Services
from engine.bpmn.values import clean, size
from engine.errors import BpmnError, Refused, ZhipingError
from forms.i18n import T, Text

OPEN: Final = TaskState.WAITING | TaskState.READY | TaskState.STARTED

feel: Final = Feel()

log = structlog.get_logger(__name__)

for _name in ("spiff.task", "spiff.workflow", "spiff.data"):
    # Below this level SpiffWorkflow hands the variables of every task to the log.
    logging.getLogger(_name).setLevel(logging.WARNING)


class StepFailed(ZhipingError):
    """A step of a process that cannot be done as the diagram says; becomes a `Failure`."""

    code = "STEP_FAILED"


class _NoEnvironment:
    """Stands where the stock engine keeps its Python environment, so that no path can reach `eval` or `exec`."""

    def evaluate(self, *_: Any, **__: Any) -> Any:
        raise StepFailed(T("流程中不执行 Python。"), code="NO_PYTHON")

    execute = call_service = evaluate


class NoPython(PythonScriptEngine):
    """The script engine handed to SpiffWorkflow: it runs nothing. Our specs evaluate FEEL through their `Machine`."""

    def __init__(self) -> None:
        super().__init__(environment=_NoEnvironment())

    def evaluate(self, *_: Any, **__: Any) -> Any:
        raise StepFailed(T("流程中不执行 Python。"), code="NO_PYTHON")

    validate = execute = call_service = evaluate


class Machine:
    """One run's surroundings. Holds no state of the process; what happened is collected in order."""

    def __init__(self, services: Services, limits: Limits) -> None:
        self.services = services
        self.limits = limits
        self.happenings: list[Happening] = []
        self.outgoing: list[OutgoingMessage] = []
        self.ended: list[str] = []
        self.raised: list[tuple[Any, BpmnError | Refused]] = []  # errors a boundary event may catch
        self.steps = 0
        self.started: float | None = None  # when the first step was taken

    # -- expressions ------------------------------------------------------------------------------------------------

    def evaluate(self, expression: str, variables: Mapping[str, Any]) -> Any:
        return kept(feel.evaluate(expression, variables, self.services.functions, self.services.now), expression[:80])

    def condition(self, expression: str, variables: Mapping[str, Any]) -> Condition:
        return feel.condition(expression, variables, self.services.functions, self.services.now)

    def evaluate_object(self, expression: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        value = self.evaluate(expression, variables)
        if not isinstance(value, dict):
            raise StepFailed(
                T("表达式“{expression}”应得出一组命名的值，得到 {value}。", expression=expression, value=shown(value)),
                code="NOT_A_CONTEXT",
            )
        return value

    # -- the outside ------------------------------------------------------------------------------------------------

    @staticmethod
    def result(given: Any, topic: str) -> dict[str, Any]:
        """What a service gave, as variables can hold it."""
        if not isinstance(given, Mapping):
            raise StepFailed(T("服务“{topic}”没有给出结果。", topic=topic), code="BAD_RESULT")
        cleaned: dict[str, Any] = kept(given, topic)
        return cleaned

    def decide(self, decision_key: str, variables: Mapping[str, Any]) -> Any:
        return kept(self.services.decide(decision_key, variables), decision_key)

    # -- limits -----------------------------------------------------------------------------------------------------

    def spent(self) -> StepFailed | None:
        """Why this run may not go on, or None. Its time is the processor time of this thread from the first call: a
        loaded machine makes no incident."""
        if self.started is None:
            self.started = time.thread_time()
        if self.steps >= self.limits.steps:
            return StepFailed(T("一次推进超过 {n} 步，流程可能在空转。", n=self.limits.steps), code="STEP_LIMIT")
        if len(self.outgoing) >= self.limits.messages:
            return StepFailed(
                T("一次推进发出了 {n} 条消息，流程可能在空转。", n=self.limits.messages), code="MESSAGE_LIMIT"
            )
        if time.thread_time() - self.started > self.limits.seconds:
            return StepFailed(T("一次推进超过 {n} 秒，已暂停。", n=self.limits.seconds), code="TIME_LIMIT")
        return None

    def check_size(self, data: Mapping[str, Any]) -> None:
        if size(data) > self.limits.data_bytes:
            raise StepFailed(
                T("流程变量超过 {n} 字节，请把资料存为附件。", n=self.limits.data_bytes), code="DATA_LIMIT"
            )

    # -- the record -------------------------------------------------------------------------------------------------

    def happen(self, kind: str, task: Any, **data: Any) -> None:
        element = task.task_spec.element
        if element is None:
            return
        if "instance" in task.internal_data:
            data["instance"] = task.internal_data["instance"]
        self.happenings.append(
            Happening(
                kind=kind,
                element_id=element.id,
                name=element.name,
                definition_key=element.process,
                task_id=str(task.id),
                data=data,
            )
        )

    def fail(self, task: Any, error: BaseException) -> None:
        """Keep the task where it is until somebody retries; whatever else runs on."""
        task.internal_data["blocked"] = _failure_data(error)
        if not isinstance(error, ZhipingError | BpmnError):
            # What an unforeseen error says may repeat what was typed: it stands in the server's log and nowhere else.
            log.warning("step failed", element=task.task_spec.name, error=repr(error))
        if isinstance(error, BpmnError | Refused):
            self.raised.append((task, error))


def kept(value: Any, origin: str) -> Any:
    """A step's result as it can be kept. What no variable can hold is the step's failure, not a person's."""
    try:
        return clean(value, origin)
    except Refused as error:
        raise StepFailed(error.text, code=error.code, **error.facts) from error


def blocked(task: Any) -> bool:
    return "blocked" in task.internal_data


def failure_of(task: Any) -> Failure:
    kept, element = task.internal_data["blocked"], task.task_spec.element
    return Failure(
        task_id=str(task.id),
        element_id=element.id if element else task.task_spec.name,
        definition_key=element.process if element else task.workflow.spec.definition_key,
        code=kept["code"],
        text=Text.load(kept["text"]),
        facts=kept["facts"],
    )


def _failure_data(error: BaseException) -> dict[str, Any]:
    text: Text
    facts: Mapping[str, Any] = {}
    if isinstance(error, ZhipingError):
        code, text, facts = error.code, error.text, error.facts
    elif isinstance(error, BpmnError):
        code, text = error.code, error.text
    else:
        code = "STEP_FAILED"
        text = T("这一步出错（{kind}），详情见服务器日志。", kind=type(error).__name__)
    return {"code": code, "text": clean(text.dump()), "facts": {key: _fact(value) for key, value in facts.items()}}


def _fact(value: Any) -> Any:
    """Facts are for reading: what cannot be kept as JSON is kept as text."""
    try:
        return clean(value)
    except Refused:
        return str(value).encode("utf-8", "replace").decode("utf-8").replace("\x00", "")[:1000]


def shown(value: Any) -> str:
    """A value as a sentence shows it."""
    return "null" if value is None else str(value)[:200]
