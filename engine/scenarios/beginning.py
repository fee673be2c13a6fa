"""The first scenario of a diagram that has none: started by somebody who may, its first task done with example values, and what
is there then. Found by playing it, so that it passes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from engine import policy
from engine.clock import local
from engine.commands.contents import Content
from engine.errors import BpmnError, NotFound, ZhipingError
from engine.queries.work_list import WorkList
from engine.registry import Actor, Registry
from engine.scenarios.doing import do
from engine.scenarios.expecting import Differs, observed
from engine.scenarios.gate import turn
from engine.scenarios.sandbox import OutOfTime, Workshop
from engine.scenarios.scene import FILE, Scene
from engine.scenarios.script import Step
from engine.scenarios.writing import file_text
from engine.store import patience
from forms.component import CHOICES, MULTIPLE, TEXTS, Component, members
from forms.definition import FormDefinition
from forms.i18n import T, gettext

WRONG = (ZhipingError, BpmnError, Differs, OutOfTime)  # what a diagram that is not finished may answer
LATER = timedelta(days=26)  # after the furniture was put in place


def first_test(process: str, whole: Sequence[Content], registry: Registry) -> str:
    """The text of a test file for that process of a release without errors. Where the process cannot be started as it is, or its
    first task wants what nobody can guess, the scenario ends before. Raises NotFound, Busy."""
    content = next((each for each in whole if each.kind == "process" and each.key == process), None)
    if content is None:
        raise NotFound(T("这一版流程里没有可执行的流程“{key}”。", key=process))
    assert registry.scenes is not None
    at = local(registry.scenes.since + LATER)
    starter = _starter(registry.scenes.people.values(), content.starter_groups)
    found: dict[str, Any] = {
        "name": gettext("发起以后停在第一步"),
        "at": at.replace(tzinfo=None).isoformat(timespec="minutes"),
        "start": {"by": starter},
    }
    steps: list[dict[str, Any]] = []
    forms = {each.key: each for each in whole if each.kind == "form"}
    with turn(), patience.unhurried(), Workshop(registry, whole) as workshop, workshop.sandbox({}, at) as engine:
        scene = Scene(engine, workshop.scenes.people, process)
        try:
            do(scene, Step("start", "start", found["start"], 0))
            expect = observed(scene)
            task = _first_task(scene, workshop.scenes.people, forms)
            if task is not None:
                do(scene, Step("task", "task", task, 0))
                steps.append({"task": task})
                expect = observed(scene)
        except WRONG:
            expect = observed(scene)
    return file_text(process, [{**found, **({"steps": steps} if steps else {}), "expect": expect}])


def _starter(people: Iterable[Actor], groups: Sequence[str]) -> str:
    """Somebody whom the diagram lets start it; else a process owner, who may always."""
    known = list(people)
    wanted = next((each for each in known if not each.groups.isdisjoint(groups)), None)
    owner = next((each for each in known if policy.OWNER in each.groups), None)
    return (wanted or owner or known[0]).username


def _first_task(scene: Scene, people: Mapping[str, Actor], forms: Mapping[str, Content]) -> dict[str, Any] | None:
    for person in people.values():
        mine = scene.ask(WorkList(person, mine=True, max_results=1)).items
        if mine:
            given: dict[str, Any] = {"element": mine[0].element_id, "by": person.username}
            form = forms.get(mine[0].form_key or "")
            if form is not None and (values := _values(members(FormDefinition.parse(form.raw, form.file).components))):
                given["variables"] = values
            return given
    return None


def _values(components: Iterable[Component]) -> dict[str, Any]:
    """Something for each field that must be filled in."""
    found = {}
    for each in components:
        if each.type == "group":
            found[each.key] = _values(members(each.components))
        elif each.rule("required") is True and (value := _value(each)) is not None:
            found[each.key] = value
    return found


def _value(component: Component) -> Any:
    least = component.rule("min")
    shortest = component.rule("minLength")
    options = [one["value"] for one in component.raw.get("values") or () if isinstance(one, Mapping) and "value" in one]
    if component.type in TEXTS:
        words = gettext("示例")
        return words * (-(-shortest // len(words))) if isinstance(shortest, int) else words
    if component.type == "number":
        return least if isinstance(least, int | float) else 1
    if component.type == "checkbox":
        return True
    if component.type == "filepicker":
        return {FILE: "示例.png"}
    if component.type in CHOICES | MULTIPLE and options:
        return options[0] if component.type in CHOICES else options[:1]
    return None
