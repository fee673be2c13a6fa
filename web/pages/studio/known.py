"""What the editors of a change choose from, asked by their scripts when they open."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from engine.studio.known import Choice, Known, Topic
from web.pages.clauses import anchor
from web.pages.desk import ask, me
from web.pages.studio.common import as_json
from web.security import login_required

blueprint = Blueprint("studioknown", __name__, url_prefix="/studio/changes/<change_id>")


@blueprint.get("/known")
@login_required
def known(change_id: str) -> ResponseReturnValue:
    """`{forms, decisions, processes: [{key, name, file}], groups: [{key, name}], topics: [{topic, name, processes, parameters:
    [{name, required, type, values}]}], functions: [{name, parameters, doc}], variables: {process: [names]}, labels: {name: words}, messages: [names],
    clauses: [{number, title, href}]}`, words in the reader's language."""
    found = ask(Known(me(), change_id))
    return as_json(
        {
            "forms": [_choice(one) for one in found.forms],
            "decisions": [_choice(one) for one in found.decisions],
            "processes": [_choice(one) for one in found.processes],
            "groups": [{"key": key, "name": str(name)} for key, name in found.groups.items()],
            "topics": [_topic(one) for one in found.topics],
            "functions": [
                {"name": one.name, "parameters": list(one.parameters), "doc": str(one.doc)} for one in found.functions
            ],
            "variables": {key: list(names) for key, names in found.variables.items()},
            "labels": {name: str(words) for name, words in found.labels.items()},
            "messages": list(found.messages),
            "clauses": [_clause(number, str(title)) for number, title in found.clauses.items()],
        }
    )


def _choice(one: Choice) -> dict[str, str]:
    return {"key": one.key, "name": one.name, "file": one.file}


def _clause(number: str, title: str) -> dict[str, str]:
    return {"number": number, "title": title, "href": url_for("clause.index") + "#" + anchor(number)}


def _topic(one: Topic) -> dict[str, Any]:
    parameters = [
        {"name": each.name, "required": each.required, "type": str(each.type), "values": list(each.values)}
        for each in one.parameters
    ]
    return {
        "topic": one.topic,
        "name": str(one.name),
        "processes": list(one.processes),
        "parameters": parameters,
    }
