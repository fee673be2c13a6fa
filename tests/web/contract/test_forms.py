"""Tasks with a form: what it shows, what it takes, drafts and files."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from tests.web.office import Office
from tests.web.program import is_chinese

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def task(office: Office) -> str:
    instance = office.owner.start("formed", applicant="卓玛", unseen=1)
    return office.ann.task(instance, "fill")


def complete(office: Office, task: str, *, expect: int = 200, **variables: object) -> dict[str, object]:
    return office.ann.post(f"tasks/{task}/complete", {"variables": variables}, expect=expect)


def test_a_form_key_is_the_id_in_the_forms_json(office: Office, task: str) -> None:
    assert office.ann.get(f"tasks/{task}")["formKey"] == "permit"
    form = office.ann.get(f"tasks/{task}/form")
    assert form["schema"] == json.loads((Path(__file__).parent / "diagrams" / "permit_page.form").read_text("utf-8"))
    assert form["data"]["applicant"] == "卓玛"


def test_a_task_without_form_has_no_schema(office: Office) -> None:
    instance = office.owner.start("simple", here=1)
    form = office.ann.get(f"tasks/{office.ann.task(instance, 'check')}/form")
    assert form["schema"] is None
    assert form["data"] == {"here": 1}


def test_what_fits_the_form_is_kept(office: Office, task: str) -> None:
    complete(office, task, applicant="才让", pages=12, medium="film", film_speed="100", wanted="2026-07-01")
    (instance,) = office.owner.get("process-instances")["items"]
    found = office.owner.variables(instance["id"])
    told = {key: found[key] for key in ("applicant", "pages", "medium", "film_speed", "wanted", "unseen")}
    assert told == {
        "applicant": "才让",
        "pages": 12,
        "medium": "film",
        "film_speed": "100",
        "wanted": "2026-07-01",
        "unseen": 1,
    }


WRONG: list[tuple[str, dict[str, object]]] = [
    ("applicant", {}),
    ("applicant", {"applicant": ""}),
    ("applicant", {"applicant": None}),
    ("applicant", {"applicant": "x" * 21}),
    ("applicant", {"applicant": ["x"]}),
    ("applicant", {"applicant": {"x": 1}}),
    ("pages", {"applicant": "a", "pages": 0}),
    ("pages", {"applicant": "a", "pages": 501}),
    ("pages", {"applicant": "a", "pages": "many"}),
    ("pages", {"applicant": "a", "pages": True}),
    ("pages", {"applicant": "a", "pages": 1e300}),
    ("medium", {"applicant": "a", "medium": "stone"}),
    ("medium", {"applicant": "a", "medium": 3}),
    ("film_speed", {"applicant": "a", "medium": "film"}),
    ("wanted", {"applicant": "a", "wanted": "next week"}),
    ("wanted", {"applicant": "a", "wanted": "2026-02-30"}),
    ("wanted", {"applicant": "a", "wanted": 20260701}),
    ("scans", {"applicant": "a", "scans": ["no-such-file"]}),
    ("scans", {"applicant": "a", "scans": "no list"}),
    ("scans", {"applicant": "a", "scans": [{"id": 1}]}),
    ("approved", {"applicant": "a", "approved": True}),
    ("unseen", {"applicant": "a", "unseen": 2}),
]


def test_what_does_not_fit_is_422_beside_its_field(office: Office, task: str) -> None:
    for field, values in WRONG:
        errors = complete(office, task, expect=422, **values)["errors"]
        assert isinstance(errors, dict)
        assert errors, values
        assert all(key == field or key.startswith((f"{field}.", f"{field}[")) for key in errors), (values, errors)
        assert all(sentence for sentences in errors.values() for sentence in sentences)
    assert office.ann.get(f"tasks/{task}")["revision"] == 1
    complete(office, task, applicant="才让")


def test_all_wrong_fields_are_named_at_once(office: Office, task: str) -> None:
    refused = complete(office, task, expect=422, applicant="", pages=0, other=1)
    assert set(refused["errors"]) == {"applicant", "pages", "other"}  # type: ignore[arg-type]


def test_errors_speak_the_callers_language(office: Office, task: str) -> None:
    body = {"variables": {"applicant": ""}}
    english = office.program("ann", "en").post(f"tasks/{task}/complete", body, expect=422)
    chinese = office.program("ann", "zh-CN").post(f"tasks/{task}/complete", body, expect=422)
    # The label is the form's own; the sentence around it is ours.
    assert not any(is_chinese(sentence.replace("申请人", "")) for sentence in english["errors"]["applicant"])
    assert all(is_chinese(sentence) for sentence in chinese["errors"]["applicant"])


def test_what_is_hidden_is_not_kept(office: Office, task: str) -> None:
    complete(office, task, applicant="a", medium="paper", film_speed="400")
    (instance,) = office.owner.get("process-instances")["items"]
    assert not office.owner.variables(instance["id"]).get("film_speed")


def test_a_draft_is_kept_for_its_writer(office: Office, task: str) -> None:
    assert office.ann.get(f"tasks/{task}/form")["draft"] is None
    saved = office.ann.put(f"tasks/{task}/draft", {"variables": {"applicant": "", "pages": "half"}})
    assert saved["savedAt"] is not None
    again = office.ann.get(f"tasks/{task}/form")
    assert again["draft"] == {"applicant": "", "pages": "half"}
    assert office.ben.get(f"tasks/{task}/form")["draft"] is None
    office.ann.put(f"tasks/{task}/draft", {"variables": {"applicant": "才"}})
    assert office.ann.get(f"tasks/{task}/form")["draft"] == {"applicant": "才"}
    assert office.owner.get("process-instances")["items"][0]["revision"] == 1
    complete(office, task, applicant="才让")
    office.ann.put(f"tasks/{task}/draft", {"variables": {}}, expect=409)


def test_a_file_is_handed_in_and_read_by_who_works_on_the_case(office: Office, task: str) -> None:
    item = office.ann.attach("扫描.png", PIXEL)
    told = {key: item[key] for key in ("name", "size", "type", "sha256")}
    assert told == {
        "name": "扫描.png",
        "size": len(PIXEL),
        "type": "image/png",
        "sha256": hashlib.sha256(PIXEL).hexdigest(),
    }
    path = f"attachments/{item['id']}"
    office.cat.get(path, expect=404)
    complete(office, task, applicant="才让", scans=[item["id"]])
    (instance,) = office.owner.get("process-instances")["items"]
    assert office.owner.variables(instance["id"])["scans"] == [item["id"]]
    answer = office.cat.raw("GET", path)  # a task of this instance is offered to the auditors now
    assert answer.status_code == 200
    assert answer.data == PIXEL
    assert answer.headers["Content-Disposition"].startswith("attachment")
    office.eve.get(path, expect=404)


def test_a_file_of_somebody_else_is_refused(office: Office, task: str) -> None:
    item = office.eve.attach("mine.png", PIXEL)
    assert set(complete(office, task, expect=422, applicant="a", scans=[item["id"]])["errors"]) == {"scans"}  # type: ignore[arg-type]


def test_one_file_of_a_kind_we_take(office: Office) -> None:
    office.ann.attach("page.png", b"<html><script>alert(1)</script></html>", expect=422)
    office.ann.attach("empty.png", b"", expect=422)
    office.ann.send_files("attachments", {"a.png": PIXEL, "b.png": PIXEL}, expect=422)
    office.ann.send_files("attachments", {}, expect=422)
    office.program(None).attach("a.png", PIXEL, expect=401)
