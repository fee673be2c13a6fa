"""Which sequence flows tokens have walked, read from the histories: every completed step says there by which it left."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

from sqlalchemy import select

from engine import history
from engine.bpmn.elements import Process, read_processes
from engine.bpmn.xmlsafe import read_xml
from engine.commands.contents import Content
from engine.engine import Engine
from engine.store import tables as t

Flow = tuple[str, str]  # (process key, id of the sequence flow)
FIRED = ("timer_fired", "message_caught")


def walked(engine: Engine) -> frozenset[Flow]:
    """All flows walked in this engine's database.

    A token that starts beside an activity (a boundary event that interrupts nothing) leaves no completed step behind: its
    event alone is written, and all its flows count. A flow behind an event-based gateway counts when its event has
    happened: the token waits at all of them.
    """
    with engine.store.snapshot() as connection:
        steps = [
            (line.definition_key, line.element_id, line)
            for line in history.every(connection)
            if line.kind in ("completed", *FIRED) and line.definition_key is not None and line.element_id is not None
        ]
    drawn = _drawn(engine, {key for key, _, _ in steps})
    left: set[Flow] = set()
    happened = {(key, element_id) for key, element_id, _ in steps}
    for key, element_id, line in steps:
        process = drawn.get(key)
        if line.kind == "completed":
            left |= {(key, flow) for flow in line.data.get("flows", ())}
        elif process is not None and not process.elements[element_id].interrupting:
            left |= {(key, flow.id) for flow in process.outgoing(element_id)}
    waiting = {
        (process.id, flow.id): (process.id, flow.target)
        for process in drawn.values()
        for flow in process.flows
        if process.elements[flow.source].type == "eventBasedGateway"
    }
    return frozenset(flow for flow in left if flow not in waiting or waiting[flow] in happened)


def missing(contents: Iterable[Content], process: str, seen: Collection[Flow]) -> list[str]:
    """Ids of the process's flows that nobody has walked, in the order of the file. Raises KeyError for no such process."""
    found = {each.id: each for content in contents if content.kind == "process" for each in _processes(content.raw)}
    return [flow.id for flow in found[process].flows if (process, flow.id) not in seen]


def _drawn(engine: Engine, keys: Collection[str]) -> dict[str, Process]:
    """The processes of these keys, as they are drawn."""
    definition = t.definition.c
    query = select(definition.content).where(definition.kind == "process", definition.key.in_(keys)).distinct()
    with engine.store.snapshot() as connection:
        raws = connection.scalars(query).all()
    return {process.id: process for raw in raws for process in _processes(raw)}


@lru_cache(maxsize=64)
def _processes(raw: bytes) -> tuple[Process, ...]:
    root, _ = read_xml("", raw)
    return tuple(read_processes(root)) if root is not None else ()
