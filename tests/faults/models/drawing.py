"""A model as a diagram."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.faults.models.blocks import CASE, PASSED, Block, Model
from tests.unit.bpmn.diagrams import (
    error,
    flows,
    many,
    message,
    node,
    process,
    properties,
    script,
    service,
    timer,
    user,
    xml,
)

CORRELATED = properties(correlation=f'={{case: "{CASE}", me: me}}')


def draw(model: Model, prefix: str = "") -> bytes:
    """One file with all processes of the model; `prefix` before their keys keeps several models apart."""
    names = [f"m_{b.id}" for b in model.blocks() if b.kind in ("catch", "receive", "event", "throw")]
    drawn = []
    for key, body in model.processes.items():
        canvas = Canvas(prefix)
        canvas.scope(key, body)
        drawn.append(process(prefix + key, "".join(canvas.nodes), "; ".join(canvas.arrows), start=False))
    return xml(*drawn, messages=" ".join(names), errors="BAD")


@dataclass
class Canvas:
    prefix: str
    nodes: list[str] = field(default_factory=list)
    arrows: list[str] = field(default_factory=list)

    def scope(self, id: str, body: Block) -> None:
        first, last = self.block(body)
        self.nodes += [node("startEvent", f"{id}_begin"), node("endEvent", f"{id}_end")]
        self.arrows.append(f"{id}_begin -> {first}")
        if last:
            self.arrows.append(f"{last} -> {id}_end")

    def block(self, block: Block, loop: str = "") -> tuple[str, str | None]:
        """Draws a block; answers its first and its last element (None where nothing comes out)."""
        maker = getattr(self, f"_{block.kind}", None)
        if maker is not None:
            first, last = maker(block)
            return first, last
        self.nodes.append(self.activity(block, loop))
        return block.id, None if block.kind in ("terminate", "error") else block.id

    def activity(self, block: Block, loop: str = "") -> str:
        """The XML of a single element."""
        id, given = block.id, block.given
        match block.kind:
            case "user":
                return user(id, loop, camunda_candidateGroups="clerks")
            case "script":
                return script(id, f"{given['source']} + {given['add']}", given["target"])
            case "service":
                fails = _feel(given["errs"]) if given["errs"] else "false"
                parameters = {"value": f"={given['source']}", "fails": f"={fails}", "text": id}
                return service(id, "work", f"v_{id}", f"gone_{id}", **parameters)
            case "catch":
                return node("intermediateCatchEvent", id, self._waits(id, given["what"], given), name=id)
            case "receive":
                return node("receiveTask", id, CORRELATED, messageRef=f"m_{id}", name=id)
            case "throw":
                given = {"variables": "={told: x}", "correlation": f'={{case: "{CASE}"}}'}
                return node("intermediateThrowEvent", id, properties(**given) + message(f"m_{id}"), name=id)
            case "terminate":
                return node("endEvent", id, "<bpmn:terminateEventDefinition/>")
            case "error":
                return node("endEvent", id, error("BAD"))
            case "call":
                return node(
                    "callActivity",
                    id,
                    one_block(self._mapping(block) + loop),
                    calledElement=self.prefix + given["process"],
                    name=id,
                )
            case "sub":
                inner = Canvas(self.prefix)
                inner.scope(id, block.parts[0])
                body = loop + "".join(inner.nodes) + flows("; ".join(inner.arrows))
                return node("subProcess", id, body, name=id)
        raise ValueError(block.kind)

    @staticmethod
    def _mapping(block: Block) -> str:
        given = block.given
        rows = "" if given["how"] == "all" else "".join(f'<camunda:in source="{n}" target="{n}"/>' for n in PASSED)
        if given["how"] == "in_out":
            rows += f'<camunda:out sourceExpression="=[x, y, z, w]" target="{given["target"]}"/>'
        return f"<bpmn:extensionElements>{rows}</bpmn:extensionElements>" if rows else ""

    @staticmethod
    def _waits(id: str, what: str, given: dict[str, Any]) -> str:
        if what == "message":
            return CORRELATED + message(f"m_{id}")
        if what == "cycle":
            return timer("timeCycle", f"R{given['times'] or ''}/PT{given['seconds']}S")
        if what == "date":
            return timer("timeDate", f'=string(now() + duration("PT{given["seconds"]}S"))')
        return timer("timeDuration", f"PT{given['seconds']}S")

    def _sequence(self, block: Block) -> tuple[str, str | None]:
        first, last = self.block(block.parts[0])
        for part in block.parts[1:]:
            begins, ends = self.block(part)
            self.arrows.append(f"{last} -> {begins}")
            last = ends
        return first, last

    def _choice(self, block: Block) -> tuple[str, str]:
        return self._split(block, "exclusiveGateway")

    def _any(self, block: Block) -> tuple[str, str]:
        return self._split(block, "inclusiveGateway")

    def _parallel(self, block: Block) -> tuple[str, str]:
        return self._split(block, "parallelGateway")

    def _split(self, block: Block, tag: str) -> tuple[str, str]:
        split, join, tests = block.id, f"{block.id}_join", block.given.get("tests", [])
        default = {}
        for number, part in enumerate(block.parts):
            first, last = self.block(part)
            condition = ""
            if number < len(tests):
                condition = f" [{_feel(tests[number])}]"
            elif tests:
                default = {"default": f"{split}_{first}"}
            self.arrows.append(f"{split} -> {first}{condition}")
            if last:
                self.arrows.append(f"{last} -> {join}")
        self.nodes += [node(tag, split, name=split, **default), node(tag, join, name=join)]
        return split, join

    def _loop(self, block: Block) -> tuple[str, str]:
        id, counter = block.id, f"n_{block.id}"
        first, last = self.block(block.parts[0])
        self.nodes += [
            script(f"{id}_zero", "0", counter),
            node("exclusiveGateway", f"{id}_in"),
            script(f"{id}_count", f"{counter} + 1", counter),
            node("exclusiveGateway", f"{id}_out", default=f"{id}_out_{id}_done"),
            node("intermediateThrowEvent", f"{id}_done"),
        ]
        self.arrows.append(f"{id}_zero -> {id}_in -> {first}")
        if last:
            self.arrows.append(f"{last} -> {id}_count -> {id}_out")
        self.arrows += [f"{id}_out -> {id}_in [{counter} < {block.given['rounds']}]", f"{id}_out -> {id}_done"]
        return f"{id}_zero", f"{id}_done"

    def _several(self, block: Block) -> tuple[str, str]:
        host, given = block.parts[0], block.given
        until = f"nrOfCompletedInstances >= {given['enough']}" if given["enough"] else ""
        names = f'for n in 1..{given["count"]} return me + "/" + string(n)' if given["count"] else "[]"
        how: dict[str, Any] = {"collection": f"={names}", "variable": "me"}
        if not given["listed"]:
            how = {"cardinality": str(given["count"])}
        collects = {"outputCollection": f"all_{host.id}", "outputElement": "=[loopCounter, x]"}
        loop = (properties(**collects) if given["collects"] else "") + many(
            **how, until=until, one_by_one=given["one_by_one"]
        )
        self.nodes.append(self.activity(host, loop))
        return host.id, host.id

    def _edge(self, block: Block) -> tuple[str, str]:
        host, join = block.parts[0], f"{block.parts[1].id}_join"
        self.block(host)
        self.nodes.append(node("exclusiveGateway", join, name=join))
        self.arrows.append(f"{host.id} -> {join}")
        for event in block.parts[1:]:
            given = event.given
            what = error("BAD") if given["what"] == "error" else self._waits(event.id, given["what"], given)
            attributes = {"attachedToRef": host.id, "cancelActivity": str(given["ends"]).lower(), "name": event.id}
            self.nodes.append(node("boundaryEvent", event.id, what, **attributes))
            first, last = self.block(event.parts[0])
            self.arrows.append(f"{event.id} -> {first}")
            if not given["ends"]:
                self.nodes.append(node("endEvent", f"{event.id}_end"))
                join_or_end = f"{event.id}_end"
            else:
                join_or_end = join
            if last:
                self.arrows.append(f"{last} -> {join_or_end}")
        return host.id, join

    def _either(self, block: Block) -> tuple[str, str]:
        join = f"{block.id}_join"
        self.nodes += [node("eventBasedGateway", block.id), node("exclusiveGateway", join, name=join)]
        for part in block.parts:
            first, last = self.block(part)
            self.arrows.append(f"{block.id} -> {first}")
            if last:
                self.arrows.append(f"{last} -> {join}")
        return block.id, join


def _feel(test: tuple[str, str, int]) -> str:
    return " ".join(map(str, test))


def one_block(body: str) -> str:
    """Extensions that stand side by side as the one block an element may have."""
    return body.replace("</bpmn:extensionElements><bpmn:extensionElements>", "")
