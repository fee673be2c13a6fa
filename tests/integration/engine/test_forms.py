"""A task with a form: the form decides what may be submitted, and files are bound to the case."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from engine.attachments import keeping
from engine.commands.complete_task import CompleteTask
from engine.engine import Engine
from engine.errors import Invalid
from engine.queries.task_view import TaskForm
from tests.integration.engine.conftest import ANN, BEN, FINISH, START, bpmn, deploy, flow, look, start, tasks, user

FORM = {
    "type": "default",
    "id": "report",
    "schemaVersion": 16,
    "components": [
        {
            "type": "textfield",
            "id": "t1",
            "key": "title",
            "label": "标题",
            "validate": {"required": True, "maxLength": 20},
        },
        {"type": "number", "id": "t2", "key": "count", "label": "数量", "validate": {"min": 0}},
        {
            "type": "textfield",
            "id": "t3",
            "key": "why",
            "label": "原因",
            "conditional": {"hide": "=count = null or count < 10"},
        },
        {
            "type": "filepicker",
            "id": "t4",
            "key": "files",
            "label": "附件",
            "multiple": True,
            "properties": {"why": "x"},
        },
    ],
}


@pytest.fixture
def one(engine: Engine) -> str:
    check = user("check", attributes='camunda:formKey="report"')
    diagram = bpmn("formed", START + check + user("read") + FINISH + flow("begin", "check", "read", "finish"))
    deploy(engine, diagram, report_dot_form=json.dumps(FORM).encode())
    return start(engine, "formed", why="old", kept=1)


def send(engine: Engine, instance_id: str, actor: Any = ANN, **variables: Any) -> None:
    engine.run(CompleteTask(tasks(engine, instance_id, element="check")[0].id, actor, variables))


def test_what_the_form_takes_becomes_variables(engine: Engine, one: str) -> None:
    form = engine.ask(TaskForm(ANN, tasks(engine, one)[0].id))
    assert form.schema is not None
    assert form.schema["id"] == "report"
    assert form.data == {"why": "old", "kept": 1}
    send(engine, one, title="t", count=12, why="because")
    assert look(engine, one).variables | {"files": None} == {
        "title": "t",
        "count": 12,
        "why": "because",
        "kept": 1,
        "files": None,
    }


def test_a_hidden_field_leaves_no_older_value(engine: Engine, one: str) -> None:
    send(engine, one, title="t", count=1)
    assert look(engine, one).variables["why"] is None


@pytest.mark.parametrize(
    ("submitted", "field"),
    [
        ({}, "title"),
        ({"title": "t" * 21}, "title"),
        ({"title": "t", "count": -1}, "count"),
        ({"title": "t", "approved": True}, "approved"),
        ({"title": "t", "files": ["00000000-0000-0000-0000-000000000000"]}, "files"),
    ],
)
def test_what_the_form_does_not_take_is_refused_beside_its_field(
    engine: Engine, one: str, submitted: dict[str, Any], field: str
) -> None:
    before = look(engine, one)
    with pytest.raises(Invalid) as refused:
        send(engine, one, ANN, **submitted)
    assert [path.partition("[")[0] for path in refused.value.errors] == [field]
    assert look(engine, one) == before


def test_a_file_belongs_to_who_uploaded_it_until_it_belongs_to_the_case(engine: Engine, one: str) -> None:
    kept = keeping.upload(
        engine, io.BytesIO(b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"), "a.pdf", actor=ANN
    )
    with pytest.raises(Invalid):
        send(engine, one, BEN, title="t", files=[kept.id])
    send(engine, one, ANN, title="t", files=[kept.id])
    assert look(engine, one).variables["files"] == [kept.id]
    assert engine.ask(keeping.AttachmentView(kept.id, BEN)).sha256 == kept.sha256
