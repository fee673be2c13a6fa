"""The studio's gate: whatever is hostile is refused as a version and as an import, whatever is wrong is told while it is edited and not
published; each with file, place and remedy, in time, and nothing is left behind."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from functools import partial

import pytest

from engine.commands.deploy import Deploy
from engine.errors import DeploymentRefused, Invalid, Problem
from engine.registry import Actor, Membership, Registry
from engine.studio.bundle import ImportBundle
from engine.studio.changes import OpenChange
from engine.studio.checking import admit, check_file
from engine.studio.publishing import ProposeChange
from engine.studio.release import ChangeRelease
from engine.studio.versions import BringFiles, SaveVersion
from tests.unit.bpmn import diagrams as d
from tests.unit.bpmn.test_decision import file as tables
from tests.unit.bpmn.test_decision import table
from tests.web.hostile.slots import HONEST, process, user
from tests.web.hostile.test_expressions import works
from tests.web.hostile.test_files import REFUSED, form, rows
from tests.web.office import Office

OWNER = Actor("process_owner", "process_owner", "Owner", frozenset({Membership("process_owner")}))
PATIENCE = 2.0  # seconds of processor time

OTHER = d.process(
    "y",
    '<bpmn:startEvent id="s2"/><bpmn:endEvent id="e2"/>' + d.node("callActivity", "v", calledElement="x"),
    "s2 -> v -> e2",
    start=False,
)
# Unfinished or wrong, and harmless to keep: (file, content, code, element). What is told while it is edited, and refuses a publication.
WRONG: dict[str, tuple[str, bytes, str, str]] = {
    "a loose flow": (
        "x.bpmn",
        d.xml(d.process("x", d.user("u"), "s -> u -> e; u -> nowhere")),
        "DANGLING",
        "u_nowhere",
    ),
    "an unknown element": (
        "x.bpmn",
        d.xml(d.process("x", d.node("transaction", "u"), "s -> u -> e")),
        "NOT_RUN",
        "u",
    ),
    "a process that calls itself": (
        "x.bpmn",
        d.xml(d.process("x", d.node("callActivity", "u", calledElement="x"), "s -> u -> e")),
        "CALL_CYCLE",
        "u",
    ),
    "two that call each other": (
        "x.bpmn",
        d.xml(d.process("x", d.node("callActivity", "u", calledElement="y"), "s -> u -> e"), OTHER),
        "CALL_CYCLE",
        "u",
    ),
    "rows that overlap": ("x.dmn", tables(table([("> 1", '"a"'), ("> 2", '"b"')])), "DMN_OVERLAP", "D_r2"),
    "an endless expression": (
        "x.bpmn",
        d.xml(d.process("x", d.script("u", "(" * 5_000 + "1" + ")" * 5_000, "n"), "s -> u -> e")),
        "FEEL",
        "u",
    ),
    "a form nobody has": (
        "x.bpmn",
        d.xml(d.process("x", d.user("u", camunda_formKey="none"), "s -> u -> e")),
        "FORM_UNKNOWN",
        "u",
    ),
}


def timed(call: Callable[[], object], what: str) -> list[Problem]:
    """What a call is refused with; empty where it is not. In time."""
    began = time.thread_time()
    try:
        call()
        found: list[Problem] = []
    except DeploymentRefused as refused:
        found = refused.problems
    assert time.thread_time() - began < PATIENCE, what
    return found


def told(problem: Problem, what: str) -> None:
    """A refusal names its file and says what to do, in both languages."""
    assert problem.file, what
    assert problem.line or len(str(problem.text)) > 5, what
    assert str(problem.remedy).endswith("。"), what
    assert problem.remedy.to("en") != str(problem.remedy), what


def test_what_is_hostile_is_kept_nowhere(office: Office) -> None:
    engine = office.engine
    change = engine.run(OpenChange(OWNER, "改一改"))["id"]
    before, on_disk = rows(office), sorted(engine.settings.data_dir.rglob("*"))
    named = 0
    for what, files in REFUSED.items():
        ((name, raw),) = files.items()
        calls: list[Callable[[], object]] = [
            partial(engine.run, SaveVersion(change, name, OWNER, raw, "", 0)),
            partial(engine.run, BringFiles(change, {name: raw, **HONEST}, OWNER)),
        ]
        for call in calls:
            problems = timed(call, what)
            assert problems, what
            assert problems[0].file == name, what
            told(problems[0], what)
            named += problems[0].line is not None
    assert named > len(REFUSED)  # of most a line
    assert rows(office) == before
    assert sorted(engine.settings.data_dir.rglob("*")) == on_disk
    works(office)


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told_while_it_is_edited_and_is_not_published(office: Office, what: str) -> None:
    file, raw, code, element = WRONG[what]
    engine = office.engine
    change = engine.run(OpenChange(OWNER, "改一改"))["id"]
    whole = engine.ask(ChangeRelease(OWNER, change)).contents
    began = time.thread_time()
    found = [p for p in check_file(file, raw, whole, engine.registry) if (p.code, p.element) == (code, element)]
    assert time.thread_time() - began < PATIENCE
    assert [(p.file, p.severity) for p in found] == [(file, "error")]
    assert found[0].line
    told(found[0], what)
    assert admit(file, raw) == []
    engine.run(SaveVersion(change, file, OWNER, raw, "", 0))  # unfinished work may be kept
    before = rows(office)
    for command in (ProposeChange(change, OWNER, "试试"), Deploy({file: raw}, OWNER)):
        call = partial(engine.run, command)
        assert (code, element) in [(p.code, p.element) for p in timed(call, what)]
    assert rows(office) == before


def test_an_import_is_judged_by_the_same_gate(office: Office) -> None:
    engine, before = office.engine, rows(office)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("x.bpmn", b"0" * 200_000_000)
    assert len(bomb.getvalue()) < 1_000_000
    for name, raw in (
        ("a bomb", bomb.getvalue()),
        ("a path", _zip({"../x.bpmn": HONEST["honest.bpmn"]})),
        ("a doctype", _zip({"x.bpmn": b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'})),
        ("a link that runs", _zip(process(user("<bpmn:documentation>javascript:alert(1)</bpmn:documentation>"), "t"))),
        ("a pattern", _zip({"x.form": form(validate={"pattern": "(" * 300})})),
    ):
        problems = timed(partial(engine.run, ImportBundle(OWNER, "改", raw)), name)
        assert problems, name
        told(problems[0], name)
    began = time.thread_time()
    with pytest.raises(Invalid):
        engine.run(ImportBundle(OWNER, "改", b"PK\x03\x04" + bytes(1_000)))
    assert time.thread_time() - began < PATIENCE
    assert rows(office) == before


def _zip(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, raw in files.items():
            packed.writestr(name, raw)
    return made.getvalue()


def test_the_largest_diagram_there_may_be_is_judged_in_time() -> None:
    """Seven hundred gateways, one behind the other, each with a condition of its own."""
    body = "".join(d.node("inclusiveGateway", f"g{n}", default=f"g{n}_g{n + 1}") for n in range(700)) + d.user("g700")
    arrows = "s -> g0; g700 -> e; " + "; ".join(
        f"g{n} -> g{n + 1}; g{n} -> g{min(n + 7, 700)} [x{n} > {n}]" for n in range(699)
    )
    raw = d.xml(d.process("x", body, arrows + "; g699 -> g700"))
    whole = d.xml(d.process("y", d.user("u"), "s -> u -> e"))
    began = time.thread_time()
    check_file("x.bpmn", raw, [], Registry())
    assert time.thread_time() - began < PATIENCE
    assert check_file("y.bpmn", whole, [], Registry()) == []


def test_the_files_that_are_refused_are_the_ones_we_mean() -> None:
    """Honest neighbours of the hostile files pass, so that they are refused for what they do and not for their shape."""
    assert admit("honest.bpmn", HONEST["honest.bpmn"]) == []
    assert admit("x.form", form()) == []
    assert admit("x.form", json.dumps({"type": "default", "id": "page", "components": []}).encode()) == []
