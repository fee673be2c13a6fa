"""Two diagrams: steps, flows, lanes and everything they say, thing by thing; and what only moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from engine.bpmn.xmlsafe import read_xml
from engine.studio.differences import ADDED, CHANGED, MOVED, REMOVED, Detail, Difference, differing
from forms.i18n import T, Text

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DI = "http://www.omg.org/spec/BPMN/20100524/DI"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"

# What is called by its own name in a list of differences; everything else belongs to one of these.
KINDS: dict[str, Text] = {
    "process": T("流程"),
    "participant": T("泳池"),
    "lane": T("泳道"),
    "userTask": T("人工步骤"),
    "manualTask": T("线下步骤"),
    "task": T("步骤"),
    "serviceTask": T("系统步骤"),
    "sendTask": T("发送步骤"),
    "receiveTask": T("等待步骤"),
    "scriptTask": T("计算步骤"),
    "businessRuleTask": T("决策步骤"),
    "callActivity": T("调用流程"),
    "subProcess": T("子流程"),
    "transaction": T("子流程"),
    "adHocSubProcess": T("子流程"),
    "startEvent": T("开始"),
    "endEvent": T("结束"),
    "boundaryEvent": T("边界事件"),
    "intermediateCatchEvent": T("等待"),
    "intermediateThrowEvent": T("中间事件"),
    "exclusiveGateway": T("选择"),
    "inclusiveGateway": T("多选"),
    "parallelGateway": T("并行"),
    "eventBasedGateway": T("等待其一"),
    "complexGateway": T("网关"),
    "sequenceFlow": T("连线"),
    "messageFlow": T("消息流"),
    "dataObjectReference": T("数据"),
    "dataStoreReference": T("数据存储"),
    "textAnnotation": T("批注"),
    "association": T("关联"),
    "group": T("分组"),
    "message": T("消息"),
    "error": T("错误"),
    "signal": T("信号"),
    "escalation": T("升级"),
}

NAMES: dict[str, Text] = {
    "name": T("名称"),
    "kind": T("类型"),
    "in": T("所在位置"),
    "documentation": T("说明"),
    "formKey": T("表单"),
    "candidateGroups": T("由谁办理"),
    "candidateUsers": T("由哪些人办理"),
    "candidateStarterGroups": T("由谁发起"),
    "assignee": T("指定办理人"),
    "dueDate": T("期限"),
    "followUpDate": T("提醒日期"),
    "topic": T("系统动作"),
    "decisionRef": T("决策表"),
    "resultVariable": T("结果变量"),
    "conditionExpression": T("条件"),
    "sourceRef": T("从"),
    "targetRef": T("到"),
    "attachedToRef": T("附在"),
    "calledElement": T("调用的流程"),
    "flowNodeRef": T("包含的步骤"),
    "default": T("默认走向"),
    "script": T("算式"),
    "cancelActivity": T("打断"),
    "isExecutable": T("可执行"),
    "text": T("文字"),
    "property hint": T("办理提示"),
    "property notSameActorAs": T("不得与谁同一人"),
    "property group": T("泳道的角色"),
    "property scope": T("范围"),
    "property clause": T("依据条款"),
    "timeDate": T("到时"),
    "timeDuration": T("时长"),
    "timeCycle": T("周期"),
}
_LEFT_OUT = {"incoming", "outgoing"}  # the flows say it


@dataclass
class _Thing:
    kind: str
    name: str
    says: dict[str, str] = field(default_factory=dict)
    bounds: str = ""


def diagrams(left: bytes | None, right: bytes | None) -> list[Difference] | None:
    """None where one of them cannot be read."""
    before, after = (_things(raw) if raw is not None else {} for raw in (left, right))
    if before is None or after is None:
        return None
    found = [_difference(ADDED, id_, after[id_]) for id_ in after if id_ not in before]
    found += [_difference(REMOVED, id_, before[id_]) for id_ in before if id_ not in after]
    moved: list[Difference] = []
    for id_, old in before.items():
        new = after.get(id_)
        if new is None:
            continue
        details = _named(differing(old.says, new.says), before, after)
        if details:
            found.append(_difference(CHANGED, id_, new, details))
        elif old.bounds and new.bounds and old.bounds != new.bounds:
            moved.append(_difference(MOVED, id_, new))
    return [*found, *moved]


def _difference(sort: str, id_: str, thing: _Thing, details: tuple[Detail, ...] = ()) -> Difference:
    return Difference(sort, id_, KINDS.get(thing.kind, thing.kind), thing.name or id_, details)


def _named(details: tuple[Detail, ...], before: dict[str, _Thing], after: dict[str, _Thing]) -> tuple[Detail, ...]:
    """Properties as people call them, and ids of other things by their names."""

    def told(value: str | None, things: dict[str, _Thing]) -> str | None:
        if value is None or value not in things:
            return value
        return things[value].name or value

    made = []
    for detail in details:
        key = str(detail.name)
        if key == "kind":
            old, new = (str(KINDS.get(value or "", value)) for value in (detail.before, detail.after))
            made.append(Detail(NAMES["kind"], old, new))
        elif key == "flowNodeRef":
            made.append(_members(detail, before, after))
        else:
            label = NAMES.get(key) or NAMES.get(key.rpartition("/")[2]) or key
            made.append(Detail(label, told(detail.before, before), told(detail.after, after)))
    return tuple(made)


def _members(detail: Detail, before: dict[str, _Thing], after: dict[str, _Thing]) -> Detail:
    """Of a lane's steps those alone that came or went."""
    old, new = (set((value or "").split()) for value in (detail.before, detail.after))
    gone = sorted(before[id_].name or id_ if id_ in before else id_ for id_ in old - new)
    came = sorted(after[id_].name or id_ if id_ in after else id_ for id_ in new - old)
    return Detail(NAMES["flowNodeRef"], "、".join(gone) or None, "、".join(came) or None)


