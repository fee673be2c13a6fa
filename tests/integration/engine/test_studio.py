"""A change over the active release: drafts, versions, two people at one file, and what the release would be."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update

from engine.commands.deploy import Deploy
from engine.engine import Engine
from engine.errors import Conflict, DeploymentRefused, Forbidden, Invalid, NotFound, Refused
from engine.studio import drafts, holds
from engine.studio import tables as s
from engine.studio.changes import DropChange, OpenChange, TakeUpChange
from engine.studio.checking import check_file
from engine.studio.drafts import DropDraft, KeepDraft
from engine.studio.queries import ChangeList, ChangeView, DraftContent, FileHistory, FileView, VersionContent
from engine.studio.release import ChangeRelease
from engine.studio.starters import starter
from engine.studio.versions import AcceptRelease, BringFiles, RemoveFile, RestoreVersion, SaveVersion
from tests.integration.engine.conftest import ADMIN, ANN, FINISH, OWNER, OWNER2, START, bpmn, deploy, flow, simple, user

FILE = "file0.bpmn"


def edited(name: str) -> bytes:
    """The diagram `simple` with a step more."""
    return bpmn("simple", START + user("check") + user(name) + FINISH + flow("begin", "check", name, "finish"))


@pytest.fixture
def change(engine: Engine) -> str:
    deploy(engine, simple(), simple("other"))
    opened: str = engine.run(OpenChange(OWNER, " 加一步 ", "意见"))["id"]
    return opened


def save(engine: Engine, change: str, content: bytes, seen: int, actor=OWNER, file: str = FILE) -> int:  # type: ignore[no-untyped-def]
    number: int = engine.run(SaveVersion(change, file, actor, content, "为什么", seen))["number"]
    return number


def test_a_change_stands_over_the_active_release(engine: Engine, change: str) -> None:
    empty = engine.ask(ChangeRelease(ADMIN, change))
    assert (empty.brought, empty.problems) == ({}, [])
    assert sorted(content.key for content in empty.contents) == ["other", "simple"]
    begun = engine.ask(FileView(OWNER, change, FILE))
    assert (begun.number, begun.held, begun.content, begun.active) == (0, False, simple(), simple())
    assert save(engine, change, edited("second"), 0) == 1
    assert save(engine, change, edited("second"), 1) == 1  # nothing differs: no version more
    whole = engine.ask(ChangeRelease(OWNER, change))
    assert whole.brought == {FILE: edited("second")}
    assert {content.key: content.raw for content in whole.contents} == {
        "simple": edited("second"),
        "other": simple("other"),
    }
    trying = engine.ask(ChangeRelease(OWNER, change, {FILE: edited("third"), "new.bpmn": simple("new")}))
    assert trying.brought == {FILE: edited("third"), "new.bpmn": simple("new")}
    assert engine.ask(ChangeRelease(OWNER, change)).brought == {FILE: edited("second")}
    view = engine.ask(ChangeView(ADMIN, change))
    assert (view.change.title, view.change.reason, view.change.files, view.change.may_edit) == (
        "加一步",
        "意见",
        1,
        False,
    )
    assert [(file.name, file.number, file.held, file.new, file.behind) for file in view.files] == [
        (FILE, 1, True, False, False)
    ]
    assert [(other.name, other.title) for other in view.others] == [("file1.bpmn", "other")]


def test_two_people_at_one_file_lose_nothing(engine: Engine, change: str) -> None:
    assert engine.run(KeepDraft(change, FILE, OWNER, None, 0))["others"] == []
    first = engine.run(KeepDraft(change, FILE, OWNER2, edited("theirs"), 0))
    assert [(other["name"], other["typing"]) for other in first["others"]] == [("Owner", False)]
    mine = engine.run(KeepDraft(change, FILE, OWNER, edited("mine"), 0))
    assert [(other["name"], other["typing"]) for other in mine["others"]] == [("Owner2", True)]
    assert save(engine, change, edited("theirs"), 0, OWNER2) == 1
    told = engine.run(KeepDraft(change, FILE, OWNER, None, 0))
    assert (told["latest"], told["latest_by"]) == (1, "Owner2")
    with pytest.raises(Conflict) as moved:
        save(engine, change, edited("mine and more"), 0)
    assert (moved.value.code, moved.value.facts["by"], moved.value.facts["latest"]) == ("VERSION_MOVED", "Owner2", 1)
    kept = engine.ask(FileView(OWNER, change, FILE))
    assert kept.draft is not None
    assert (kept.draft.content, kept.draft.base, kept.content) == (edited("mine and more"), 0, edited("theirs"))
    assert (
        engine.ask(FileView(OWNER2, change, FILE)).draft is None
    )  # a draft is its writer's alone, and saving ended this one
    assert save(engine, change, edited("both"), 1) == 2
    assert engine.ask(DraftContent(OWNER, change, FILE)) is None
    history = engine.ask(FileHistory(OWNER, change, FILE))
    assert [(one.number, one.author_name, one.comment) for one in history] == [
        (2, "Owner", "为什么"),
        (1, "Owner2", "为什么"),
    ]


def test_who_closed_the_file_is_gone_and_keeps_what_was_typed(
    engine: Engine, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.run(KeepDraft(change, FILE, OWNER2, edited("theirs"), 0))
    assert [file.there[0].name for file in engine.ask(ChangeView(OWNER, change)).files] == ["Owner2"]
    monkeypatch.setattr(drafts, "HERE", drafts.HERE * 0)
    assert engine.ask(FileView(OWNER, change, FILE)).others == ()
    assert engine.ask(DraftContent(OWNER2, change, FILE)).content == edited("theirs")  # type: ignore[union-attr]
    engine.run(DropDraft(change, FILE, OWNER2))
    assert engine.ask(DraftContent(OWNER2, change, FILE)) is None


def test_versions_are_restored_and_files_taken_out(engine: Engine, change: str) -> None:
    for number, name in enumerate(("a", "b")):
        save(engine, change, edited(name), number)
    assert engine.run(RestoreVersion(change, FILE, 1, OWNER2, "还是原来的好")) == {"number": 3}
    assert engine.ask(VersionContent(ADMIN, change, FILE, 3)) == edited("a")
    assert engine.ask(FileHistory(ADMIN, change, FILE))[0].restored_from == 1
    assert engine.run(RemoveFile(change, FILE, OWNER)) == {"number": 4}
    gone = engine.ask(FileView(OWNER, change, FILE))
    assert (gone.number, gone.held, gone.content) == (4, False, simple())
    assert engine.ask(ChangeRelease(OWNER, change)).brought == {}
    assert engine.ask(VersionContent(ADMIN, change, FILE, 0)) == simple()
    for number in (4, 9):  # the note that it was taken out is no version to go back to
        with pytest.raises(NotFound):
            engine.run(RestoreVersion(change, FILE, number, OWNER))
    with pytest.raises(NotFound):
        engine.run(RemoveFile(change, FILE, OWNER))
    assert engine.run(RestoreVersion(change, FILE, 2, OWNER)) == {"number": 5}
    assert engine.ask(ChangeRelease(OWNER, change)).brought == {FILE: edited("b")}


def test_what_became_active_meanwhile_is_said(engine: Engine, change: str) -> None:
    save(engine, change, edited("a"), 0)
    engine.run(Deploy({FILE: edited("elsewhere")}, None))
    assert engine.ask(FileView(OWNER, change, FILE)).behind
    save(engine, change, edited("b"), 1)
    assert engine.ask(ChangeView(OWNER, change)).files[0].behind  # saving again is not looking at it
    engine.run(AcceptRelease(change, FILE, OWNER, "看过了"))
    looked = engine.ask(FileView(OWNER, change, FILE))
    assert (looked.behind, looked.content, looked.active) == (False, edited("b"), edited("elsewhere"))


def test_files_are_brought_all_or_none(engine: Engine, change: str) -> None:
    made = engine.run(BringFiles(change, {FILE: simple(), "new.bpmn": simple("new")}, OWNER, "导入"))
    assert made == {"files": {"new.bpmn": 1}}  # the other one is as the active release has it
    hostile = b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    with pytest.raises(DeploymentRefused):
        engine.run(BringFiles(change, {"good.bpmn": simple("good"), "bad.bpmn": hostile}, OWNER))
    with pytest.raises(DeploymentRefused):
        save(engine, change, hostile, 0)
    for name in ("../x.bpmn", "x.exe", ""):
        with pytest.raises(DeploymentRefused):
            engine.run(BringFiles(change, {name: simple("x")}, OWNER))
        with pytest.raises(DeploymentRefused):
            engine.run(KeepDraft(change, name, OWNER, b"x", 0))
    with pytest.raises(Invalid):
        engine.run(BringFiles(change, {}, OWNER))
    with pytest.raises(Refused):
        engine.run(KeepDraft(change, FILE, OWNER, bytes(drafts.LARGEST + 1), 0))
    assert [file.name for file in engine.ask(ChangeView(OWNER, change)).files] == ["new.bpmn"]


def test_a_change_that_is_over_is_read_only_and_can_be_taken_up(engine: Engine, change: str) -> None:
    save(engine, change, edited("a"), 0)
    with pytest.raises(Invalid):
        engine.run(DropChange(change, OWNER, " "))
    engine.run(DropChange(change, OWNER, "不改了"))
    for command in (
        SaveVersion(change, FILE, OWNER, edited("b"), "", 1),
        KeepDraft(change, FILE, OWNER, b"x", 1),
        RemoveFile(change, FILE, OWNER),
        DropChange(change, OWNER, "again"),
    ):
        with pytest.raises(Conflict) as closed:
            engine.run(command)
        assert closed.value.code == "CHANGE_CLOSED"
    assert engine.ask(FileView(OWNER, change, FILE)).content == edited("a")
    assert [item.id for item in engine.ask(ChangeList(OWNER, "dropped")).items] == [change]
    engine.run(TakeUpChange(change, OWNER2))
    assert save(engine, change, edited("b"), 1) == 2


def test_who_is_no_process_owner_edits_nothing(engine: Engine, change: str) -> None:
    for actor in (ADMIN, ANN):
        for command in (
            OpenChange(actor, "x"),
            SaveVersion(change, FILE, actor, edited("b"), "", 0),
            KeepDraft(change, FILE, actor, None, 0),
            RestoreVersion(change, FILE, 0, actor),
            BringFiles(change, {"new.bpmn": simple("new")}, actor),
            DropChange(change, actor, "x"),
            TakeUpChange(change, actor),
        ):
            with pytest.raises(Forbidden):
                engine.run(command)
    for query in (ChangeList(ANN), ChangeView(ANN, change), FileView(ANN, change, FILE), ChangeRelease(ANN, change)):
        with pytest.raises(Forbidden):
            engine.ask(query)
    with pytest.raises(NotFound):
        engine.ask(ChangeView(OWNER, "none"))
    with pytest.raises(NotFound):
        engine.ask(FileView(OWNER, change, "none.bpmn"))
    with pytest.raises(Invalid):
        engine.run(OpenChange(OWNER, "  "))


def test_new_files_begin_with_something_that_may_be_saved(engine: Engine, change: str) -> None:
    files = dict(starter(kind, f"P19_{kind}", "新的<一步>") for kind in ("process", "decision", "form"))
    engine.run(BringFiles(change, files, OWNER))
    whole = engine.ask(ChangeRelease(OWNER, change))
    found = {content.kind: (content.key, content.name) for content in whole.contents if content.id is None}
    assert found == {kind: (f"P19_{kind}", "新的<一步>") for kind in ("process", "decision", "form")}
    problems = [
        problem.code
        for name, raw in files.items()
        for problem in check_file(name, raw, whole.contents, engine.registry)
        if problem.severity == "error"
    ]
    assert problems == []
    for kind, key, name in (("test", "a", "b"), ("form", "1 a", "b"), ("form", "a/b", "b"), ("form", "a", " ")):
        with pytest.raises(Invalid):
            starter(kind, key, name)


def test_a_version_that_was_taken_away_is_found(engine: Engine, change: str) -> None:
    for number, name in enumerate(("a", "b")):
        save(engine, change, edited(name), number)
    with engine.store.transaction() as connection:
        assert holds.versions(connection) == holds.changes(connection) == []
        connection.execute(delete(s.change_version).where(s.change_version.c.number == 1))
        connection.execute(update(s.change).values(state="proposed"))
        assert [FILE in found for found in holds.versions(connection)] == [True]
        assert [change in found for found in holds.changes(connection)] == [True]
        connection.rollback()
        connection.begin()
