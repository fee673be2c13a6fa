"""Applications, notices and meetings on their way are moved to a changed P04 and P06, and played to their ends there."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from engine.clock import FixedClock
from engine.commands.claim_task import ClaimTask
from engine.commands.deploy import Deploy
from engine.commands.resume_instance import ResumeInstance
from engine.commands.save_draft import SaveDraft
from engine.commands.suspend_instance import SuspendInstance
from engine.errors import ZhipingError
from engine.moving.commands import MoveInstances, UndoMoving
from engine.moving.queries import MoveBatch, Moved, MovePreview
from engine.queries.task_view import TaskForm
from engine.store import tables as t
from processes.demo.play import NOTICE
from processes.register.notice_tables import publicity_notice
from tests.process.province import Province
from tests.process.stage import ROOT

P04, P06, FORM = "P04_candidate_title_review.bpmn", "P06_publicity_window.bpmn", "approve_notice.form"


def shipped(folder: str, name: str) -> str:
    """Without its picture: the steps that come new have no place in it."""
    text, picture, _ = (ROOT / folder / name).read_text(encoding="utf-8").partition("<bpmndi:BPMNDiagram")
    return f"{text}</bpmn:definitions>" if picture else text


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def changed() -> dict[str, bytes]:
    """P06: to prepare is called otherwise, the window waits a day longer, and what was closed is filed. P04: another time limit, other
    values to filter by. The form of approval: another title."""
    added = """<bpmn:userTask id="file_notice" name="公示材料归档" camunda:candidateGroups="=publisher_group">
        <bpmn:extensionElements><camunda:properties><camunda:property name="scope" value="=publisher_scope"/></camunda:properties>
        </bpmn:extensionElements></bpmn:userTask>
        <bpmn:sequenceFlow id="flow_filed" sourceRef="file_notice" targetRef="notice_done"/>"""
    p06 = replaced(
        shipped("processes/publicity", P06),
        ('"prepare_notice" name="编制公示"', '"write_notice" name="拟写公示"'),
        (">prepare_notice<", ">write_notice<"),
        ('Ref="prepare_notice"', 'Ref="write_notice"'),
        ('notSameActorAs" value="prepare_notice"', 'notSameActorAs" value="write_notice"'),
        (">closes_at</bpmn:timeDate>", '>date and time(closes_at) + duration("P1D")</bpmn:timeDate>'),
        (
            'camunda:formKey="approve_notice" camunda:dueDate="=workday_deadline(now(), 2)"',
            'camunda:formKey="approve_notice" camunda:dueDate="=workday_deadline(now(), 9)"',
        ),
        ('sourceRef="all_settled" targetRef="notice_done"', 'sourceRef="all_settled" targetRef="file_notice"'),
        ("<bpmn:incoming>flow_all_settled_notice_done</bpmn:incoming>", ""),
        (
            "<bpmn:flowNodeRef>recall_notice</bpmn:flowNodeRef>",
            "<bpmn:flowNodeRef>recall_notice</bpmn:flowNodeRef><bpmn:flowNodeRef>file_notice</bpmn:flowNodeRef>",
        ),
        ("</bpmn:process>", added + "</bpmn:process>"),
    )
    p04 = replaced(
        shipped("processes/candidate", P04),
        ("unit_code=单位代码，region_code=地区代码", "unit_code=单位代码，target_title=申报职称"),
        ("region:&quot; + region_code]", "region:&quot; + region_code, &quot;province&quot;]"),
    )
    form = json.loads(shipped("forms/P06_publicity_window", FORM)) | {"title": "复核公示内容"}
    forms = {f"P06_publicity_window-{FORM}": json.dumps(form, ensure_ascii=False).encode()}
    return {P04: p04.encode(), P06: p06.encode(), **forms}


def publish(province: Province, files: dict[str, bytes]) -> str:
    identity: str = province.engine.run(Deploy(files, None, play=False))["id"]
    return identity


def move(province: Province, target: str, source: str) -> Moved:
    owner = province.actor("process_owner")
    asked = province.engine.run(MoveInstances(target, owner, source=source, mapping=RENAMED, reason="按新办法"))
    province.engine.work()
    return province.engine.ask(MoveBatch(owner, asked["id"]))


def due(province: Province, case: str) -> dict[str, Any]:
    tasks = {task.element_id: task.due_at for task in province.tasks(case)}
    return tasks | {timer.element_id: timer.due_at for timer in province.look(case).timers}


RENAMED = {"P06_publicity_window": {"prepare_notice": "write_notice"}}


def notice(province: Province, case: str) -> dict[str, Any]:
    return province.rows(publicity_notice, publicity_notice.c.instance_id == case)[-1]


def definition(province: Province, key: str) -> list[str]:
    """The ids of its versions, the oldest first."""
    rows = province.rows(t.definition, t.definition.c.key == key, t.definition.c.kind == "process")
    return [row["id"] for row in sorted(rows, key=lambda row: row["version"])]


def values(province: Province, case: str) -> set[str]:
    """What its application can be filtered by."""
    return {row["name"] for row in province.rows(t.instance_value, t.instance_value.c.instance_id == case)}


def test_cases_on_their_way_go_on_in_the_new_release(province: Province) -> None:
    hr, hr5, leader, owner = map(province.actor, ("hr-u01", "hr-u05", "leader-u01", "process_owner"))
    province.until("2026-06-20T09:00:00")
    writing, approving = province.assessed("c-001"), province.assessed("c-020", "u05")
    window = province.assessed("c-014", "u03", identity_status="enterprise")
    filling = province.open_case("c-017")
    for case, unit in ((writing, "u01"), (approving, "u05"), (window, "u03")):
        province.decide(case, unit)
    province.do(approving, "prepare_notice", hr5, **NOTICE, board_photo=[province.attach(hr5)])
    province.publish(window, "u03")
    task = province.task(writing, "prepare_notice")
    province.engine.run(ClaimTask(task.id, hr))
    province.engine.run(SaveDraft(task.id, hr, {"title": "写了一半"}))
    cases = (writing, approving, window, filling)
    before = [due(province, case) for case in cases]
    closes = notice(province, window)["closes_at"]
    province.engine.run(SuspendInstance(filling, owner, "等文件"))

    publish(province, changed())
    old, new = definition(province, "P06_publicity_window")
    seen = province.engine.ask(MovePreview(new, owner, mapping=RENAMED, source=old))
    assert {one.instance_id for one in seen.judged} == set(cases), "those that call what changed"
    assert [one.instance_id for one in seen.judged if not one.may_move] == [filling], "it stands still"
    batch = move(province, new, old)
    assert batch.counts == {"moved": 3, "refused": 1}
    assert values(province, window) == {"unit_code", "target_title"}
    province.engine.run(UndoMoving(batch.id, owner, "再看一遍"))
    province.engine.work()
    assert province.engine.ask(MoveBatch(owner, batch.id)).counts == {"returned": 3, "refused": 1}
    assert [due(province, case) for case in cases] == before
    assert values(province, window) == {"unit_code", "region_code"}

    # Moved at the very instant at which the window closes: it closes then, and goes on by the new diagram.
    province.engine.run(ResumeInstance(filling, owner))
    assert isinstance(province.engine.clock, FixedClock)
    province.engine.clock.set(closes)
    assert move(province, new, old).counts == {"moved": 4}
    closed = notice(province, window)
    assert (closed["status"], closed["closed_at"], closed["closed_effective_at"]) == ("closed", closes, closes)
    assert province.open(window) == ["file_notice"]
    moved = [due(province, case) for case in cases]
    assert moved[0] == {"write_notice": before[0]["prepare_notice"]}
    assert (moved[1], moved[3]) == (before[1], before[3])
    kept = province.task(writing, "write_notice")
    assert (kept.id, kept.name, kept.assignee) == (task.id, "拟写公示", hr.username)
    assert province.engine.ask(TaskForm(task_id=task.id, actor=hr)).draft == {"title": "写了一半"}

    # To the end of the window, by the new diagram; who prepared under the old name does not approve.
    with pytest.raises(ZhipingError):
        province.do(approving, "approve_notice", hr5, decision="approve")
    province.do(writing, "write_notice", hr, **NOTICE, board_photo=[province.attach(hr)])
    with pytest.raises(ZhipingError):
        province.do(writing, "approve_notice", hr, decision="approve")
    province.do(approving, "approve_notice", province.actor("leader-u05"), decision="approve")
    province.do(writing, "approve_notice", leader, decision="approve")
    due_then = notice(province, writing)["closes_at"] + timedelta(days=1)  # as the new diagram waits
    assert due(province, writing) == {"window_ends": due_then}
    province.engine.work(due_then)
    for case, unit in ((writing, "u01"), (approving, "u05"), (window, "u03")):
        province.do(case, "file_notice", province.actor(f"hr-{unit}"))
        assert province.open(case) == ["submit_recommendation"]
        assert not province.look(case).incidents
