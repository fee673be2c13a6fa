"""What of an instance is not told even to those who may see it. Its process says so in two properties:

`secret`     variables that are read in the form of the task that needs them, by those whose task it is, and nowhere else
`outsiders`  groups whose members learn where their case stands and what they did themselves, and not how the office worked
             on it: no variables, no values that decided, nobody's name, and of a step that failed only that it stands still
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from engine import policy
from engine.bpmn.elements import split_names
from engine.policy import TaskFacts
from engine.queries.reading import Reading
from engine.queries.views import IncidentItem
from engine.registry import Actor
from engine.releases import LoadedRelease
from forms.i18n import T, Text

SOMEBODY = "-"  # stands for a person whom the reader is not told; no username looks like it
STANDS_STILL = T("这一步停住了，经办部门已经知道，会处理；不需要您做什么。")
TROUBLE = frozenset({"incident_opened", "incident_retried"})  # lines of history that say why a step failed
TOLD_OUTSIDE = frozenset({"taken", "flows", "due", "reason", "code"})  # what of a line's data says where a case went


@dataclass(frozen=True)
class Veil:
    """What one reader is not told of one instance."""

    release: LoadedRelease
    actor: Actor
    secret: frozenset[str]
    outside: bool

    @classmethod
    def over(cls, reading: Reading, actor: Actor, deployment_id: str, root_key: str) -> Veil:
        """For an instance of the process `root_key`, whatever it calls."""
        release = reading.engine.releases.get(reading.connection, deployment_id)
        given = release.bpmn.info(root_key).properties
        outsiders = frozenset(split_names(given.get("outsiders")))
        outside = bool(outsiders) and actor.groups <= outsiders
        return cls(release, actor, frozenset(split_names(given.get("secret"))), outside)

    def variables(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """The variables of the instance."""
        return {} if self.outside else {name: value for name, value in known.items() if name not in self.secret}

    def task_data(self, known: Mapping[str, Any], form_key: str | None, facts: TaskFacts) -> dict[str, Any]:
        """The variables of a task. Who only looks on sees no secret; who does it sees those its form mentions."""
        if not self.secret and not self.outside:
            return dict(known)
        form = self.release.forms.get(form_key) if form_key is not None else None
        mentioned = orjson.dumps(form.raw).decode() if form else ""
        if self.outside:
            return {name: value for name, value in known.items() if name in mentioned}
        theirs = self.actor.username in (facts.assignee, facts.owner, facts.completed_by)
        theirs = theirs or policy.matches(self.actor, facts.candidates)
        return {n: value for n, value in known.items() if n not in self.secret or (theirs and n in mentioned)}

    def person(self, username: str | None) -> str | None:
        """Who did something, as the reader may know it."""
        return SOMEBODY if self.outside and username not in (None, self.actor.username) else username

    def incident(self, item: IncidentItem) -> IncidentItem:
        """A step that failed: outside, that it stands still and the office knows, never why."""
        if not self.outside:
            return item
        by = self.person(item.resolved_by)
        return replace(item, code="STANDS_STILL", message=STANDS_STILL, facts={}, resolved_by=by)

    def event_text(self, kind: str, by: str | None, text: Text | None) -> Text | None:
        """The sentence of a line of history. Outside, a refusal is told to whom it was told."""
        if not self.outside or text is None:
            return text
        if kind in TROUBLE:
            return STANDS_STILL
        return None if kind == "refused" and by != self.actor.username else text

    def event_data(
        self, data: Mapping[str, Any], definition_key: str | None, element_id: str | None, kind: str
    ) -> Mapping[str, Any]:
        """What a line of history holds besides what happened where."""
        if self.outside:
            told_outside = TOLD_OUTSIDE - {"code"} if kind in TROUBLE else TOLD_OUTSIDE
            told_outside -= {"reason"} if kind.startswith("repair") else set()
            return {name: value for name, value in data.items() if name in told_outside}
        if not self.secret:
            return data
        told = dict(data)
        if "conditions" in told:
            told["conditions"] = [self._condition(each) for each in told["conditions"]]
        if "decision" in told and self._result_of(definition_key, element_id) in self.secret:
            told.pop("result", None)
        return told

    def _condition(self, looked_at: Mapping[str, Any]) -> Mapping[str, Any]:
        words = set(re.findall(r"\w+", str(looked_at.get("condition", ""))))
        if words.isdisjoint(self.secret):
            return looked_at
        return {name: value for name, value in looked_at.items() if name not in ("read", "value")}

    def _result_of(self, definition_key: str | None, element_id: str | None) -> str | None:
        process = self.release.bpmn.processes.get(definition_key or "")
        element = process.elements.get(element_id or "") if process else None
        return element.result_variable if element else None
