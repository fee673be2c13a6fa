"""The lint: everything that stands against a diagram, with line and element, before anything of it is kept.

The stock parser accepts dangling flows and missing references, ignores what it does not know, and runs some elements silently wrong. So
nothing is taken on trust: what we do not run is refused here, unless the process is marked as not executable and kept as a drawing.
`error` refuses the deployment, `warning` is shown beside it.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

from lxml import etree

from engine.bpmn.elements import BPMN, CAMUNDA, FLOW_NODES, Process, children, is_bpmn, local, read_processes
from engine.bpmn.findings import Findings, KnownNames
from engine.bpmn.lint_flow import check_flow
from engine.bpmn.lint_slots import check_calls, check_slots
from engine.bpmn.lint_texts import check_texts
from engine.bpmn.parse import unsupported
from engine.bpmn.xmlsafe import read_xml
from engine.errors import Problem
from engine.registry import Registry
from forms.i18n import T

__all__ = ["Findings", "KnownNames", "lint_bpmn"]

MAX_ID: Final = 120
MAX_NODES: Final = 1_000  # flow nodes of one file
MAX_FLOWS: Final = 3_000
MAX_LANES: Final = 200
_MOST: Final = {"node": MAX_NODES, "sequenceFlow": MAX_FLOWS, "lane": MAX_LANES, "flowNodeRef": MAX_FLOWS}
RESERVED: Final = frozenset({"Start", "End", "Root"})

_ID: Final = re.compile(r"[^\W\d][\w.-]*")
_IGNORED_ATTRIBUTES: Final = frozenset(
    {"class", "expression", "delegateExpression", "formRef", "formHandlerClass", "decisionRefBinding"}
)
_KNOWN_EXTENSIONS: Final = frozenset({"properties", "property", "inputOutput", "inputParameter", "in", "out"})


def lint_bpmn(
    file: str, raw: bytes, *, registry: Registry | None = None, known: KnownNames | None = None
) -> list[Problem]:
    """Everything against the file, in the order of its lines. Never raises for what the file holds; bounded in time."""
    root, findings = _opened(file, raw)
    if root is None:
        return findings.problems
    known = known or KnownNames()
    _ids(root, findings)
    _definitions(root, findings)
    processes = read_processes(root)
    if not processes:
        findings.error(root.sourceline, None, "NO_PROCESS", T("图中没有流程（process）。"))
    for process in processes:
        if not process.executable:
            text = T("流程“{name}”标为不可执行，只作为图保存。", name=process.name)
            findings.warn(process.line, process.id, "DRAWING", text)
        runs = process.executable and _runnable(process, findings)
        check_flow(process, findings, runs=process.executable)
        if process.executable:
            check_slots(process, findings, registry if runs else None, known)
    check_calls([process for process in processes if process.executable], findings, known)
    _ignored(root, {process.id for process in processes if process.executable}, findings)
    return sorted(findings.problems, key=lambda problem: problem.line or 0)


def admit_bpmn(file: str, raw: bytes) -> list[Problem]:
    """What may not even be kept as a version: what cannot be read as a diagram, or would harm who opens it. Work that is
    only unfinished (loose flows, missing forms) passes."""
    root, findings = _opened(file, raw)
    if root is not None:
        _ids_twice(root, findings)
        _extended_twice(root, findings)
    return findings.problems


def _opened(file: str, raw: bytes) -> tuple[Any | None, Findings]:
    """The diagram's root and what makes the file harmful; without root where it cannot be looked into any further."""
    findings = Findings(file)
    root, problems = read_xml(file, raw)
    if root is None:
        findings.problems += problems
        return None, findings
    if root.tag != f"{{{BPMN}}}definitions":
        findings.error(root.sourceline, None, "NOT_BPMN", T("这不是 BPMN 2.0 流程图（缺少 definitions）。"))
        return None, findings
    counted: Counter[str] = Counter()
    for node in root.iter(f"{{{BPMN}}}*"):
        kind = "node" if is_flow_node(node) else local(node)
        counted[kind] += 1
        if counted[kind] > _MOST.get(kind, counted[kind]):
            text = T("图太大：{kind} 超过 {n} 个，请拆成几个流程，用调用活动连接。", kind=kind, n=_MOST[kind])
            findings.error(node.sourceline, node.get("id"), "TOO_LARGE", text)
            return None, findings
    check_texts(root, findings)
    return root, findings


def is_flow_node(node: Any) -> bool:
    return is_bpmn(node) and local(node) in FLOW_NODES


def _ids(root: Any, findings: Findings) -> None:
    _ids_twice(root, findings)
    _extended_twice(root, findings)
    needing = {"process", "sequenceFlow", "message", "error", "lane", "participant"}
    for node in root.iter(etree.Element):
        given = node.get("id")
        if given is None or not given:
            if is_bpmn(node) and (is_flow_node(node) or local(node) in needing - {"lane"}):
                text = T("“{tag}”没有编号（id）。", tag=local(node))
                findings.error(node.sourceline, None, "ID_MISSING", text)
            continue
        if not is_bpmn(node):
            continue
        if given in RESERVED:
            text = T("编号“{id}”由引擎保留，请换一个。", id=given)
            findings.error(node.sourceline, given, "ID_RESERVED", text)
        elif len(given) > MAX_ID or not _ID.fullmatch(given):
            text = T("编号“{id}”应以字母开头，只含字母、数字、_、- 和 .，不超过 {n} 字。", id=given[:60], n=MAX_ID)
            findings.error(node.sourceline, given[:MAX_ID], "ID_FORM", text)


