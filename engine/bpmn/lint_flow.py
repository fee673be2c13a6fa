"""Lint of how a diagram hangs together: flows, gateways, lanes, what is reached and what is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from engine.bpmn.elements import ACTIVITIES, CONTAINERS, Element, Flow, Process
from engine.bpmn.findings import Findings
from forms.i18n import T

_CONDITIONAL = ("exclusiveGateway", "inclusiveGateway")
_WAITS = ("intermediateCatchEvent", "receiveTask")


def check_flow(process: Process, findings: Findings, *, runs: bool) -> None:
    """References in any diagram; with `runs` also everything the engine needs to run it rightly."""
    flows = _flows(process, findings)
    _lanes(process, findings)
    _boundaries(process, findings)
    if not runs:
        return
    _gateways(process, flows, findings)
    scopes = [process.id, *(e.id for e in process.elements.values() if e.type == "subProcess")]
    for scope in scopes:
        _scope(process, scope, flows, findings)


def _flows(process: Process, findings: Findings) -> list[Flow]:
    """The flows that lead from somewhere to somewhere in one scope."""
    good = []
    for flow in process.flows:
        source, target = process.elements.get(flow.source), process.elements.get(flow.target)
        for ref, end in ((flow.source, source), (flow.target, target)):
            if end is None:
                text = T("连线的一端“{ref}”不是本流程的元素，请重新连接。", ref=ref)
                findings.error(flow.line, flow.id, "DANGLING", text, ref=ref)
        if source is None or target is None:
            continue
        if source.parent != target.parent:
            text = T("连线从“{a}”到“{b}”穿过了子流程的边界。", a=source.label, b=target.label)
            findings.error(flow.line, flow.id, "CROSSES", text)
            continue
        for wrong, text in (
            (target.type == "startEvent", T("连线不能指向开始事件“{name}”。", name=target.label)),
            (target.type == "boundaryEvent", T("连线不能指向边界事件“{name}”。", name=target.label)),
            (source.type == "endEvent", T("连线不能从结束事件“{name}”出发。", name=source.label)),
        ):
            if wrong:
                findings.error(flow.line, flow.id, "FLOW_DIRECTION", text)
        good.append(flow)
    for element in process.elements.values():
        if element.default_flow and not any(
            flow.id == element.default_flow and flow.source == element.id for flow in process.flows
        ):
            text = T("默认出路“{ref}”不从“{name}”出发。", ref=element.default_flow, name=element.label)
            findings.error(element.line, element.id, "DANGLING", text, ref=element.default_flow)
    return good


def _lanes(process: Process, findings: Findings) -> None:
    places: dict[str, str | None] = {}
    for lane in process.lanes:
        for ref in lane.refs:
            if ref not in process.elements:
                text = T("泳道“{lane}”引用的元素“{ref}”不存在。", lane=lane.name, ref=ref)
                findings.error(lane.line, lane.id, "DANGLING", text, ref=ref)
            elif ref in places and places[ref] != lane.inside:
                text = T("元素“{ref}”同时在两条泳道中。", ref=ref)
                findings.error(lane.line, ref, "TWO_LANES", text)
            places[ref] = lane.id
        if not lane.group and any(process.elements[ref].human for ref in lane.refs if ref in process.elements):
            text = T("泳道没有名称，也没有 group，无法确定由谁办理。")
            findings.error(lane.line, lane.id, "LANE_GROUP", text)


def _boundaries(process: Process, findings: Findings) -> None:
    for element in process.elements.values():
        if element.type != "boundaryEvent":
            continue
        host = process.elements.get(element.attached_to or "")
        if host is None:
            text = T("边界事件“{name}”附着的元素“{ref}”不存在。", name=element.label, ref=element.attached_to or "")
            findings.error(element.line, element.id, "DANGLING", text, ref=element.attached_to)
        elif host.type not in ACTIVITIES | CONTAINERS or host.parent != element.parent:
            text = T("边界事件“{name}”只能附着在同一层的任务或子流程上。", name=element.label)
            findings.error(element.line, element.id, "BAD_HOST", text)
        if element.event.kind == "error" and not element.interrupting:
            text = T("错误边界事件“{name}”必须中断任务。", name=element.label)
            findings.error(element.line, element.id, "ERROR_INTERRUPTS", text)


def _gateways(process: Process, flows: list[Flow], findings: Findings) -> None:
    for element in process.elements.values():
        out = [flow for flow in flows if flow.source == element.id]
        if element.type in _CONDITIONAL:
            _decides(element, out, findings)
            continue
        for flow in out:
            if flow.condition:
                text = T("“{name}”之后的条件不会被判断，请用排他或包容网关。", name=element.label)
                findings.error(flow.line, flow.id, "CONDITION_IGNORED", text)
        if element.type == "eventBasedGateway":
            _event_gateway(process, element, out, flows, findings)
        elif element.type != "parallelGateway" and len(out) > 1:
            text = T("“{name}”有 {n} 条出路，会同时走；请用网关画清楚。", name=element.label, n=len(out))
            findings.warn(element.line, element.id, "IMPLICIT_SPLIT", text)


def _decides(element: Element, out: list[Flow], findings: Findings) -> None:
    bare = [flow for flow in out if not flow.condition and flow.id != element.default_flow]
    if len(out) > 1:
        for flow in bare:
            text = T("“{name}”的一条出路既没有条件，也不是默认出路。", name=element.label)
            findings.error(flow.line, flow.id, "CONDITION_MISSING", text)
    if element.default_flow is None and out and not bare:
        text = T("“{name}”没有默认出路：各条件都不成立时会停住。", name=element.label)
        findings.warn(element.line, element.id, "NO_DEFAULT", text)
    for flow in out:
        if flow.condition and flow.id == element.default_flow:
            text = T("默认出路上的条件不会被判断。")
            findings.warn(flow.line, flow.id, "CONDITION_IGNORED", text)


def _event_gateway(process: Process, element: Element, out: list[Flow], flows: list[Flow], findings: Findings) -> None:
    targets = [process.elements[flow.target] for flow in out]
    if len(targets) < 2:
        text = T("事件网关“{name}”之后至少要有两个事件。", name=element.label)
        findings.error(element.line, element.id, "EVENT_GATEWAY", text)
    for target in targets:
        if target.type not in _WAITS:
            text = T(
                "事件网关“{name}”之后只能是等待消息或定时的事件，“{other}”不是。",
                name=element.label,
                other=target.label,
            )
            findings.error(target.line, target.id, "EVENT_GATEWAY", text)
        elif sum(flow.target == target.id for flow in flows) > 1:
            text = T("“{name}”在事件网关之后，不能再有别的来路。", name=target.label)
            findings.error(target.line, target.id, "EVENT_GATEWAY", text)
        if any(other.attached_to == target.id for other in process.elements.values()):
            text = T("事件网关之后的“{name}”不能带边界事件。", name=target.label)
            findings.error(target.line, target.id, "EVENT_GATEWAY", text)
    if sum(target.event.kind == "timer" for target in targets) > 1:
        text = T("事件网关“{name}”之后有两个定时，只会用到较早的一个，请合并。", name=element.label)
        findings.error(element.line, element.id, "TWO_TIMERS", text)


def _scope(process: Process, scope: str, flows: list[Flow], findings: Findings) -> None:
    inside = {e.id: e for e in process.elements.values() if e.parent == scope}
    owner = process.elements.get(scope)
    line, name = (owner.line, owner.label) if owner else (process.line, process.name)
    kinds = Counter(element.type for element in inside.values())
    if kinds["startEvent"] != 1:
        text = T("“{name}”应有且只有一个开始事件，现有 {n} 个。", name=name, n=kinds["startEvent"])
        findings.error(line, scope, "START", text)
    if not kinds["endEvent"]:
        # BPMN lets a process end where its last step has no way on; people who read it are better told.
        findings.warn(line, scope, "NO_END", T("“{name}”没有结束事件。", name=name))
    follows: dict[str, list[str]] = {key: [] for key in inside}
    for flow in flows:
        if flow.source in inside:
            follows[flow.source].append(flow.target)
    for element in inside.values():
        if element.attached_to in inside:
            follows[element.attached_to or ""].append(element.id)
    starts = [key for key, element in inside.items() if element.type == "startEvent"][:1]
    reached = _reach(starts, follows)
    for key, element in inside.items():
        if key not in reached and kinds["startEvent"] == 1:
            text = T("从开始事件到不了“{name}”。", name=element.label)
            findings.error(element.line, key, "UNREACHABLE", text)
        if element.type == "endEvent" or element.event_subprocess:
            continue
        if not any(flow.source == key for flow in flows):
            text = T("“{name}”之后没有连线，流程会在此静静结束；请连到结束事件。", name=element.label)
            findings.warn(element.line, key, "DEAD_END", text)
    _loops_without_exit(inside, follows, reached, findings)
    _joins(inside, flows, follows, starts, findings)


def _reach(starts: Iterable[str], follows: dict[str, list[str]]) -> set[str]:
    seen: set[str] = set()
    ahead = list(starts)
    while ahead:
        key = ahead.pop()
        if key not in seen:
            seen.add(key)
            ahead.extend(follows.get(key, ()))
    return seen


def _loops_without_exit(
    inside: dict[str, Element], follows: dict[str, list[str]], reached: set[str], findings: Findings
) -> None:
    back: dict[str, list[str]] = {key: [] for key in inside}
    for source, targets in follows.items():
        for target in targets:
            back.setdefault(target, []).append(source)
    finishing = _reach([key for key in inside if inside[key].type == "endEvent" or not follows[key]], back)
    stuck = [inside[key] for key in sorted(reached - finishing) if key in inside]
    if stuck:
        text = T("从“{name}”出发到不了任何结束事件。", name=stuck[0].label)
        findings.warn(stuck[0].line, stuck[0].id, "NO_WAY_OUT", text)


def _joins(
    inside: dict[str, Element],
    flows: list[Flow],
    follows: dict[str, list[str]],
    starts: list[str],
    findings: Findings,
) -> None:
    """A split and the join that closes it must be of one kind. The gateway all ways to a join go through tells which split that is."""
    above = _dominators(starts, follows)
    arriving = Counter(flow.target for flow in flows)
    leaving = Counter(flow.source for flow in flows)
    for key, element in inside.items():
        split = inside.get(above.get(key, ""))
        if arriving[key] < 2 or split is None or leaving[split.id] < 2:
            continue
        if element.type == "parallelGateway" and split.type in ("exclusiveGateway", "eventBasedGateway"):
            text = T(
                "“{split}”只走一条路，“{join}”却等待所有的路，流程会停住；请改用排他网关合并。",
                split=split.label,
                join=element.label,
            )
            findings.error(element.line, key, "XOR_CLOSED_BY_AND", text, split=split.id)
        elif element.type != "parallelGateway" and split.type == "parallelGateway":
            if element.type in ("inclusiveGateway", "endEvent") or not _meet_at(key, split.id, follows):
                continue
            text = T(
                "“{split}”同时走几条路，在“{join}”没有等齐，其后的步骤会各走一遍；请用并行网关合并。",
                split=split.label,
                join=element.label,
            )
            findings.warn(element.line, key, "AND_NOT_JOINED", text, split=split.id)


def _meet_at(key: str, split: str, follows: dict[str, list[str]]) -> bool:
    """Whether two branches of the split lead to `key`, not one that comes round to it again."""
    branches: dict[str, set[int]] = {}
    ahead = [(target, number) for number, target in enumerate(follows[split])]
    while ahead:
        at, branch = ahead.pop()
        known = branches.setdefault(at, set())
        if branch in known or len(known) > 1:
            continue
        known.add(branch)
        if at not in (key, split):
            ahead.extend((target, branch) for target in follows.get(at, ()))
    return len(branches.get(key, ())) > 1


def _dominators(starts: list[str], follows: dict[str, list[str]]) -> dict[str, str]:
    """For each reached node the last one before it that every way from the start goes through (Cooper, Harvey, Kennedy)."""
    order: list[str] = []
    seen: set[str] = set()
    stack = [(key, iter(follows.get(key, ()))) for key in starts]
    seen.update(starts)
    while stack:
        key, ahead = stack[-1]
        target = next((t for t in ahead if t not in seen), None)
        if target is None:
            order.append(key)
            stack.pop()
        else:
            seen.add(target)
            stack.append((target, iter(follows.get(target, ()))))
    number = {key: n for n, key in enumerate(order)}  # postorder: the start has the highest
    before: dict[str, list[str]] = {key: [] for key in order}
    for source in order:
        for target in follows.get(source, ()):
            before[target].append(source)
    above = {key: key for key in starts}
    changed = True
    while changed:
        changed = False
        for key in reversed(order):
            if key in starts:
                continue
            found: str | None = None
            for source in before[key]:
                if source in above:
                    found = source if found is None else _meet(found, source, above, number)
            if found is not None and above.get(key) != found:
                above[key] = found
                changed = True
    return {key: dom for key, dom in above.items() if key != dom}


def _meet(one: str, other: str, above: dict[str, str], number: dict[str, int]) -> str:
    while one != other:
        while number[one] < number[other]:
            one = above[one]
        while number[other] < number[one]:
            other = above[other]
    return one
