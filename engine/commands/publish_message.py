from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from engine.bpmn.elements import split_names
from engine.commands import messages, release_rows
from engine.commands.allowed import require
from engine.commands.background import deliver
from engine.commands.messages import Receiver
from engine.commands.step import Step
from engine.commands.text import check_length
from engine.errors import Forbidden, Invalid, NotFound
from engine.registry import Actor
from engine.store import tables as t
from forms.i18n import T


@dataclass(frozen=True)
class PublishMessage:
    """A message from outside. Answers `{"delivered": n}`.

    `business_key` or `correlation` (or both); `all` delivers to everybody waiting, else to one; nobody waiting is
    NotFound unless `keep` stores it for the next to wait. Raises Forbidden (FROM_PROCESSES_ONLY) for a message whose event
    has the property `sender="process"`: what one process tells another is not for a person to say. Where an event has the
    property `accepts`, a variable that is not named there is Invalid: a message must not rewrite what a case stands on."""

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
        self._refuse_inner(step, found)
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

    def _refuse_inner(self, step: Step, found: Sequence[Receiver]) -> None:
        """Judged by the active release, and by the releases on which somebody waits."""
        instance = t.instance.c
        waiting = select(instance.deployment_id).where(instance.id.in_([each.instance_id for each in found])).distinct()
        releases = set(step.connection.scalars(waiting)) if found else set()
        active = release_rows.active(step.connection)
        for release_id in releases | ({active.id} if active else set()):
            for process in step.engine.releases.get(step.connection, release_id).bpmn.processes.values():
                if self.name not in process.messages:
                    continue
                for element in process.elements.values():
                    if element.event.name == self.name:
                        self._refuse_by(element.properties)

    def _refuse_by(self, declared: Mapping[str, str]) -> None:
        if declared.get("sender") == "process":
            raise Forbidden(T("这条消息只由流程发给流程，不能由人发布。"), code="FROM_PROCESSES_ONLY")
        if "accepts" in declared:
            strange = sorted(set(self.variables) - set(split_names(declared["accepts"])))
            if strange:
                raise Invalid({"variables": [T("这条消息不能带这些变量：{names}。", names=strange)]})
