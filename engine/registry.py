"""What a diagram may call. An office registers its handlers, FEEL functions and groups here; nothing else is reachable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from marshmallow import Schema
from sqlalchemy import Connection

from forms.i18n import Text

if TYPE_CHECKING:
    from engine.identity.crypto import Keyring
    from engine.scenarios.kit import Scenes


@dataclass(frozen=True)
class Membership:
    """Belonging to a group; `scope` narrows it to one unit or region (`unit:u01`, `region:golog`), None means everywhere."""

    group: str
    scope: str | None = None


@dataclass(frozen=True)
class Actor:
    """Who acts: an account with its memberships, as read at the start of the command."""

    account_id: str
    username: str
    name: str
    memberships: frozenset[Membership] = frozenset()

    @property
    def groups(self) -> frozenset[str]:
        return frozenset(m.group for m in self.memberships)

    def scopes(self, group: str) -> frozenset[str | None]:
        """Where the actor belongs to `group`; contains None where that is everywhere."""
        return frozenset(m.scope for m in self.memberships if m.group == group)


class StepContext(Protocol):
    """What a handler gets: the step's transaction and everything it may do within it. It never commits."""

    connection: Connection
    now: datetime  # aware, UTC: the command's one reading of the clock
    actor: Actor | None  # None for timers and messages
    instance_id: str
    definition_key: str  # of the process the service task stands in
    element_id: str
    business_key: str | None
    variables: Mapping[str, Any]  # of the scope the task stands in; read only

    @property
    def key(self) -> str:
        """The same at every try of this step and of no other step: what somebody outside may know a repetition by."""

    @property
    def keyring(self) -> Keyring:
        """Seals and opens the register's fields (telephones); what it opens never becomes a variable."""

    def send(
        self,
        name: str,
        *,
        correlation: Mapping[str, Any] | None = None,
        business_key: str | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        """A message to other instances: kept with this step, delivered in a transaction of its own, effect once."""

    def start(self, process_key: str, *, variables: Mapping[str, Any], business_key: str | None = None) -> None:
        """Start another instance after this step has committed; once, however often the job runs."""

    def effect(self, kind: str, key: str, payload: Mapping[str, Any]) -> None:
        """Something that leaves the program after the commit (mail, platform); `key` makes it unique."""

    def note(self, kind: str, data: Mapping[str, Any], text: Text | None = None) -> None:
        """A line in the instance's history, in the hash chain like every other."""

    def function(self, name: str) -> Callable[..., Any]:
        """One of the office's FEEL functions, bound to this step's `now` and connection."""


@dataclass(frozen=True)
class Handler:
    """A service task's work: `call(context, params) -> result`, both checked by marshmallow schemas.

    `processes`: keys of the processes whose diagrams may call it; empty means any. What votes, certifies or sanctions is
    not for whoever draws another diagram."""

    topic: str
    call: Callable[[StepContext, dict[str, Any]], Mapping[str, Any] | None]
    params: type[Schema]
    result: type[Schema]
    label: Text
    processes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class FeelFunction:
    """A function of ours in FEEL. `bind(connection, now)` gives the callable; arguments and results are JSON-like values,
    dates as ISO text (`{"@": iso}` is never seen here). Raises `Refused` where a rule refuses (a missing calendar)."""

    name: str
    parameters: tuple[str, ...]
    bind: Callable[[Connection | None, datetime], Callable[..., Any]]
    label: Text
    returns: str = "any"  # "date", "date and time", "number", "boolean", "any": how FEEL is to read the result


@dataclass(frozen=True)
class BoundFunction:
    """A FEEL function bound to one command, which still knows how FEEL is to read its result."""

    call: Callable[..., Any]
    returns: str

    def __call__(self, *arguments: Any) -> Any:
        return self.call(*arguments)


@dataclass(frozen=True)
class Protected:
    """What nobody puts right by hand in a single case (`engine.bpmn.guard`), named by what only the office gives."""

    processes: frozenset[str] = (
        frozenset()
    )  # where a vote is taken: sub-processes with a protected step are closed as a whole
    topics: frozenset[str] = frozenset()
    decisions: frozenset[str] = frozenset()
    messages: frozenset[str] = frozenset()  # whoever waits for one, or sends it, is protected
    variables: frozenset[str] = (
        frozenset()
    )  # what these messages and handlers bring, whatever a diagram calls its steps


@dataclass
class Registry:
    """All that one office offers to its diagrams."""

    handlers: dict[str, Handler] = field(default_factory=dict)
    functions: dict[str, FeelFunction] = field(default_factory=dict)
    groups: dict[str, Text] = field(default_factory=dict)
    terms: Mapping[str, Text] = field(default_factory=dict)  # what a variable or parameter of that name is called
    everywhere: frozenset[str] = (
        frozenset()
    )  # groups of which nobody's membership is narrowed to a unit, region or person
    overseers: frozenset[str] = frozenset()  # groups above the process owners: they may confirm that a case is ended
    invariants: tuple[Callable[[Connection], Iterable[str]], ...] = ()  # what must hold in the office's own tables
    # What the office's own code brings when it starts a process (by the process's key) and with a message (by its name): no
    # diagram shows it.
    starts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sends: Mapping[str, frozenset[str]] = field(default_factory=dict)
    shipped: tuple[Path, ...] = ()  # folders whose .bpmn .dmn .form .test.yaml files are the shipped release
    scenes: Scenes | None = None  # what scenario tests are played with; without it none are
    rule_tables: frozenset[str] = frozenset()  # decisions that are rule sets: changed on a document, with signatures
    rule_signers: tuple[str, ...] = ()  # groups that each sign a changed rule set
    policy_document: Callable[[Connection, str], bool] | None = None  # is this the number of a published document?
    clauses: Mapping[str, Text] = field(default_factory=dict)  # number -> title of what a step may name as its ground
    protected: Protected = Protected()  # no repair touches it

    def add_handlers(self, handlers: Iterable[Handler]) -> None:
        for handler in handlers:
            if handler.topic in self.handlers:
                raise ValueError(f"two handlers for topic {handler.topic!r}")
            self.handlers[handler.topic] = handler

    def bind_functions(self, connection: Connection | None, now: datetime) -> dict[str, Callable[..., Any]]:
        return {
            name: BoundFunction(function.bind(connection, now), function.returns)
            for name, function in self.functions.items()
        }
