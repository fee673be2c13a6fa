"""Numbers of identity and telephones are planted with the demo; nobody is told one, and no file of ours holds one in clear."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from werkzeug.test import TestResponse

from processes.demo.candidates import identity_number
from processes.demo.small import CANDIDATES
from tests.process.province import Province
from tests.web.permissions.table import ROLES
from tests.web.program import Program

Make = Callable[[str | None], Program]

PLANTED = [
    canary for one in CANDIDATES for canary in (identity_number(one.born, one.number), f"1300000{one.number:04d}")
]


def test_no_canary_is_told_or_kept_in_clear(
    province: Province, app: Flask, program: Make, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    case = province.queued()
    said: list[bytes] = []
    rules = [
        rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and rule.endpoint != "static"
    ]
    for role in ROLES[:6] + ROLES[-8:]:
        caller = program(role)
        places = {"instance_id": case, "application_id": province.application(case)["id"], "username": "c-001"}
        for task in caller.get("tasks", maxResults=1)["items"]:
            places["task_id"] = task["id"]
        for rule in rules:
            path = rule
            for name, value in places.items():
                path = path.replace(f"<{name}>", value)
            if "<" not in path:
                headers = {"Authorization": f"Bearer {caller.token}"}
                said.append(app.test_client(use_cookies=False).get(path, headers=headers, follow_redirects=True).data)
    logged = capfd.readouterr()
    with province.engine.store.transaction() as connection:
        connection.execute(text("select 1"))
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    everything = b"\n".join([*said, *kept, logged.out.encode(), logged.err.encode()])
    assert len(said) > 300
    assert [canary for canary in PLANTED if canary.encode() in everything] == []


def test_an_error_of_the_database_does_not_repeat_what_was_typed(province: Province) -> None:
    insert = text("insert into region (code, name, kind) values ('xining', :name, 'prefecture')")
    with pytest.raises(IntegrityError) as failed, province.engine.store.transaction() as connection:
        connection.execute(insert, {"name": PLANTED[0]})
    assert PLANTED[0] not in str(failed.value)
    assert PLANTED[0] not in repr(failed.value)


def upload(app: Flask, caller: Program, name: str, content: bytes) -> TestResponse:
    return app.test_client(use_cookies=False).post(
        "/api/v1/attachments",
        data={"file": (BytesIO(content), name)},
        headers={"Authorization": f"Bearer {caller.token}"},
    )


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script>",
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a/*<script>*/=1;",
        b"MZ" + bytes(200),
        b"PK\x03\x04" + bytes(100),
        b" %PDF-1.7 <script>",
        b"\xef\xbb\xbf<script>alert(1)</script>",
    ],
)
def test_what_is_no_document_is_refused_whatever_its_name(app: Flask, program: Make, content: bytes) -> None:
    answer = upload(app, program("c-001"), "证明.pdf", content)
    assert (answer.status_code, answer.json["code"]) == (422, "FILE_TYPE")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.pdf", "a.pdf.html", "x" * 5000 + ".pdf", 'a".pdf', "a\u202efdp.exe", "证明.svg", "con"]
)
def test_a_document_comes_back_as_a_download_only(app: Flask, program: Make, name: str) -> None:
    """Also one that is a page as well (a polyglot): its type is what was found, and the browser may not guess another."""
    caller = program("c-001")
    kept = upload(app, caller, name, b"%PDF-1.7\n<html><script>alert(1)</script></html>")
    assert kept.status_code == 201, kept.text
    assert kept.json["name"].endswith(".pdf")
    assert not set(kept.json["name"]) & set('/\\"<>\u202e')
    headers = {"Authorization": f"Bearer {caller.token}"}
    answer = app.test_client(use_cookies=False).get(f"/api/v1/attachments/{kept.json['id']}", headers=headers)
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_page_is_guarded_and_an_uploaded_diagram_is_inert(province: Province, app: Flask, program: Make) -> None:
    caller = program("process_owner")
    headers = {"Authorization": f"Bearer {caller.token}"}
    diagram = caller.get("process-definitions", key="P04_candidate_title_review")["items"][0]["id"]
    for path in ("/work", "/processes", f"/processes/{diagram}", "/deployments", "/operation", "/password", "/none"):
        answer = app.test_client(use_cookies=False).get(path, headers=headers)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    shown = app.test_client(use_cookies=False).get(f"/processes/{diagram}/xml", headers=headers)
    assert shown.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_file_name_brings_no_header_of_its_own(app: Flask, program: Make) -> None:
    """A name in RFC 5987's spelling can hold a line's end; what is stored and given back must not."""
    caller = program("process_owner")
    form = Path("forms/P06_publicity_window/recall_notice.form").read_bytes().replace(b"recall_notice", b"canary_form")
    client = app.test_client(use_cookies=False)

    def send(path: str, name: str) -> int:
        head = f"--x\r\nContent-Disposition: form-data; name=\"files\"; filename*=UTF-8''{name}\r\n\r\n".encode()
        headers = {"Authorization": f"Bearer {caller.token}", "Content-Type": "multipart/form-data; boundary=x"}
        return client.post(path, data=head + form + b"\r\n--x--\r\n", headers=headers).status_code

    for path in ("/deployments/new", "/api/v1/deployments"):
        assert send(path, "a%0d%0aSet-Cookie:%20b=1.form") == 422
    assert caller.get("process-definitions", key="canary_form")["total"] == 0
    assert send("/api/v1/deployments", "a.form") == 201


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example"])
def test_a_forged_host_leads_nowhere(app: Flask, host: str) -> None:
    answer = app.test_client().get("/work", headers={"Host": host})
    assert answer.status_code == 303
    assert answer.location.startswith("/login")
    assert "evil.example" not in answer.text
