"""Our task specs: what SpiffWorkflow's task tree does at each element of a diagram.

Every spec follows the same three moments. `enter` when a token arrives (may evaluate; a failure there leaves the task waiting),
`prepare` before it is run (everything that can fail: FEEL, services, decisions; nothing has changed yet), `apply` with what was prepared
(cannot fail). So a failing step leaves the state exactly as it was before it. Children are made when a task completes; nothing is
predicted, because predictions are what makes stock trees deep and slow. Values in `task.data` are replaced, never changed in place.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.specs import WorkflowSpec
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.elements import Element, marked_feel, split_names
from engine.bpmn.machine import OPEN, Machine, StepFailed, shown
from engine.bpmn.model import ServiceCall
from engine.bpmn.timers import is_iso, parse_due
from engine.errors import Refused
from forms.i18n import T

START, END, BRANCH = "#start", "#end", "#branch"


class Node(BpmnTaskSpec):
    """Base of all our specs. `flows` are (flow id, name of the spec it leads to) in the order of the file."""

    manual = False

    def __init__(self, wf_spec: Any, name: str, element: Element | None = None) -> None:
        super().__init__(wf_spec, name)
        self.element = element
        self.manual = type(self).manual
        self.bpmn_id = element.id if element else None
        self.bpmn_name = element.name if element else None
        self.flows: list[tuple[str, str]] = []
        self.arriving: list[str] = []  # ids of the flows that lead here

    @property
    def drawn(self) -> Element:
        """The element of the diagram this stands for; only the engine's own nodes have none."""
        assert self.element is not None
        return self.element

    # -- the three moments ------------------------------------------------------------------------------------------

    def enter(self, task: Any, machine: Machine) -> bool:
        """A token has arrived; whether the task is ready at once."""
        return True

    def prepare(self, task: Any, machine: Machine) -> Any:
        return None

    def apply(self, task: Any, machine: Machine, prepared: Any) -> None:
        pass

    def leaving(self, task: Any) -> list[tuple[str, str]]:
        """The flows a token leaves by."""
        return self.flows

    def targets(self) -> list[tuple[str, str]]:
        """All flows by which a token could ever leave."""
        return self.flows

    # -- SpiffWorkflow's hooks --------------------------------------------------------------------------------------

    def _predict(self, my_task: Any, *_: Any, **__: Any) -> None:
        """Nothing is predicted."""

    def _on_ready(self, my_task: Any) -> None:
        """The lint has checked the connections."""

    def _on_cancel(self, my_task: Any) -> None:
        pass

    def _update(self, my_task: Any) -> None:
        machine = my_task.workflow.machine
        if my_task.state == TaskState.FUTURE:
            if my_task.parent is not None and not self.is_instance(my_task):
                my_task.data = dict(my_task.parent.data)
            machine.happen("entered", my_task)
        my_task.internal_data.pop("blocked", None)
        try:
            ready = self.enter(my_task, machine)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in a step becomes its Failure
            machine.fail(my_task, error)
            my_task._set_state(TaskState.WAITING)
            return
        if ready:
            my_task._set_state(TaskState.READY)
        elif my_task.state == TaskState.FUTURE:
            my_task._set_state(TaskState.WAITING)

    def _on_complete(self, my_task: Any) -> None:
        workflow, machine = my_task.workflow, my_task.workflow.machine
        leaving = self.leaving(my_task)
        drawn = [flow for flow, _ in leaving if flow]
        machine.happen("completed", my_task, **({"flows": drawn} if drawn else {}))
        owner = my_task.parent
        if owner is not None and isinstance(owner.task_spec, BoundarySplit) and owner.task_spec.main == self.name:
            for sibling in owner.children:
                if isinstance(sibling.task_spec, BoundaryEvent) and sibling.state == TaskState.WAITING:
                    sibling.task_spec.retire(sibling)
        born = []
        for flow, name in leaving:
            child = my_task._add_child(workflow.spec.task_specs[name], TaskState.FUTURE)
            child.internal_data["flow"] = flow
            born.append(child)
        for child in born:
            child.task_spec._update(child)
        if self.is_instance(my_task):
            owner.task_spec.instance_done(owner, my_task)
        workflow._task_completed_notify(my_task)

    @staticmethod
    def is_instance(task: Any) -> bool:
        """Whether the task is one of the instances of a multi-instance activity."""
        return "instance" in task.internal_data


