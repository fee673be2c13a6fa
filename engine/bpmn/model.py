"""What the rest of the engine sees of a running process: plain values, no SpiffWorkflow object.

`engine.bpmn` is a pure machine: state in, state out. It reads no clock, no database and no account.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from forms.i18n import Text


@dataclass(frozen=True)
class Limits:
    """What one command may use before it becomes an incident."""

    steps: int = 5_000  # engine tasks run in one command
    depth: int = 16  # nested call activities and sub-processes
    data_bytes: int = 2_000_000  # of the instance's variables as JSON
    branches: int = 5_000  # open tasks of one instance
    spread_bytes: int = 64_000_000  # variables times open tasks: each task keeps what its person works on
    messages: int = 200  # thrown by one run: each is a transaction of its own afterwards
    seconds: float = 1.2  # processor time of one run: with loading and saving a request stays under two


@dataclass(frozen=True)
class OpenTask:
    """A human step that waits for somebody. Exactly the READY human tasks of the state (invariant I6)."""

    id: str  # UUID text, stable for the life of the task
    element_id: str
    name: str
    definition_key: str  # process id the element stands in (the called one inside a call activity)
    form_key: str | None
    lane: str | None
    candidate_groups: tuple[str, ...]
    candidate_users: tuple[str, ...]
    assignee: str | None
    scope: str | None  # of the candidate groups: "unit:u01"; from the property `scope` of the task or its lane
    due_at: datetime | None  # aware, UTC
    follow_up_at: datetime | None
    properties: Mapping[str, str]  # camunda:property of the element, plain text
    data: Mapping[str, Any]  # the variables the person works on


@dataclass(frozen=True)
class PendingTimer:
    id: str  # UUID text of the waiting task
    element_id: str
    name: str
    definition_key: str
    due_at: datetime  # aware, UTC; an instant `<= now` is due


@dataclass(frozen=True)
class WaitingMessage:
    id: str
    element_id: str
    element_name: str
    definition_key: str
    message: str  # message name
    correlation: Mapping[str, Any]  # values by which a message must match; empty takes none by correlation


@dataclass(frozen=True)
class Failure:
    """A step that could not be done: the task stays as it is until a person retries. Becomes an incident row."""

    task_id: str
    element_id: str
    definition_key: str
    code: str
    text: Text
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Happening:
    """One line of history. `kind`: entered, completed, cancelled, decided, called, timer_fired, message_caught,
    error_caught, service_done, no_date, ended. For a gateway `data` holds each condition, the values it read and its outcome."""

    kind: str
    element_id: str
    name: str
    definition_key: str
    task_id: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class OutgoingMessage:
    """Thrown by a message throw or end event, to be delivered to other instances after the commit."""

    name: str
    correlation: Mapping[str, Any]
    business_key: str | None
    variables: Mapping[str, Any]


@dataclass(frozen=True)
class ActiveElement:
    element_id: str
    name: str
    definition_key: str
    count: int


@dataclass(frozen=True)
class Picture:
    """Where an instance stands after a run: everything that becomes rows."""

    completed: bool
    end_elements: tuple[str, ...]  # end events reached in this run at top level
    variables: Mapping[str, Any]  # of the top level
    tasks: tuple[OpenTask, ...]
    timers: tuple[PendingTimer, ...]
    messages: tuple[WaitingMessage, ...]
    active: tuple[ActiveElement, ...]
    failures: tuple[Failure, ...]  # every step that stands still now, not only those of this run
    happenings: tuple[Happening, ...]  # of this run, in order
    outgoing: tuple[OutgoingMessage, ...]  # of this run, in order


@dataclass(frozen=True)
class ServiceCall:
    """A service task asks the outside to work: the engine looks `topic` up in the registry."""

    topic: str
    parameters: Mapping[str, Any]  # input parameters, FEEL already evaluated
    element_id: str
    definition_key: str
    task_id: str
    variables: Mapping[str, Any]
    # To be called with the result before it counts: raises for one that cannot be kept, and then what the handler wrote must go too.
    accept: Callable[[Mapping[str, Any]], object] = field(default=lambda _result: None, compare=False, repr=False)


class Services(Protocol):
    """What a run needs from outside, handed in by the command for one transaction."""

    now: datetime
    functions: Mapping[str, Callable[..., Any]]  # our FEEL functions, bound to `now` and the connection

    def call(self, request: ServiceCall) -> Mapping[str, Any]:
        """Do the work (inside a savepoint). Raises BpmnError for a boundary event, Refused for a rule,
        anything else for an incident."""

    def decide(self, decision_key: str, variables: Mapping[str, Any]) -> Any:
        """Evaluate a decision table of the same release. Returns the result as the contract shapes it."""


@dataclass
class OnlyLooking:
    """Services for looking at a state without letting it run."""

    now: datetime
    functions: Mapping[str, Callable[..., Any]]

    def call(self, request: ServiceCall) -> Mapping[str, Any]:
        raise TypeError("a state that is only read calls no service")

    def decide(self, decision_key: str, variables: Mapping[str, Any]) -> Any:
        raise TypeError("a state that is only read decides nothing")
