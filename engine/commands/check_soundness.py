"""What would stick: warnings about a process that passes the lint and yet cannot do what is drawn.

It is found by playing the token game (`engine.bpmn.soundness`) and by asking who sets what is read (`engine.bpmn.soundness_names`), with
the forms, decisions, services, calls and tests of the whole release at hand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from engine.bpmn.elements import Element, Process, marked_feel, split_names
from engine.bpmn.feel import Feel
from engine.bpmn.findings import Findings
from engine.bpmn.lint_slots import element_slots, process_slots, slot_words
from engine.bpmn.soundness import Game, Stuck, play
from engine.bpmn.soundness_names import Reading, Sources, is_set, readings_of, sources_of
from engine.bpmn.soundness_values import Ways
from engine.commands.contents import Content
from engine.commands.known_release import KnownRelease, processes_of
from engine.errors import Problem
from engine.registry import Registry
from forms.i18n import T

MAX_CALLS: Final = 30  # called processes looked into for the errors they may end with
MAX_EXPRESSIONS: Final = 600  # of one process, different ones; shipped processes have up to two hundred
_feel: Final = Feel()


def check_soundness(file: str, raw: bytes, others: Sequence[Content], registry: Registry) -> list[Problem]:
    """Warnings about the processes of one diagram, in the order of its lines. To be asked only of a file against which the
    lint has no error. `others`: the rest of its release."""
    own = Content("process", "", "", file, raw)
    findings = Findings(file)
    drawn = [process for process in processes_of(own) if process.executable]
    keys = {process.id for process in drawn}
    rest = [content for content in others if content.place not in {("process", key) for key in keys}]
    known = KnownRelease([*rest, own], registry, _feel)
    for process in drawn:
        if _expressions(process) > MAX_EXPRESSIONS:
            continue  # the lint has read them all once; reading them again would keep who draws waiting
        sources = sources_of(process, known, _feel)
        ways = Ways(_feel, sources.shapes)
        games = play(process, ways, lambda key: _errors_of(key, known, MAX_CALLS))
        for game in games.values():
            _stuck(process, game, findings)
            _never(process, game, games, ways, findings)
        _unset(process, sources, known, findings)
        _people(process, registry, findings)
    return sorted(findings.problems, key=lambda problem: problem.line or 0)


def _expressions(process: Process) -> int:
    slots = [slot for element in process.elements.values() for slot in element_slots(element)]
    return len({slot[3] for slot in (*slots, *process_slots(process))})


def _unset(process: Process, sources: Sources, known: KnownRelease, findings: Findings) -> None:
    """Variables that are read and that nobody sets: each told once, where it is read first."""
    places: dict[tuple[str, str], list[Reading]] = {}
    for reading in readings_of(process, known, _feel):
        around = sources if reading.inner is None else sources_of(reading.inner, known, _feel)
        if not is_set(reading, around):
            mention = reading.mention
            name = f"{mention.name}.{mention.after}" if mention.name in around.shapes else mention.name
            places.setdefault((reading.inner.id if reading.inner else "", name), []).append(reading)
    for (_, name), readings in places.items():
        first = min(readings, key=lambda reading: reading.line)
        near = get_close_matches(name.partition(".")[2] or name, _names_near(name, sources), n=3, cutoff=0.75)
        facts = {"variable": name, "places": sorted({reading.where for reading in readings}), "near": near}
        text = T(
            "{slot} 用到“{name}”，但没有表单、自动步骤、决策表、消息或发起内容给出它（本图有 {n} 处）。",
            slot=slot_words(first.slot),
            name=name,
            n=len(readings),
        )
        if near:
            text = T(
                "{slot} 用到“{name}”，但没有谁给出它；名称最接近的有 {near}（本图有 {n} 处）。",
                slot=slot_words(first.slot),
                name=name,
                near=near,
                n=len(readings),
            )
        findings.warn(first.line, first.where, "VARIABLE_UNSET", text, **facts)


def _names_near(name: str, sources: Sources) -> list[str]:
    variable, _, after = name.partition(".")
    entries = sources.shapes[variable].entries if after and variable in sources.shapes else sources.shapes
    return sorted(entries or ())


# -- tokens ---------------------------------------------------------------------------------------------------------


def _errors_of(key: str, known: KnownRelease, left: int) -> set[str]:
    """Codes of the errors a called process can end with; `{"*"}`: perhaps any."""
    process = known.process(key)
    if process is None or left == 0:
        return {"*"}
    codes: set[str] = set()
    for element in process.elements.values():
        if element.type in ("serviceTask", "sendTask") and element.topic:
            return {"*"}
        if element.type == "endEvent" and element.event.kind == "error":
            codes.add(element.event.code or "")
        if element.called and element.called != key:
            codes |= _errors_of(element.called, known, left - 1)
    return codes


def _stuck(process: Process, game: Game, findings: Findings) -> None:
    for stuck in game.stuck:
        join = process.elements[stuck.join]
        missing = [_flow_words(process, flow) for flow in stuck.missing]
        facts = {"missing": list(stuck.missing), "path": list(stuck.path)}
        if stuck.ever:
            text = T(
                "“{name}”可能永远等不齐：走了 {path} 之后，从 {missing} 来的那一路就到不了。",
                name=join.label,
                path=_path_words(process, stuck),
                missing=missing,
            )
            findings.warn(join.line, join.id, "JOIN_MAY_STARVE", text, **facts)
        else:
            text = T("“{name}”永远等不齐：从 {missing} 来的那一路到不了。", name=join.label, missing=missing)
            findings.warn(join.line, join.id, "JOIN_STARVES", text, **facts)


def _never(process: Process, game: Game, games: Mapping[str, Game], ways: Ways, findings: Findings) -> None:
    """Flows never walked, where they part from what is, and ends never reached."""
    if not game.whole:
        return
    for flow in process.flows:
        source = process.elements.get(flow.source)
        if source is None or source.parent != game.scope or flow.id in game.walked:
            continue
        attached = process.elements.get(source.attached_to or "")
        dead_event = source.type == "boundaryEvent" and source.id not in game.fired
        if dead_event and attached is not None and attached.id in game.reached:
            text = T(
                "“{name}”之后的路永远不会走：“{host}”里没有什么会报告这个错误。", name=source.label, host=attached.label
            )
            findings.warn(source.line, source.id, "FLOW_NEVER", text, flow=flow.id)
        elif source.id in game.fired or _never_ends(source, game, games):
            met = ways.why.get(flow.id)
            text = T("这条路永远不会走。")
            if met:
                text = T("这条路永远不会走：{values}，没有一个值选到它。", values=_values_words(met))
            findings.warn(flow.line, flow.id, "FLOW_NEVER", text)
    for element in process.elements.values():
        if element.type == "endEvent" and element.parent == game.scope and element.id not in game.reached:
            text = T("结束“{name}”永远到不了。", name=element.label)
            findings.warn(element.line, element.id, "END_NEVER", text)


def _never_ends(element: Element, game: Game, games: Mapping[str, Game]) -> bool:
    """Whether it is a sub-process that is entered and never left the usual way, for no reason told inside it."""
    inner = games.get(element.id)
    return inner is not None and element.id in game.reached and not inner.stuck


def _flow_words(process: Process, flow_id: str) -> str:
    flow = next((flow for flow in process.flows if flow.id == flow_id), None)
    source = process.elements.get(flow.source) if flow is not None else None
    return f"“{source.label}”" if source is not None else flow_id


def _path_words(process: Process, stuck: Stuck) -> list[str]:
    """The last choices that lead there, as people know them."""
    words = []
    flows = {flow.id: flow for flow in process.flows}
    for choice in stuck.path[-4:]:
        if choice in flows:
            source, flow = process.elements[flows[choice].source], flows[choice]
            words.append(f"“{source.label}→{flow.name or process.elements[flow.target].label}”")
        elif choice in process.elements:
            words.append(f"“{process.elements[choice].label}”")
    return words


def _values_words(met: Mapping[str, list[Any]]) -> list[str]:
    return [
        f"{name}={'/'.join(json.dumps(value, ensure_ascii=False) for value in values[:12])}"
        for name, values in sorted(met.items())
    ]


# -- people ---------------------------------------------------------------------------------------------------------


def _people(process: Process, registry: Registry, findings: Findings) -> None:
    """Lanes and tasks for which the office has nobody."""
    if not registry.groups:
        return
    told: set[str] = set()
    for element in process.elements.values():
        if not element.human:
            continue
        if element.candidate_groups and marked_feel(element.candidate_groups) is None:
            unknown = [g for g in split_names(element.candidate_groups) if g not in registry.groups]
            if unknown:
                text = T("“{name}”派给“{groups}”，名册里没有这个角色，没有人能办。", name=element.label, groups=unknown)
                findings.warn(element.line, element.id, "TASK_NOBODY", text, groups=unknown)
        elif not element.candidate_groups and element.lane is not None:
            lane = element.lane
            by_name = element.assignee or element.candidate_users
            if lane.group and lane.group not in registry.groups and not by_name and (lane.id or "") not in told:
                told.add(lane.id or "")
                text = T(
                    "泳道“{lane}”派给“{group}”，名册里没有这个角色，其中的任务没有人能办。",
                    lane=lane.name,
                    group=lane.group,
                )
                findings.warn(lane.line, lane.id, "LANE_NOBODY", text, group=lane.group)
        elif _nobody(process, element):
            text = T("“{name}”没有写由谁办理，而本流程由程序发起，没有发起人可以办。", name=element.label)
            findings.warn(element.line, element.id, "TASK_NOBODY", text)
        for other in split_names(element.properties.get("notSameActorAs")):
            before = process.elements.get(other)
            if before is not None and element.assignee and before.assignee == element.assignee:
                text = T(
                    "“{name}”与“{other}”派给同一个人，又不许同一个人办，没有人能办。",
                    name=element.label,
                    other=before.label,
                )
                findings.warn(element.line, element.id, "TASK_NOBODY", text, other=other)


def _nobody(process: Process, element: Element) -> bool:
    named = element.candidate_groups or element.candidate_users or element.assignee
    return not named and element.lane is None and process.properties.get("startedBy") == "process"
