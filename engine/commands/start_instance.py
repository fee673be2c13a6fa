from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.bpmn.elements import split_names
from engine.commands.allowed import require
from engine.commands.case import Case
from engine.commands.starting import startable
from engine.commands.step import Step
from engine.commands.text import check_length
from engine.errors import Forbidden, Refused
from engine.policy import StartFacts
from engine.registry import Actor
from forms.i18n import T


@dataclass(frozen=True)
class StartInstance:
    """Start an instance of a process of the active release.

    A process with the property `startVariables` takes from people the variables named there and drops all others: what
    its steps rely on is not for the starter to say. One with the property `startedBy="process"` is started and called by
    processes alone; `called` is set by who stands in for the caller in a test, never by the edge.

    Exactly one of `definition_id` and `key`. Answers `{"id", "definition_id", "business_key", "state", "revision"}`.
    Raises NotFound, Forbidden (also STARTED_BY_PROCESSES), Invalid (bad text), Refused (NOT_EXECUTABLE, NOT_ACTIVE or by a rule)."""

    actor: Actor
    definition_id: str | None = None
    key: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    business_key: str | None = None
    called: bool = False

    def execute(self, step: Step) -> dict[str, Any]:
        check_length("business_key", self.business_key)
        if (self.definition_id is None) == (self.key is None):
            raise Refused(T("请指明流程的编号或版本，二者取一。"), code="WHICH_PROCESS")
        row = startable(step.connection, definition_id=self.definition_id, key=self.key)
        require(self.actor, "process.start", StartFacts(frozenset(row.starter_groups)))
        case = Case.create(
            step,
            deployment_id=row.deployment_id,
            definition_id=row.id,
            definition_key=row.key,
            business_key=self.business_key,
            actor=self.actor,
        )
        if not self.called and case.release.bpmn.info(row.key).properties.get("startedBy") == "process":
            raise Forbidden(T("这个流程由其他流程发起，不能由人发起。"), code="STARTED_BY_PROCESSES")
        case.start(self._taken(case))
        case.save()
        return {"definition_id": row.id, "business_key": self.business_key, **case.summary()}

    def _taken(self, case: Case) -> Mapping[str, Any]:
        given = case.release.bpmn.info(case.definition_key).properties
        if "startVariables" not in given:
            return self.variables
        named = split_names(given["startVariables"])
        return {name: value for name, value in self.variables.items() if name in named}