class ProcessSpec(BpmnProcessSpec):
    """One process or embedded sub-process. `definition_key` is the process the person who drew it knows."""

    def __init__(self, name: str, definition_key: str, file: str) -> None:
        WorkflowSpec.__init__(self, name=name, filename=file)
        self.definition_key = definition_key
        self.svg = None
        self.io_specification = None
        self.data_objects: dict[str, Any] = {}
        self.data_stores: dict[str, Any] = {}
        self.correlation_keys: dict[str, Any] = {}
        self.bpmn_start_events: list[Any] = []
        self.start = Node(self, START)
        self.end = EndToken(self, END)
        self.branch = Branch(self, BRANCH)

    def _add_notify(self, task_spec: Any) -> None:
        WorkflowSpec._add_notify(self, task_spec)


class EndToken(Node):
    """Where every token of a process ends. It waits until no other is left; `workflow.finish` then closes the scope."""

    def enter(self, task: Any, machine: Machine) -> bool:
        return False


class Branch(Node):
    """Where a line has begun beside an activity: keeps what its event saw, and in `brought` the names its message has set."""


# -- work for people --------------------------------------------------------------------------------------------------


class HumanTask(Node):
    """userTask, manualTask and the bare task. Who and until when is settled when the token arrives."""

    manual = True

    def enter(self, task: Any, machine: Machine) -> bool:
        element = self.drawn
        data = task.data
        groups = _people(machine, element.candidate_groups, data)
        if not groups and not element.candidate_groups and element.lane and element.lane.group:
            groups = [element.lane.group]
        assignee = _people(machine, element.assignee, data)
        task.internal_data["human"] = {
            "assignee": assignee[0] if assignee else None,
            "users": _people(machine, element.candidate_users, data),
            "groups": groups,
            "scope": _scope(machine, element, data),
            "due": _due(machine, task, element.due, end_of_day=True),
            "follow_up": _due(machine, task, element.follow_up),
        }
        return True


def _people(machine: Machine, slot: str | None, data: Mapping[str, Any]) -> list[str]:
    """Literal names separated by commas, or FEEL for one name or a list of names."""
    if not slot:
        return []
    expression = marked_feel(slot)
    if expression is None:
        return list(split_names(slot))
    value = machine.evaluate(expression, data)
    if isinstance(value, str) and value.strip():
        return list(split_names(value))
    if isinstance(value, list) and value and all(isinstance(item, str) and item.strip() for item in value):
        return [item.strip() for item in value]
    # Nobody would mean everybody with the task's lane, or the starter: that must not happen by a missing variable.
    raise StepFailed(
        T("“{slot}”应得出办理人，得到 {value}。", slot=slot, value=shown(value)), code="NOBODY", expression=expression
    )


def _scope(machine: Machine, element: Element, data: Mapping[str, Any]) -> str | None:
    slot = element.lane.scope if element.lane and element.lane.scope else element.properties.get("scope", "").strip()
    if not slot:
        return None
    expression = marked_feel(slot)
    value = slot if expression is None else machine.evaluate(expression, data)
    if not isinstance(value, str) or not value.strip():
        # No scope means the group everywhere: a missing variable must not widen it to that.
        raise StepFailed(T("范围“{slot}”应得出文字，得到 {value}。", slot=slot, value=shown(value)), code="NO_SCOPE")
    return value.strip()


