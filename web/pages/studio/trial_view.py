"""What the page of a trial shows: where it stands, who may go on, what is waited for, what happened and what was done."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from flask import request, url_for

from engine import policy
from engine.queries.definitions import DefinitionList, DefinitionXml
from engine.queries.instance_diagram import InstanceDiagram
from engine.queries.instance_events import InstanceEvents
from engine.queries.instance_view import InstanceView
from engine.queries.views import DiagramView
from engine.registry import Actor, Membership
from engine.scenarios.kit import Scenes
from engine.scenarios.writing import steps_text, value_text
from engine.studio.trial import OpenTask, Trial
from forms.i18n import gettext
from web.pages import case, outline, story, vocabulary
from web.pages.desk import ask, due, group_name
from web.pages.instances import STATES, state_of
from web.pages.words import when

SEES = Actor(
    "trial", "trial", "", frozenset({Membership(policy.INSPECTOR)})
)  # reads a sandbox, whose secrets are made up
EVENTS = 300
FEW = 6  # people shown as buttons at once
LONGEST_VALUE = 300
ACT_KEYS = ("as", "refused")


def whole(trial: Trial, scenes: Scenes) -> dict[str, Any]:
    """Everything, within the sandbox's engine."""
    instances = trial.instances()
    asked = request.args.get("instance")
    chosen = next((each for each in instances if each[0] == asked), instances[0] if instances else None)
    values: dict[str, Any] = {
        "trial": trial.told,
        "process": _process(trial.told.process),
        "begun": trial.begun,
        "now": trial.scene.now,
        "tasks": [_task(each, trial) for each in trial.open_tasks()],
        "awaited": trial.awaited(),
        "next_due": trial.next_due(),
        "instances": [_instance(each, chosen, trial) for each in instances],
        "next": steps_text(trial.told.rest[:1]),
        "left": len(trial.told.rest),
        "names": {name: _shown(value) for name, value in trial.told.names.items() if value},
        "done": steps_text([*trial.told.given, *_started(trial), *trial.told.steps]),
        "count": len(trial.told.given) + len(_started(trial)) + len(trial.told.steps),
        "people": people(scenes),
        "acts": [{"name": name, "words": str(scenes.words.get(name, ""))} for name in sorted(scenes.acts)],
        "chosen": _act(trial, scenes),
        "start_with": value_text("=case") if "case" in trial.told.names else "",
    }
    return values | (_case(trial, chosen[0]) if chosen else {"case": None})


def _process(key: str) -> str:
    """What the process is called in the sandbox's release."""
    found = ask(DefinitionList(SEES, kind="process", key=key, active=True)).items
    return gettext(found[0].name) if found else key


def people(scenes: Scenes) -> list[dict[str, str]]:
    """Everybody of the kit, for a list to choose from."""
    return [{"username": name, "label": _person(each)} for name, each in scenes.people.items()]


def _person(actor: Actor) -> str:
    """`李梅（hr-u01，单位人事）`."""
    groups = sorted({group_name(each.group) for each in actor.memberships})
    return f"{actor.name}（{'，'.join([actor.username, *groups])}）"


def _task(found: OpenTask, trial: Trial) -> dict[str, Any]:
    task = found.task
    able = [{"username": name, "label": _person(trial.people[name])} for name in found.people]
    return {
        "id": task.id,
        "name": gettext(task.name) if task.name else task.element_id,
        "process": gettext(task.process_name),
        "due": due(task.due_at),
        "few": able[:FEW],
        "more": able[FEW:],
        "groups": [group_name(each) for each in task.candidate_groups] or list(task.candidate_users),
        "assignee": task.assignee_name,
    }


def _instance(each: tuple[str, str, str], chosen: tuple[str, str, str] | None, trial: Trial) -> dict[str, Any]:
    instance_id, key, state = each
    return {
        "id": instance_id,
        "key": key,
        "state": str(STATES.get(state, state)),
        "current": each is chosen,
        "href": url_for("trying.show", trial_id=trial.told.id, instance=instance_id),
    }


def _started(trial: Trial) -> list[dict[str, Any]]:
    return [{"start": trial.told.start}] if trial.told.start is not None else []


def _act(trial: Trial, scenes: Scenes) -> dict[str, str] | None:
    """The act that was chosen, with its parameters to be filled in: what earlier acts have answered stands there already."""
    name = request.args.get("act", "")
    act = scenes.acts.get(name)
    if act is None:
        return None
    lines = []
    for each in list(inspect.signature(act).parameters.values())[1:]:
        if each.kind is each.VAR_KEYWORD:
            continue
        default = "" if each.default is each.empty else value_text(each.default)
        lines.append(f"{each.name}: {_known(each.name, trial) or default}".rstrip())
    return {"name": name, "words": str(scenes.words.get(name, "")), "given": "\n".join(lines)}


def _known(name: str, trial: Trial) -> str:
    found = [act for act, answer in trial.told.names.items() if isinstance(answer, Mapping) and name in answer]
    return f"={found[-1]}.{name}" if found else ""


# --- the case ----------------------------------------------------------------------------------------------------------


def _case(trial: Trial, instance_id: str) -> dict[str, Any]:
    found = ask(InstanceView(SEES, instance_id))
    diagrams = ask(InstanceDiagram(SEES, instance_id))
    events = ask(InstanceEvents(SEES, instance_id, max_results=EVENTS, newest_first=True))
    drawings = case.Drawings(SEES, case.ids_of(diagrams))
    teller = drawings.teller(lambda event: case.names(event, SEES, drawings), vocabulary.words(SEES))
    shown = _chosen(diagrams, drawings)
    end = found.instance.end_element
    return {
        "case": {
            "id": instance_id,
            "name": gettext(found.instance.definition_name),
            "state": found.instance.state,
            "state_words": str(STATES.get(found.instance.state, found.instance.state)),
            "ended": drawings.name(found.instance.definition_key, end) if end else "",
        },
        "incidents": [
            {"name": drawings.name(one.definition_key, one.element_id), "text": str(one.message)}
            for one in found.incidents
        ],
        "timers": [
            {"name": gettext(one.name) or one.element_id, "at": when(one.due_at)}
            for one in sorted(found.timers, key=lambda each: each.due_at)
        ],
        "diagrams": [
            {
                "name": gettext(one.name),
                "current": one is shown,
                "active": bool(one.active),
                "href": url_for("trying.show", trial_id=trial.told.id, instance=instance_id, diagram=one.definition_id)
                + "#diagram-title",
            }
            for one in diagrams
        ],
        "diagram": _diagram(shown) if shown else None,
        "lines": story.lines(reversed(events.items), teller),
        "variables": {name: _shown(value) for name, value in sorted(trial.scene.variables(instance_id).items())},
    }


def _chosen(diagrams: Sequence[DiagramView], drawings: case.Drawings) -> DiagramView | None:
    """The one asked for, else the first in which a step itself is going on."""
    asked = request.args.get("diagram")
    busy = [
        one
        for one in diagrams
        if any(not drawings.holds_others(one.definition_key, active.element_id) for active in one.active)
    ]
    wanted = [one for one in diagrams if one.definition_id == asked]
    return next(iter([*wanted, *busy, *diagrams]), None)


def _diagram(one: DiagramView) -> dict[str, Any]:
    content = ask(DefinitionXml(SEES, one.definition_id)).content
    drawn = outline.read(content, one.definition_key)
    containers = {element.id for element in drawn.elements.values() if element.kind == "subProcess"}
    return {"name": gettext(one.name), "xml": content.decode(), "state": state_of(one, containers)}


def _shown(value: Any) -> str:
    text = value_text(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
