"""What a new file of a change begins with: small, valid, and drawn, so that its editor opens on something to go on from."""

from __future__ import annotations

import json
import re
from xml.sax.saxutils import escape, quoteattr

from engine.errors import Invalid
from forms.i18n import T

SUFFIXES = {"process": ".bpmn", "decision": ".dmn", "form": ".form"}
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")  # an XML id that is also a plain file name
LONGEST_NAME = 100  # characters
BPMN = " ".join(
    (
        'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"',
        'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"',
        'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"',
        'xmlns:di="http://www.omg.org/spec/DD/20100524/DI"',
        'xmlns:camunda="http://camunda.org/schema/1.0/bpmn"',
    )
)
DMN = " ".join(
    (
        'xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"',
        'xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/"',
        'xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/"',
    )
)


def starter(kind: str, key: str, name: str) -> tuple[str, bytes]:
    """The name and the bytes of a new process, decision or form with this key. Raises Invalid (`kind`, `key`, `name`)."""
    key, name = key.strip(), " ".join(name.split())
    errors = {}
    if kind not in SUFFIXES:
        errors["kind"] = [T("请选择一种文件。")]
    if not KEY.fullmatch(key):
        errors["key"] = [
            T("编号用英文字母、数字和下划线，以字母开头，不超过 100 个字符，例如 {key}。", key="P19_example")
        ]
    if not name or len(name) > LONGEST_NAME:
        errors["name"] = [T("请填写名称，不超过 {n} 个字。", n=LONGEST_NAME)]
    if errors:
        raise Invalid(errors)
    return key + SUFFIXES[kind], _MAKE[kind](key, name).encode()


def _process(key: str, name: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions {BPMN} id="definitions_{key}" targetNamespace="https://zhiping.example/bpmn">
  <bpmn:process id="{key}" name={quoteattr(name)} isExecutable="true">
    <bpmn:startEvent id="started" name="开始">
      <bpmn:outgoing>flow_started_first</bpmn:outgoing>
    </bpmn:startEvent>
    <bpmn:userTask id="first" name="第一步">
      <bpmn:incoming>flow_started_first</bpmn:incoming>
      <bpmn:outgoing>flow_first_ended</bpmn:outgoing>
    </bpmn:userTask>
    <bpmn:endEvent id="ended" name="办结">
      <bpmn:incoming>flow_first_ended</bpmn:incoming>
    </bpmn:endEvent>
    <bpmn:sequenceFlow id="flow_started_first" sourceRef="started" targetRef="first" />
    <bpmn:sequenceFlow id="flow_first_ended" sourceRef="first" targetRef="ended" />
  </bpmn:process>
  <bpmndi:BPMNDiagram id="diagram_{key}">
    <bpmndi:BPMNPlane id="plane_{key}" bpmnElement="{key}">
      <bpmndi:BPMNShape id="started_di" bpmnElement="started">
        <dc:Bounds x="160" y="122" width="36" height="36" />
        <bpmndi:BPMNLabel>
          <dc:Bounds x="167" y="165" width="22" height="14" />
        </bpmndi:BPMNLabel>
      </bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="first_di" bpmnElement="first">
        <dc:Bounds x="260" y="100" width="100" height="80" />
      </bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="ended_di" bpmnElement="ended">
        <dc:Bounds x="424" y="122" width="36" height="36" />
        <bpmndi:BPMNLabel>
          <dc:Bounds x="431" y="165" width="22" height="14" />
        </bpmndi:BPMNLabel>
      </bpmndi:BPMNShape>
      <bpmndi:BPMNEdge id="flow_started_first_di" bpmnElement="flow_started_first">
        <di:waypoint x="196" y="140" />
        <di:waypoint x="260" y="140" />
      </bpmndi:BPMNEdge>
      <bpmndi:BPMNEdge id="flow_first_ended_di" bpmnElement="flow_first_ended">
        <di:waypoint x="360" y="140" />
        <di:waypoint x="424" y="140" />
      </bpmndi:BPMNEdge>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
"""


def _decision(key: str, name: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<definitions {DMN} id="definitions_{key}" name={quoteattr(name)} namespace="https://zhiping.example/dmn">
  <decision id="{key}" name={quoteattr(name)}>
    <decisionTable id="table_{key}" hitPolicy="UNIQUE">
      <input id="input_1" label="条件">
        <inputExpression id="input_expression_1" typeRef="string">
          <text>value</text>
        </inputExpression>
      </input>
      <output id="output_1" label="结果" name="result" typeRef="string" />
      <rule id="rule_1">
        <description>{escape(name)}</description>
        <inputEntry id="rule_1_in_1">
          <text>"a"</text>
        </inputEntry>
        <outputEntry id="rule_1_out_1">
          <text>"a"</text>
        </outputEntry>
      </rule>
    </decisionTable>
  </decision>
  <dmndi:DMNDI>
    <dmndi:DMNDiagram id="diagram_{key}">
      <dmndi:DMNShape id="shape_{key}" dmnElementRef="{key}">
        <dc:Bounds x="160" y="100" width="180" height="80" />
      </dmndi:DMNShape>
    </dmndi:DMNDiagram>
  </dmndi:DMNDI>
</definitions>
"""


def _form(key: str, name: str) -> str:
    form = {
        "type": "default",
        "id": key,
        "title": name,
        "schemaVersion": 18,
        "components": [
            {
                "type": "textarea",
                "id": "opinion_field",
                "key": "opinion",
                "label": "意见",
                "validate": {"maxLength": 1000},
            }
        ],
    }
    return json.dumps(form, ensure_ascii=False, indent=2) + "\n"


_MAKE = {"process": _process, "decision": _decision, "form": _form}
