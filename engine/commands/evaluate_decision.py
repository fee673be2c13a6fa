from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from engine.bpmn.decision import DecisionError
from engine.bpmn.feel import FeelError
from engine.commands.allowed import require
from engine.commands.services import Functions
from engine.commands.step import Step
from engine.errors import NotFound, Refused
from engine.registry import Actor
from engine.store import tables as t
from forms.i18n import T


@dataclass(frozen=True)
class EvaluateDecision:
    """Evaluate a decision table of the active release; writes nothing. Answers `{"result", "matched_rules"}`."""

    key: str
    actor: Actor
    variables: Mapping[str, Any] = field(default_factory=dict)

    def execute(self, step: Step) -> dict[str, Any]:
        require(self.actor, "decision.evaluate")
        deployment = t.deployment
        active = step.connection.scalar(select(deployment.c.id).where(deployment.c.state == "active"))
        release = step.engine.releases.get(step.connection, active) if active else None
        if release is None or self.key not in release.decisions:
            raise NotFound(T("当前发布里没有决策表“{key}”。", key=self.key))
        functions = Functions(step.engine.registry, step.connection, step.now)
        try:
            decided = release.decide(self.key, self.variables, functions, step.now)
        except (DecisionError, FeelError) as error:
            # The caller's values do not fit the table: their fault, not an incident.
            raise Refused(error.text, code=error.code, **error.facts) from error
        return {"result": decided.result, "matched_rules": list(decided.matched_rules)}