def _things(raw: bytes) -> dict[str, _Thing] | None:
    root, _ = read_xml("", raw)
    if root is None:
        return None
    things: dict[str, _Thing] = {}
    for element in root:
        if _space(element) == BPMN:
            _read(element, "", things)
    for plane in root.iter(f"{{{DI}}}BPMNShape"):
        thing = things.get(plane.get("bpmnElement", ""))
        if thing is not None:
            box = next((child for child in plane if _local(child) == "Bounds"), None)
            if box is not None:
                thing.bounds = " ".join(box.get(side, "") for side in ("x", "y", "width", "height"))
    return things


def _read(element: Any, inside: str, things: dict[str, _Thing]) -> None:
    """`element` and everything under it. Without recursion into what is not a thing of its own: that is read flat."""
    id_ = element.get("id", "")
    kind = _local(element)
    if kind in KINDS and id_:
        thing = _Thing(kind, (element.get("name") or _text_of(element)).strip())
        things[id_] = thing
        thing.says["kind"] = kind
        if inside:
            thing.says["in"] = inside
        members: list[str] = []
        count: Counter[str] = Counter()
        for path, value in _says(element):
            if path == "flowNodeRef":
                members.append(value)
                continue
            count[path] += 1  # several of one name: messages of one step, inputs without a name
            thing.says[path if count[path] == 1 else f"{path} {count[path]}"] = value
        if members:
            thing.says["flowNodeRef"] = " ".join(members)
        inside = id_
    for child in element:
        if isinstance(child.tag, str) and _space(child) == BPMN:
            _read(child, inside, things)


def _says(element: Any) -> Iterator[tuple[str, str]]:
    """(path, value) of every attribute and text of the element itself and of what belongs to it alone."""
    for name, value in element.attrib.items():
        if name != "id":
            yield etree.QName(name).localname, value
    stack = [(child, "") for child in reversed(element) if isinstance(child.tag, str)]
    while stack:
        node, path = stack.pop()
        local = _local(node)
        if local in _LEFT_OUT or (_space(node) == BPMN and local in KINDS and node.get("id")) or local == "laneSet":
            continue
        if _space(node) == CAMUNDA and node.get("name") is not None:
            # a property, an input or an output is known by its name
            here = f"{'property' if local == 'property' else local} {node.get('name')}"
            attributes = {key: value for key, value in node.attrib.items() if key != "name"}
        else:
            plain = local in ("extensionElements", "properties", "inputOutput") or local.endswith("EventDefinition")
            here = path if plain else f"{path}/{local}".strip("/")
            attributes = {key: value for key, value in node.attrib.items() if key != "id"}
            if local.endswith("EventDefinition"):
                yield "event", local.removesuffix("EventDefinition")
        for key, value in attributes.items():
            local_key = etree.QName(key).localname
            if local_key == "type" and "XMLSchema" in key:
                continue
            yield (here if local_key == "value" else f"{here}/{local_key}".strip("/")), value
        text = (node.text or "").strip()
        if text:
            yield here or local, text
        stack += [(child, here) for child in reversed(node) if isinstance(child.tag, str)]


def _text_of(element: Any) -> str:
    """A note's text is its name."""
    return next(((child.text or "")[:80] for child in element if _local(child) == "text"), "")


def _local(element: Any) -> str:
    return str(etree.QName(element).localname)


def _space(element: Any) -> str:
    return str(etree.QName(element).namespace or "")
