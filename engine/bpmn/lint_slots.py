"""Lint of what is written into a diagram: expressions, times, forms, services, decisions, calls, names of variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from marshmallow import EXCLUDE, INCLUDE

from engine.bpmn.elements import Element, Process, feel_of, marked_feel, split_names
from engine.bpmn.findings import Findings, KnownNames
from engine.bpmn.machine import feel
from engine.bpmn.timers import check as check_time
from engine.bpmn.timers import is_iso
from engine.registry import Registry
from forms.i18n import T, Text

MAX_EXPRESSIONS: Final = 1_500  # of one process; checking each costs a little
MAX_FILTERS: Final = 10
_NAME: Final = re.compile(r"[^\W\d]\w*")
_CATCHING: Final = ("intermediateCatchEvent", "boundaryEvent", "receiveTask")

Slot = tuple[int, str, str, str]  # line, element, what it is called, FEEL

# What people know the places of expressions by: the words of the editor's panel.
_SLOTS: Final = {
    "scopes": T("所属范围"),
    "scope": T("办理范围"),
    "conditionExpression": T("条件"),
    "assignee": T("指定办理人"),
    "candidateUsers": T("可以办理的人"),
    "candidateGroups": T("办理角色"),
    "timer": T("定时"),
    "dueDate": T("办理期限"),
    "followUpDate": T("何时提醒跟进"),
    "script": T("表达式"),
    "correlation": T("凭什么对应"),
    "variables": T("消息带去的变量"),
    "businessKey": T("业务编号"),
    "collection": T("清单"),
    "loopCardinality": T("次数"),
    "completionCondition": T("提前结束的条件"),
    "outputElement": T("每一项的结果"),
    "sourceExpression": T("传递的变量"),
    "source": T("传递的变量"),
}


def slot_words(slot: str) -> Text:
    """A place of an expression as people know it: a parameter by its name, anything unknown as it is called."""
    kind, _, name = slot.partition(" ")
    if kind == "inputParameter":
        return T("参数“{name}”", name=name)
    if kind == "form":
        return T("表单中的“{name}”", name=name)
    return _SLOTS.get(slot) or T("“{name}”", name=slot)


def check_slots(process: Process, findings: Findings, registry: Registry | None, known: KnownNames) -> None:
    check_filters(process, findings)
    if registry is not None and registry.clauses:
        check_clauses(process, findings, registry)
    expressions = list(process_slots(process))
    for element in process.elements.values():
        expressions += element_slots(element)
        _element(process, element, findings, registry, known)
    for flow in process.flows:
        if flow.condition and flow.condition_language and "feel" not in flow.condition_language.lower():
            text = T("条件只能用 FEEL，不能用“{language}”。", language=flow.condition_language)
            findings.error(flow.line, flow.id, "SCRIPT_FORMAT", text)
    if len(expressions) > MAX_EXPRESSIONS:
        text = T("流程中的表达式超过 {n} 个，请拆分。", n=MAX_EXPRESSIONS)
        findings.error(process.line, process.id, "TOO_LARGE", text)
        return
    judged: dict[str, Text | None] = {}
    for line, where, slot, expression in expressions:
        if expression not in judged:
            judged[expression] = feel.check(expression)
        wrong = judged[expression]
        if wrong is not None:
            text = T("{slot} 中的 FEEL 写法有误：{reason}", slot=slot_words(slot), reason=wrong)
            findings.error(line, where, "FEEL", text, expression=expression[:500])


def check_clauses(process: Process, findings: Findings, registry: Registry) -> None:
    """Numbers of clauses (property `clause`) that the office knows nothing of: a reader would look for them in vain."""
    given = [
        (process.line, process.id, process.properties),
        *((e.line, e.id, e.properties) for e in process.elements.values()),
    ]
    for line, where, properties in given:
        for number in split_names(properties.get("clause")):
            if number not in registry.clauses:
                text = T("方案里没有第“{number}”条。", number=number)
                findings.warn(line, where, "CLAUSE_UNKNOWN", text, number=number)


def check_filters(process: Process, findings: Findings) -> None:
    """The variables by which the work list can be filtered (property `filters`, see engine/filters.py)."""
    secret = set(split_names(process.properties.get("secret")))
    names = [part.partition("=")[0].strip() for part in split_names(process.properties.get("filters"))]
    for name in names:
        if not name.isidentifier():
            text = T("filters 中的“{name}”不是变量名。写成“变量名=显示名称”，用逗号分开。", name=name)
            findings.error(process.line, process.id, "FILTER_NAME", text)
        elif name in secret:
            text = T("变量“{name}”是保密的（secret），不能用来筛选任务。", name=name)
            findings.error(process.line, process.id, "FILTER_SECRET", text)
    if len(names) > MAX_FILTERS:
        text = T("filters 中的变量超过 {n} 个，请减少。", n=MAX_FILTERS)
        findings.error(process.line, process.id, "TOO_LARGE", text)


def process_slots(process: Process) -> Iterator[Slot]:
    scopes = process.properties.get("scopes", "").strip()
    if scopes:
        yield process.line, process.id, "scopes", feel_of(scopes)
    for lane in process.lanes:
        expression = marked_feel(lane.scope or "")
        if expression is not None:
            yield lane.line, lane.id or process.id, "scope", expression
    for flow in process.flows:
        if flow.condition is not None:
            yield flow.line, flow.id, "conditionExpression", flow.condition


def element_slots(element: Element) -> Iterator[Slot]:
    """Every FEEL expression of an element."""
    given, loop = element.properties, element.loop
    literal = {
        "assignee": element.assignee,
        "candidateUsers": element.candidate_users,
        "candidateGroups": element.candidate_groups,
        "scope": given.get("scope"),
        **{f"inputParameter {name}": text for name, text in element.parameters.items()},
    }
    for name, text in literal.items():
        expression = marked_feel(text or "")
        if expression is not None:
            yield element.line, element.id, name, expression
    always = {
        "timer": element.event.text if element.event.text and not is_iso(element.event.text) else None,
        "dueDate": element.due if element.due and not is_iso(element.due) else None,
        "followUpDate": element.follow_up if element.follow_up and not is_iso(element.follow_up) else None,
        "script": element.script,
        **{name: given.get(name) for name in ("correlation", "variables", "businessKey")},
    }
    for name, text in always.items():
        if text and text.strip():
            yield element.line, element.id, name, feel_of(text)
    if loop is not None:
        for name, text in (
            ("collection", loop.collection),
            ("loopCardinality", loop.cardinality),
            ("completionCondition", loop.completion),
            ("outputElement", loop.output_element),
        ):
            if text:
                yield element.line, element.id, name, text
    for item in (*element.inputs, *element.outputs):
        if item.expression:
            yield element.line, element.id, "sourceExpression", item.expression


def _element(
    process: Process, element: Element, findings: Findings, registry: Registry | None, known: KnownNames
) -> None:
    _times(element, findings)
    _event(element, findings)
    _loop(element, findings)
    _variables(element, findings)
    if element.type == "scriptTask":
        if (element.script_format or "").strip().lower() != "feel":
            text = T('脚本任务“{name}”只能用 FEEL（scriptFormat="feel"）。', name=element.label)
            findings.error(element.line, element.id, "SCRIPT_FORMAT", text)
        if not element.script:
            findings.error(
                element.line, element.id, "SCRIPT_EMPTY", T("脚本任务“{name}”没有脚本。", name=element.label)
            )
        if not element.result_variable:
            text = T("“{name}”没有写结果存入哪个变量（camunda:resultVariable）。", name=element.label)
            findings.error(element.line, element.id, "RESULT_MISSING", text)
    elif element.type == "serviceTask" or (element.type == "sendTask" and element.topic):
        _service(element, findings, registry)
    elif element.type == "businessRuleTask":
        if not element.decision_ref:
            text = T("“{name}”没有指定决策表（camunda:decisionRef）。", name=element.label)
            findings.error(element.line, element.id, "DECISION_MISSING", text)
        elif known.decisions is not None and element.decision_ref not in known.decisions:
            text = T("“{name}”引用的决策表“{ref}”不在这次发布中。", name=element.label, ref=element.decision_ref)
            findings.error(element.line, element.id, "DECISION_UNKNOWN", text, ref=element.decision_ref)
        if not element.result_variable:
            text = T("“{name}”没有写结果存入哪个变量（camunda:resultVariable）。", name=element.label)
            findings.warn(element.line, element.id, "RESULT_MISSING", text)
    elif element.human:
        _human(process, element, findings, known, registry)


def _times(element: Element, findings: Findings) -> None:
    for name, slot in (("dueDate", element.due), ("followUpDate", element.follow_up)):
        wrong = check_time("due", slot) if slot and is_iso(slot) else None
        if wrong is not None:
            text = T("{slot}：{reason}", slot=slot_words(name), reason=wrong)
            findings.error(element.line, element.id, "TIMER", text)
    event = element.event
    if event.kind != "timer":
        return
    if not event.timer or not (event.text or "").strip():
        text = T("定时“{name}”没有写时间。", name=element.label)
        findings.error(element.line, element.id, "TIMER", text)
        return
    if event.timer == "cycle" and (element.type != "boundaryEvent" or element.interrupting):
        text = T("“{name}”：重复的定时只能用在不中断任务的边界事件上。", name=element.label)
        findings.error(element.line, element.id, "CYCLE", text)
    if is_iso(event.text or ""):
        wrong = check_time("due" if event.timer == "date" else event.timer, event.text or "")
        if wrong is not None:
            findings.error(element.line, element.id, "TIMER", T("{slot}：{reason}", slot=element.label, reason=wrong))


def _event(element: Element, findings: Findings) -> None:
    event = element.event
    if event.kind == "message" and not event.ref:
        text = T("“{name}”没有指定消息。", name=element.label)
        findings.error(element.line, element.id, "MESSAGE_MISSING", text)
    if event.kind == "error" and element.type == "endEvent" and not event.code:
        text = T("错误结束事件“{name}”没有错误代码。", name=element.label)
        findings.error(element.line, element.id, "ERROR_CODE", text)
    given = element.properties
    if given.get("correlation") and event.kind != "message":
        text = T("“{name}”不是消息事件，correlation 不起作用。", name=element.label)
        findings.warn(element.line, element.id, "USELESS", text)
    if event.kind == "message" and element.type in _CATCHING and given.get("variables"):
        text = T("“{name}”等待消息，variables 只用于发送。", name=element.label)
        findings.warn(element.line, element.id, "USELESS", text)


def _loop(element: Element, findings: Findings) -> None:
    loop = element.loop
    if loop is None or loop.standard:
        return
    if bool(loop.collection) == bool(loop.cardinality):
        text = T("“{name}”的多实例应写明集合（collection）或次数（loopCardinality）之一。", name=element.label)
        findings.error(element.line, element.id, "LOOP", text)
    if bool(loop.output_collection) != bool(loop.output_element):
        text = T("“{name}”的 outputCollection 与 outputElement 应一起写。", name=element.label)
        findings.error(element.line, element.id, "LOOP", text)
    if loop.collection and not loop.variable:
        text = T("“{name}”没有写每一项存入哪个变量（elementVariable）。", name=element.label)
        findings.warn(element.line, element.id, "LOOP", text)
    if loop.output_collection and loop.output_collection in (loop.collection, loop.variable):
        text = T("“{name}”的结果不能存入它自己的集合或项变量。", name=element.label)
        findings.error(element.line, element.id, "LOOP", text)


def _variables(element: Element, findings: Findings) -> None:
    names = [element.result_variable, element.event.code_variable, element.event.message_variable]
    names += split_names(element.properties.get("consume"))
    if element.loop is not None:
        names += [element.loop.variable, element.loop.output_collection]
    names += [item.target for item in (*element.inputs, *element.outputs)]
    for name in names:
        if name is not None and not _NAME.fullmatch(name):
            text = T("变量名“{name}”应以字母开头，只含字母、数字和下划线。", name=name)
            findings.error(element.line, element.id, "VARIABLE_NAME", text)
    for item in (*element.inputs, *element.outputs):
        if not item.everything and not (item.target and (item.source or item.expression)):
            text = T("“{name}”的参数传递应写明来源与去处。", name=element.label)
            findings.error(element.line, element.id, "MAPPING", text)


def _service(element: Element, findings: Findings, registry: Registry | None) -> None:
    if not element.topic:
        text = T("服务任务“{name}”没有指定服务（camunda:topic）。", name=element.label)
        findings.error(element.line, element.id, "TOPIC_MISSING", text)
        return
    if registry is None:
        return
    handler = registry.handlers.get(element.topic)
    if handler is None:
        near = get_close_matches(element.topic, sorted(registry.handlers), n=5, cutoff=0.0)
        text = T("服务“{topic}”不存在；名称最接近的有 {names}。", topic=element.topic, names=near)
        findings.error(element.line, element.id, "TOPIC_UNKNOWN", text, topic=element.topic)
        return
    schema = handler.params()
    fields = {field.data_key or name: field for name, field in schema.load_fields.items()}
    if schema.unknown not in (EXCLUDE, INCLUDE):
        for name in sorted(element.parameters.keys() - fields.keys()):
            text = T("服务“{topic}”没有参数“{name}”。", topic=element.topic, name=name)
            findings.error(element.line, element.id, "PARAMETER", text, parameter=name)
    for name, wanted in fields.items():
        if wanted.required and name not in element.parameters:
            text = T("服务“{topic}”缺少参数“{name}”。", topic=element.topic, name=name)
            findings.error(element.line, element.id, "PARAMETER", text, parameter=name)


def _human(
    process: Process, element: Element, findings: Findings, known: KnownNames, registry: Registry | None
) -> None:
    if element.form_key and known.forms is not None and element.form_key not in known.forms:
        text = T("“{name}”引用的表单“{ref}”不在这次发布中。", name=element.label, ref=element.form_key)
        findings.error(element.line, element.id, "FORM_UNKNOWN", text, ref=element.form_key)
    for ref in split_names(element.properties.get("notSameActorAs")):
        other = process.elements.get(ref)
        if other is None or not other.human:
            text = T("notSameActorAs 引用的“{ref}”不是本流程的人工任务。", ref=ref)
            findings.error(element.line, element.id, "DANGLING", text, ref=ref)
    _offer(process, element, findings, registry)
    if not element.name:
        findings.warn(
            element.line, element.id, "NAMELESS", T("任务“{id}”没有名称，办理人看不出要做什么。", id=element.id)
        )


def _offer(process: Process, element: Element, findings: Findings, registry: Registry | None) -> None:
    """Who may start a process are often those whose own case it is: offered to all of them, each reads everybody's. Told once
    for a file and group, where it is found first; never for a group whose members all act everywhere."""
    own, lane = split_names(element.candidate_groups), element.lane
    groups = own or ((lane.group,) if lane else ())
    if element.properties.get("scope") or (lane and lane.scope):
        return
    line, where, name = (
        (lane.line, lane.id, lane.name) if lane and not own else (element.line, element.id, element.label)
    )
    told = {each.facts["group"] for each in findings.problems if each.code == "OFFER_TO_STARTERS"}
    spared = told | (registry.everywhere if registry else frozenset())
    for group in groups:
        if group in process.start_groups and group not in spared:
            text = T(
                "“{name}”派给整个“{group}”组，而这个组的人都能发起本流程：每个人都会看到所有人的事项。"
                "若不应如此，请写明 scope。",
                name=name,
                group=group,
            )
            findings.warn(line, where, "OFFER_TO_STARTERS", text, group=group)
            return


def check_calls(processes: list[Process], findings: Findings, known: KnownNames) -> None:
    """Calls must lead to a process of the release, and never round in a circle."""
    calls = {key: set(called) for key, called in known.calls.items()}
    for process in processes:
        calls[process.id] = {e.called for e in process.elements.values() if e.called}
    here = {process.id for process in processes}
    for process in processes:
        for element in process.elements.values():
            if element.type != "callActivity":
                continue
            if not element.called:
                text = T("调用活动“{name}”没有指定流程（calledElement）。", name=element.label)
                findings.error(element.line, element.id, "CALL_MISSING", text)
            elif marked_feel(element.called) is not None:
                text = T("调用活动“{name}”应直接写流程编号，不能用表达式。", name=element.label)
                findings.error(element.line, element.id, "CALL_EXPRESSION", text)
            elif _reaches(element.called, process.id, calls):
                text = T("流程“{process}”经“{name}”又调用了自己，会没有尽头。", process=process.id, name=element.label)
                findings.error(element.line, element.id, "CALL_CYCLE", text, called=element.called)
            elif known.processes is not None and element.called not in here | known.processes:
                text = T("“{name}”调用的流程“{ref}”不在这次发布中。", name=element.label, ref=element.called)
                findings.error(element.line, element.id, "CALL_UNKNOWN", text, ref=element.called)


def _reaches(start: str, goal: str, calls: dict[str, set[str]]) -> bool:
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        key = ahead.pop()
        if key == goal:
            return True
        if key not in seen:
            seen.add(key)
            ahead.extend(calls.get(key, ()))
    return False
