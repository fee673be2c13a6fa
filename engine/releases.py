"""Releases as they run: every definition of one deployment, parsed once and kept while it is in use."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from engine.bpmn import decision as decisions
from engine.bpmn.decision import Decision, DecisionResult
from engine.bpmn.feel import Feel, FeelError
from engine.bpmn.model import Limits
from engine.bpmn.parse import Release
from engine.errors import NotFound, Refused
from engine.registry import Registry
from engine.store import tables as t
from forms.definition import FormDefinition
from forms.i18n import T

MOST_KEPT = 16  # releases in memory; one without running instances is not asked for any more

feel = Feel()


@dataclass(frozen=True)
class LoadedRelease:
    id: str
    bpmn: Release
    decisions: Mapping[str, Decision]
    forms: Mapping[str, FormDefinition]
    definition_ids: Mapping[tuple[str, str], str]  # (kind, key) -> id
    limits: Limits
    registry: Registry

    def decide(
        self, key: str, variables: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]], now: datetime
    ) -> DecisionResult:
        """Raises Refused (DECISION_MISSING) and what the table itself raises."""
        decision = self.decisions.get(key)
        if decision is None:
            raise Refused(T("这一版流程里没有决策表“{key}”。", key=key), code="DECISION_MISSING")
        return decisions.evaluate(decision, variables, feel, functions, now)

    def form(self, key: str) -> FormDefinition:
        """Raises Refused (FORM_MISSING)."""
        form = self.forms.get(key)
        if form is None:
            raise Refused(T("这一版流程里没有表单“{key}”。", key=key), code="FORM_MISSING")
        return form

    def scopes_of(self, process_key: str, variables: Mapping[str, Any], now: datetime) -> set[str] | None:
        """The scopes an instance belongs to by its process's property `scopes`; None where the process says none. What
        cannot be told yet (a variable that is not set) is left out."""
        expression = self.bpmn.info(process_key).scopes
        if expression is None:
            return None
        try:
            value = feel.evaluate(expression, variables, {}, now)
        except FeelError:
            return set()
        return {scope for scope in value if isinstance(scope, str)} if isinstance(value, list) else set()


class Releases:
    """A cache by deployment id; deployments never change, so nothing in it grows old. Safe for threads."""

    def __init__(self, registry: Registry, limits: Limits | None = None) -> None:
        self._registry = registry
        self._limits = limits or Limits()
        self._kept: OrderedDict[str, LoadedRelease] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, connection: Connection, deployment_id: str) -> LoadedRelease:
        """Raises NotFound."""
        with self._lock:
            if deployment_id in self._kept:
                self._kept.move_to_end(deployment_id)
                return self._kept[deployment_id]
        loaded = self._load(connection, deployment_id)
        with self._lock:
            self._kept[deployment_id] = loaded
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return loaded

    def _load(self, connection: Connection, deployment_id: str) -> LoadedRelease:
        definition, part = t.definition, t.deployment_definition
        rows = connection.execute(
            select(definition)
            .join(part, part.c.definition_id == definition.c.id)
            .where(part.c.deployment_id == deployment_id)
        ).all()
        if not rows:
            raise NotFound(T("没有这次发布。"))
        return build(
            deployment_id,
            {(row.kind, row.key): (row.id, row.file_name, row.content) for row in rows},
            self._registry,
            self._limits,
        )


def build(
    deployment_id: str,
    contents: Mapping[tuple[str, str], tuple[str, str, bytes]],
    registry: Registry,
    limits: Limits,
) -> LoadedRelease:
    """From `(kind, key) -> (definition id, file name, content)`, all of it linted before."""
    found_decisions: dict[str, Decision] = {}
    forms: dict[str, FormDefinition] = {}
    files: dict[str, bytes] = {}
    for (kind, key), (_, file_name, content) in contents.items():
        if kind == "process":
            # A file with several processes stands here once; two files of one name come from different uploads.
            files[file_name if files.get(file_name, content) == content else f"{file_name} ({key})"] = content
        elif kind == "decision":
            found_decisions[key] = Decision.parse(content)[key]
        elif kind == "form":
            forms[key] = FormDefinition.parse(content, file_name)
    return LoadedRelease(
        id=deployment_id,
        bpmn=Release.build(deployment_id, files),
        decisions=found_decisions,
        forms=forms,
        definition_ids={place: definition_id for place, (definition_id, _, _) in contents.items()},
        limits=limits,
        registry=registry,
    )