def _ids_twice(root: Any, findings: Findings) -> None:
    seen: dict[str, int] = {}
    for node in root.iter(etree.Element):
        given = node.get("id")
        if not given:
            continue
        if given in seen:
            text = T("编号“{id}”在第 {line} 行已经用过，请改成不同的编号。", id=given, line=seen[given])
            findings.error(node.sourceline, given[:MAX_ID], "ID_TWICE", text)
        seen.setdefault(given, node.sourceline)


def _extended_twice(root: Any, findings: Findings) -> None:
    """The standard knows one for each element; programs that draw read the last alone and drop the others without a word."""
    for node in root.iter(f"{{{BPMN}}}extensionElements"):
        earlier = node.getprevious()
        while earlier is not None and earlier.tag != node.tag:
            earlier = earlier.getprevious()
        if earlier is not None:
            text = T(
                "这里写了两个 extensionElements（前一个在第 {line} 行），只有一个会被读到。", line=earlier.sourceline
            )
            findings.error(node.sourceline, node.getparent().get("id"), "EXTENDED_TWICE", text)


def _definitions(root: Any, findings: Findings) -> None:
    """Messages, errors and pools, and references to them from everywhere."""
    messages = {node.get("id"): node for node in root.iter(f"{{{BPMN}}}message")}
    errors = {node.get("id"): node for node in root.iter(f"{{{BPMN}}}error")}
    processes = {node.get("id") for node in children(root, "process")}
    for node in messages.values():
        if not (node.get("name") or "").strip():
            findings.error(node.sourceline, node.get("id"), "MESSAGE_NAME", T("消息没有名称。"))
    for node in root.iter(f"{{{BPMN}}}*"):
        owner = node if node.get("id") and is_flow_node(node) else node.getparent()
        where = owner.get("id") if owner is not None else None
        for attribute, defined, text in (
            ("messageRef", messages, T("引用的消息“{ref}”不存在。", ref=node.get("messageRef"))),
            ("errorRef", errors, T("引用的错误“{ref}”不存在。", ref=node.get("errorRef"))),
            ("processRef", processes, T("泳池引用的流程“{ref}”不存在。", ref=node.get("processRef"))),
        ):
            if node.get(attribute) and node.get(attribute) not in defined:
                findings.error(node.sourceline, where, "DANGLING", text, ref=node.get(attribute))


def _runnable(process: Process, findings: Findings) -> bool:
    """Whether the engine runs all its elements; what it does not run is refused by name."""
    fine = True
    for element in process.elements.values():
        reason = unsupported(element)
        if reason is not None:
            fine = False
            text = T(
                "“{name}”：{reason}请改画；若此图只供阅读，请把流程设为不可执行（isExecutable=false）。",
                name=element.label,
                reason=reason,
            )
            findings.error(element.line, element.id, "NOT_RUN", text, type=element.type, event=element.event.kind)
    return fine


def _ignored(root: Any, executable: set[str], findings: Findings) -> None:
    """Extensions that would change behaviour elsewhere and do nothing here."""
    for process in children(root, "process"):
        if process.get("id") not in executable:
            continue
        for node in process.iter(etree.Element):
            for attribute in node.attrib:
                name = etree.QName(attribute)
                if name.namespace == CAMUNDA and name.localname in _IGNORED_ATTRIBUTES:
                    text = T("引擎不执行 camunda:{name}，请改用 topic 指定服务。", name=name.localname)
                    findings.error(node.sourceline, _owner(node), "IGNORED", text, attribute=name.localname)
            name = etree.QName(node)
            if name.namespace == CAMUNDA and name.localname not in _KNOWN_EXTENSIONS:
                text = T("引擎不执行扩展 camunda:{name}，请删去。", name=name.localname)
                findings.error(node.sourceline, _owner(node), "IGNORED", text, extension=name.localname)
            elif name.localname == "inputParameter" and len(node):
                text = T("参数“{name}”只能是文字或以 = 开头的 FEEL。", name=node.get("name"))
                findings.error(node.sourceline, _owner(node), "IGNORED", text)
            elif name.namespace not in (BPMN, CAMUNDA) and is_bpmn(node.getparent(), "extensionElements"):
                text = T("不认识的扩展“{name}”，将被忽略。", name=name.localname)
                findings.warn(node.sourceline, _owner(node), "FOREIGN", text)


def _owner(node: Any) -> str | None:
    """Id of the element of the diagram a node belongs to."""
    while node is not None and not (is_bpmn(node) and node.get("id")):
        node = node.getparent()
    return None if node is None else str(node.get("id"))
