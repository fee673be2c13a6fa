"""What a command and a query are, and what they are handed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from engine.commands.step import Step
    from engine.engine import Engine
    from engine.queries.reading import Reading

R_co = TypeVar("R_co", covariant=True)


class Command(Protocol[R_co]):
    """A frozen dataclass that changes something, in one transaction. With an idempotency key its result must be
    plain JSON (dicts, lists, text, numbers), because a repetition is answered with the kept result.

    A class attribute `confidential = True` says that who asked must stand nowhere: a refusal leaves no line in a history,
    and the command takes no idempotency key (its row would tie an account to what was asked)."""

    def execute(self, step: Step) -> R_co: ...


@runtime_checkable
class Journey(Protocol[R_co]):
    """A command that needs many transactions (moving the clock). It has no idempotency key."""

    def conduct(self, engine: Engine) -> R_co: ...


@runtime_checkable
class Prepared(Protocol[R_co]):
    """A command with slow work to be done before its transaction: it answers the command that is then executed, which must
    check that what it relies on still holds."""

    def prepared(self, engine: Engine) -> Command[R_co]: ...

    def execute(self, step: Step) -> R_co: ...


class Query(Protocol[R_co]):
    """A frozen dataclass that reads, in one consistent snapshot."""

    def answer(self, reading: Reading) -> R_co: ...


@dataclass(frozen=True)
class Once:
    """An idempotency key as a caller gave it: unique per account and route, kept for 24 hours."""

    account_id: str
    route: str
    key: str
    body: bytes

    @property
    def body_hash(self) -> str:
        return hashlib.sha256(self.body).hexdigest()
