from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.commands import messages
from engine.commands.allowed import require
from engine.commands.background import deliver
from engine.commands.step import Step
from engine.commands.text import check_length
from engine.errors import Invalid, NotFound
from engine.registry import Actor
from forms.i18n import T


@dataclass(frozen=True)
class PublishMessage:
    """A message from outside. Answers `{"delivered": n}`.

    `business_key` or `correlation` (or both); `all` delivers to everybody waiting, else to one; nobody waiting is
    NotFound unless `keep` stores it for the next to wait."""

    name: str
    actor: Actor
    business_key: str | None = None
    correlation: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    keep: bool = False
    all: bool = False

    def execute(self, step: Step) -> dict[str, Any]:
        require(self.actor, "message.publish")
        check_length("name", self.name)
        check_length("business_key", self.business_key)
        if self.business_key is None and not self.correlation:
            raise Invalid({"correlation": [T("请给出业务编号或关联值。")]})
        found = messages.receivers(step.connection, self.name, self.correlation, self.business_key)
        delivered = 0
        # Several instances are locked in one order, so that two publishers never wait for each other.
        for receiver in sorted(found, key=lambda r: r.instance_id) if self.all else found:
            delivered += deliver(step, receiver, self.name, self.variables)
            if delivered and not self.all:
                break
        step.stream = None
        if not delivered and not self.keep:
            raise NotFound(T("没有流程在等待这条消息。"), code="NOBODY_WAITS")
        if not delivered:
            message_id = messages.store(
                step,
                self.name,
                self.correlation,
                self.business_key,
                self.variables,
                state="pending",
                sent_by=self.actor.username,
            )
            messages.keep_or_queue(step, message_id, self.name, self.correlation, self.business_key)
        return {"delivered": delivered}
