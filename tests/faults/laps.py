"""The process that fault tests run: a lap of tasks for people, then something of everything that happens in the background."""

from __future__ import annotations

from tests.integration.engine.conftest import FINISH, START, bpmn, flow, properties, user

KEY, MESSAGE = "laps", "lap_done"
TASKS = 20  # of one lap, unless told otherwise


def laps(*, tasks: int = TASKS, mail: str = "", wait: str = "PT0.2S", groups: str = "clerks") -> bytes:
    """Laps of so many `tasks` until `left` is used up; each ends with a message of the instance to itself and a timer. With
    `mail` (the topic of a service) an effect comes first, its key `<case>/<left>`. Wants the variables `case` and `left`."""
    checks = [f"check{number}" for number in range(tasks)]
    count = (
        '<bpmn:scriptTask id="count" scriptFormat="feel" camunda:resultVariable="left">'
        "<bpmn:script>left - 1</bpmn:script></bpmn:scriptTask>"
    )
    gates = '<bpmn:exclusiveGateway id="join"/><bpmn:exclusiveGateway id="last" default="f_last_join"/>'
    out = (
        '<bpmn:sequenceFlow id="out" sourceRef="last" targetRef="finish">'
        "<bpmn:conditionExpression>left = 0</bpmn:conditionExpression></bpmn:sequenceFlow>"
    )
    named = properties(correlation="={case: case, left: left}")
    tell = (
        f'<bpmn:intermediateThrowEvent id="tell" name="tell">{named}'
        '<bpmn:messageEventDefinition id="tell_m" messageRef="m_lap"/></bpmn:intermediateThrowEvent>'
    )
    hear = (
        f'<bpmn:intermediateCatchEvent id="hear" name="hear">{named}'
        '<bpmn:messageEventDefinition id="hear_m" messageRef="m_lap"/></bpmn:intermediateCatchEvent>'
    )
    sleep = (
        '<bpmn:intermediateCatchEvent id="sleep" name="sleep"><bpmn:timerEventDefinition id="sleep_t">'
        f'<bpmn:timeDuration>="{wait}"</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>'
    )
    people = "".join(user(task, groups=groups) for task in checks)
    body = START + gates + people + count + tell + hear + sleep + FINISH + out + (_mail(mail) if mail else "")
    after = ["mail", "tell"] if mail else ["tell"]
    path = flow("begin", "join", *checks, "count", *after, "hear", "sleep", "last", "join")
    return bpmn(KEY, body + path, extra=f'<bpmn:message id="m_lap" name="{MESSAGE}"/>')


def is_task(element: str | None) -> bool:
    """Whether it is one of those that people complete."""
    return element is not None and element.startswith("check")


def _mail(topic: str) -> str:
    key = "=case + &quot;/&quot; + string(left)"
    return (
        f'<bpmn:serviceTask id="mail" name="mail" camunda:topic="{topic}"><bpmn:extensionElements><camunda:inputOutput>'
        f'<camunda:inputParameter name="key">{key}</camunda:inputParameter>'
        "</camunda:inputOutput></bpmn:extensionElements></bpmn:serviceTask>"
    )