def _due(machine: Machine, task: Any, slot: str | None, *, end_of_day: bool = False) -> str | None:
    if not slot:
        return None
    try:
        text = slot if is_iso(slot) else machine.evaluate(marked_feel(slot) or slot, task.data)
    except Refused as refusal:
        # A date by which people should be done opens and closes nothing: where a rule gives none yet (next year's
        # calendar), the work goes on without, and the history says why. A timer in the same place would stop.
        machine.happen("no_date", task, code=refusal.code, slot=slot)
        return None
    if text is None:
        return None  # an optional date that is not set
    if not isinstance(text, str):
        raise StepFailed(
            T("“{slot}”应得出日期或时间，得到 {value}。", slot=slot, value=shown(text)), code="TIMER_ERROR"
        )
    return parse_due(text, machine.services.now, end_of_day=end_of_day).isoformat()


# -- work for the engine ----------------------------------------------------------------------------------------------


class ScriptTask(Node):
    def prepare(self, task: Any, machine: Machine) -> dict[str, Any]:
        value = machine.evaluate(self.drawn.script or "", task.data)
        return _checked(machine, task, _result(self.drawn.result_variable, value, self.drawn))

    def apply(self, task: Any, machine: Machine, prepared: Any) -> None:
        task.data.update(prepared)


class ServiceTask(Node):
    def prepare(self, task: Any, machine: Machine) -> dict[str, Any]:
        element = self.drawn
        parameters = {}
        for name, text in element.parameters.items():
            expression = marked_feel(text)
            parameters[name] = text if expression is None else machine.evaluate(expression, task.data)

        def take(result: Mapping[str, Any]) -> dict[str, Any]:
            cleaned = machine.result(result, element.topic or "")
            return _checked(machine, task, {element.result_variable: cleaned} if element.result_variable else cleaned)

        result = machine.services.call(
            ServiceCall(
                topic=element.topic or "",
                parameters=parameters,
                element_id=element.id,
                definition_key=element.process,
                task_id=str(task.id),
                variables=copy.deepcopy(task.data),
                accept=take,
            )
        )
        return take(result)

    def apply(self, task: Any, machine: Machine, prepared: Any) -> None:
        task.data.update(prepared)
        for name in split_names(self.drawn.properties.get("consume")):
            task.data.pop(name, None)
        machine.happen("service_done", task, topic=self.drawn.topic)


class RuleTask(Node):
    def prepare(self, task: Any, machine: Machine) -> dict[str, Any]:
        element = self.drawn
        value = machine.decide(element.decision_ref or "", copy.deepcopy(task.data))
        return {"value": value, "set": _checked(machine, task, _result(element.result_variable, value, element))}

    def apply(self, task: Any, machine: Machine, prepared: Any) -> None:
        task.data.update(prepared["set"])
        machine.happen("decided", task, decision=self.drawn.decision_ref, result=prepared["value"])


def _result(variable: str | None, value: Any, element: Element) -> dict[str, Any]:
    if variable:
        return {variable: value}
    if isinstance(value, dict):
        return value
    raise StepFailed(
        T("“{name}”的结果 {value} 没有变量名可存，请填写 resultVariable。", name=element.label, value=shown(value)),
        code="NO_RESULT_VARIABLE",
    )


def _checked(machine: Machine, task: Any, values: dict[str, Any]) -> dict[str, Any]:
    machine.check_size({**task.data, **values})
    return values


# -- events on the edge of an activity --------------------------------------------------------------------------------


class BoundarySplit(Node):
    """Stands before an activity with boundary events: activates it together with them."""

    main: str
    events: list[str]

    def leaving(self, task: Any) -> list[tuple[str, str]]:
        return [(task.internal_data.get("flow", ""), self.main), *(("", name) for name in self.events)]

    def targets(self) -> list[tuple[str, str]]:
        return [("", name) for name in (self.main, *self.events)]


class BoundaryEvent(Node):
    """Base of boundary events; what they wait for is in `events`."""

    def retire(self, task: Any) -> None:
        """The activity is over. Branches that a repeating event has started go on."""
        task._set_state(TaskState.COMPLETED if task.children else TaskState.CANCELLED)

    def catches(self, code: str, *, named: bool) -> bool:
        return False


def open_tasks(workflow: Any) -> Iterator[Any]:
    """The tasks of one scope that are not over. Never `get_tasks`: it stops at a depth of 1000."""
    return (task for task in list(workflow.tasks.values()) if task.state & OPEN)
