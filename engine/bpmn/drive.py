"""One run of one instance: from a saved state, by one thing that happens, to the next wait state.

A step that fails (FEEL, decision, handler, timer) is found out before anything has changed: the task stays where it is with its
`Failure` kept in the state, everything else goes on, and only `retry` looks at it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.bpmn import codec
from engine.bpmn.events import CatchEvent, boundary_for
from engine.bpmn.gateways import Join
from engine.bpmn.loops import MultiInstance
from engine.bpmn.machine import Machine, StepFailed, blocked
from engine.bpmn.model import Limits, Picture, Services
from engine.bpmn.parse import Release
from engine.bpmn.picture import picture
from engine.bpmn.specs import HumanTask
from engine.bpmn.values import clean_object, same, size
from engine.bpmn.workflow import COMPACT_AT, Workflow
from engine.errors import BpmnError, Conflict, NotFound, Refused, ZhipingError
from forms.i18n import T


class Run:
    """An instance in memory for one command. After an exception it is to be thrown away; the saved state is untouched.

    `refuse`: a `Refused` that no boundary event names is raised to the caller (a person's command); with False it becomes a `Failure` (a timer
    or a message, where nobody is there to be told).
    """

    def __init__(self, release: Release, process_key: str, workflow: Workflow, refuse: bool) -> None:
        self.release = release
        self.process_key = process_key
        self.workflow = workflow
        self.machine = workflow.machine
        self.refuse = refuse

    @classmethod
    def start(
        cls,
        release: Release,
        process_key: str,
        variables: Mapping[str, Any],
        services: Services,
        limits: Limits | None = None,
        *,
        refuse: bool = True,
    ) -> Run:
        """A new instance standing at its start. Raises `ZhipingError` (NO_SUCH_PROCESS), `Refused` (BAD_DATA, DATA_LIMIT)."""
        release.info(process_key)
        machine = Machine(services, limits or Limits())
        given = clean_object(variables)
        _refuse_size(given, machine.limits)
        workflow = Workflow(release.specs[process_key], dict(release.specs), machine)
        workflow.task_tree.data = given
        return cls(release, process_key, workflow, refuse)

    @classmethod
    def load(
        cls,
        release: Release,
        process_key: str,
        blob: bytes,
        services: Services,
        limits: Limits | None = None,
        *,
        refuse: bool = True,
    ) -> Run:
        """A saved instance. Raises `ZhipingError` (STATE_UNREADABLE)."""
        workflow = codec.load(release, process_key, blob, Machine(services, limits or Limits()))
        return cls(release, process_key, workflow, refuse)

    def dump(self) -> bytes:
        return codec.dump(self.workflow, self.release, self.process_key)

    # -- what can happen to it --------------------------------------------------------------------------------------

    def complete(self, task_id: str, variables: Mapping[str, Any]) -> None:
        """A person has done a task. Raises `NotFound`, `Conflict` (TASK_NOT_OPEN), `Refused` (BAD_DATA, DATA_LIMIT)."""
        task = self._find(task_id)
        if not isinstance(task.task_spec, HumanTask) or task.state != TaskState.READY:
            raise Conflict(T("这项任务已不在办理中。"), code="TASK_NOT_OPEN", by=None, at=None)
        data = {**task.data, **clean_object(variables)}
        _refuse_size(data, self.machine.limits)
        task.data = data
        task.complete()

    def fire_due(self) -> int:
        """Let all timers due by `now` happen, the earliest first, each with what follows from it; how many did.

        A timer set while this runs waits for the next call, even if it is due already.
        """
        now = self.machine.services.now
        due = []
        for task in self.workflow.all_open():
            if isinstance(task.task_spec, CatchEvent) and task.state == TaskState.WAITING and not blocked(task):
                at = task.task_spec.due(task)
                if at is not None and at <= now:
                    due.append((at, task))
        fired = 0
        for at, task in sorted(due, key=lambda pair: pair[0]):
            # What an earlier timer did may have ended this one's branch.
            if task.state == TaskState.WAITING and self._find_open(task) and task.task_spec.due(task) == at:
                task.task_spec.fire(task, self.machine, {})
                fired += 1
                self._steps()
        return fired

    def deliver(
        self,
        message: str,
        correlation: Mapping[str, Any] | None,
        variables: Mapping[str, Any],
        *,
        receiver: str | None = None,
        everybody: bool = False,
    ) -> int:
        """A message for whoever waits for it here; how many took it.

        `correlation` must hold every value the waiting event asks for, and an event that asks for none takes nothing by correlation. None
        means that the message was addressed to this instance (by business key) and the name is enough. `receiver` is the id of one
        `WaitingMessage`. Without `everybody` the first that fits takes it. Raises `Refused` (BAD_DATA, DATA_LIMIT).
        """
        payload = clean_object(variables)
        given = None if correlation is None else clean_object(correlation)
        _refuse_size(payload, self.machine.limits)
        taken = 0
        for task in self.workflow.all_open():
            spec = task.task_spec
            if not isinstance(spec, CatchEvent) or task.state != TaskState.WAITING or blocked(task):
                continue
            asked = task.internal_data.get("correlation")
            if asked is None or spec.drawn.event.name != message or receiver not in (None, str(task.id)):
                continue
            if given is not None and not (asked and all(k in given and same(given[k], v) for k, v in asked.items())):
                continue
            if not self._find_open(task):
                continue
            spec.fire(task, self.machine, payload)
            taken += 1
            if not everybody:
                break
        return taken

    def retry(self, task_id: str) -> None:
        """Try a failed step again; `advance` shows whether it worked. Raises `NotFound`, `Conflict` (NOT_FAILED)."""
        task = self._find(task_id)
        if not blocked(task):
            raise Conflict(T("这一步没有出错，不需重试。"), code="NOT_FAILED", by=None, at=None)
        if task.state == TaskState.WAITING:
            task.task_spec._update(task)
        elif isinstance(task.task_spec, MultiInstance) and task.state == TaskState.STARTED:
            task.task_spec.settle(task)
        else:
            del task.internal_data["blocked"]

    def cancel(self) -> None:
        """End the whole instance; every open task is cancelled."""
        self.workflow.data = self.workflow.snapshot()
        for task in self.workflow.open_tasks():
            self.workflow.cancel_task(task)
        self.workflow.completed, self.workflow.success = True, False

    def advance(self) -> Picture:
        """Do everything the engine can do by itself. Raises `Refused` where `refuse` says so."""
        self._steps()
        return picture(self.workflow)

    # -- the engine's own steps -------------------------------------------------------------------------------------

    def _steps(self) -> None:
        workflow, machine = self.workflow, self.machine
        self._catch_errors()
        while not workflow.completed:
            ready = [t for t in workflow.all_open() if t.state == TaskState.READY and not self._waits_for_people(t)]
            if not ready:
                if any(scope.settle() for scope in workflow.scopes()):
                    continue
                self._report_deadlock()
                return
            for task in ready:
                if task.state != TaskState.READY or not self._find_open(task):
                    continue  # an earlier step of this round has ended it
                over = machine.spent()
                if over is not None:
                    machine.fail(task, over)
                    return
                machine.steps += 1
                self._step(task)
                self._catch_errors()
            for scope in workflow.scopes():
                if len(scope.tasks) > COMPACT_AT:
                    scope.compact()
            crowd = sum(1 for _ in workflow.all_open())
            if crowd > machine.limits.branches:
                self._stop_crowd(crowd)
                return

    def _step(self, task: Any) -> None:
        spec, machine = task.task_spec, self.machine
        try:
            prepared = spec.prepare(task, machine)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in a step becomes its Failure
            machine.fail(task, error)
            return
        spec.apply(task, machine, prepared)
        task.complete()

    def _catch_errors(self) -> None:
        """Errors raised meanwhile go to the boundary event that names them; a refusal nobody names goes to the caller."""
        machine = self.machine
        while machine.raised:
            task, error = machine.raised.pop(0)
            if not blocked(task) or not self._find_open(task):
                continue
            boundary = boundary_for(task, error.code, only_named=isinstance(error, Refused))
            if boundary is not None:
                event = boundary.task_spec.element.event
                payload = {}
                if event.code_variable:
                    payload[event.code_variable] = error.code
                if event.message_variable:
                    payload[event.message_variable] = str(error.text)
                boundary.task_spec.fire(boundary, machine, payload)
            elif isinstance(error, Refused) and self.refuse:
                raise error
            elif isinstance(error, BpmnError):
                machine.fail(
                    task,
                    ZhipingError(
                        T("错误 {code} 没有边界事件处理：{text}", code=error.code, text=error.text),
                        code="ERROR_UNCAUGHT",
                        error=error.code,
                    ),
                )

    def _report_deadlock(self) -> None:
        """Tokens that wait at joins for others that can never come would wait silently for ever."""
        open_now = self.workflow.all_open()
        if self.workflow.completed or any(blocked(task) for task in open_now):
            return
        for scope in self.workflow.scopes():
            tasks = list(scope.open_tasks())
            joins = [t for t in tasks if isinstance(t.task_spec, Join) and t.state == TaskState.WAITING]
            others = [t for t in tasks if t not in joins and t.task_spec.element is not None]
            if joins and not others:
                self.machine.fail(
                    joins[0],
                    StepFailed(
                        T("流程停在“{name}”：它等待的另一条路已不会到达。", name=joins[0].task_spec.element.label),
                        code="STUCK",
                    ),
                )

    def _stop_crowd(self, crowd: int) -> None:
        error = StepFailed(T("同时打开的步骤有 {n} 个，超过上限。", n=crowd), code="BRANCH_LIMIT")
        for task in self.workflow.all_open():
            if task.state == TaskState.READY and not self._waits_for_people(task):
                self.machine.fail(task, error)
                return

    @staticmethod
    def _waits_for_people(task: Any) -> bool:
        return task.task_spec.manual or blocked(task)

    def _find(self, task_id: str) -> Any:
        task = self.workflow.find(task_id)
        if task is None:
            raise NotFound(T("没有这项任务。"), code="TASK_NOT_FOUND")
        return task

    def _find_open(self, task: Any) -> bool:
        """Whether a task taken note of before is still part of the instance."""
        scope = task.workflow
        while scope is not self.workflow:
            if self.workflow.subprocesses.get(scope.parent_task_id) is not scope:
                return False
            scope = scope.parent_workflow
        return task.id in task.workflow.tasks


def _refuse_size(data: Mapping[str, Any], limits: Limits) -> None:
    if size(data) > limits.data_bytes:
        raise Refused(T("资料超过 {n} 字节，请存为附件。", n=limits.data_bytes), code="DATA_LIMIT")
