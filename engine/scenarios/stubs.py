"""A called process that a scenario does not play: a diagram of three nodes that leaves the values it is given."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from engine.commands.contents import Content
from engine.errors import Refused
from forms.i18n import T

_DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="d" targetNamespace="urn:zhiping:test">
<bpmn:process id={id} name={id} isExecutable="true">
<bpmn:startEvent id="begins"/>{scripts}<bpmn:endEvent id="ends"/>{flows}
</bpmn:process></bpmn:definitions>
"""
_SCRIPT = '<bpmn:scriptTask id="{node}" scriptFormat="feel" camunda:resultVariable={name}><bpmn:script>{feel}</bpmn:script></bpmn:scriptTask>'
_FLOW = '<bpmn:sequenceFlow id="flow_{n}" sourceRef="{source}" targetRef="{target}"/>'


def stubbed(contents: Sequence[Content], calls: Mapping[str, Mapping[str, Any]]) -> list[Content]:
    """The release with these processes replaced; the values of `calls` are what they leave, FEEL where they begin with `=`.

    Raises Refused (NO_SUCH_CALL, CALL_SHARES_FILE).
    """
    processes = {each.key: each for each in contents if each.kind == "process"}
    for key in calls:
        if key not in processes:
            raise Refused(T("没有流程“{key}”，不能用结果代替它。", key=key), code="NO_SUCH_CALL")
        file = processes[key].file
        if any(each.file == file and each.key != key for each in processes.values()):
            raise Refused(
                T("“{key}”与别的流程同在 {file} 中，不能单独代替。", key=key, file=file), code="CALL_SHARES_FILE"
            )
    return [_stub(each, calls[each.key]) if each.kind == "process" and each.key in calls else each for each in contents]


def _stub(content: Content, leaves: Mapping[str, Any]) -> Content:
    nodes = ["begins", *(f"leaves_{n}" for n in range(len(leaves))), "ends"]
    scripts = "".join(
        _SCRIPT.format(node=node, name=quoteattr(name), feel=escape(_feel(value)))
        for node, (name, value) in zip(nodes[1:-1], leaves.items(), strict=True)
    )
    flows = "".join(
        _FLOW.format(n=n, source=source, target=target) for n, (source, target) in enumerate(pairwise(nodes))
    )
    raw = _DIAGRAM.format(id=quoteattr(content.key), scripts=scripts, flows=flows).encode()
    return Content("process", content.key, content.name, content.file, raw)


def _feel(value: Any) -> str:
    if isinstance(value, str) and value.startswith("="):
        return value[1:]
    return json.dumps(value, ensure_ascii=False)
