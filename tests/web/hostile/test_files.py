"""Files that are hostile as files: entities, sizes, depths, encodings, names, markup."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import func, select

from engine.store.metadata import metadata
from tests.web.hostile.slots import HONEST, process, user
from tests.web.hostile.test_expressions import PATIENCE, works
from tests.web.office import Office
from tests.web.program import diagram, flows

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
OPEN = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="x">'
PLAIN = HONEST["honest.bpmn"].decode()
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def with_doctype(inside: str, use: str) -> bytes:
    return (
        PLAIN.replace("?>\n", f"?>\n<!DOCTYPE bpmn:definitions [{inside}]>\n", 1)
        .replace('name="honest"', f'name="{use}"')
        .encode()
    )


def form(**changes: object) -> bytes:
    component = {"type": "textfield", "id": "f", "key": "n", "label": "N"} | changes
    return json.dumps({"type": "default", "id": "page", "schemaVersion": 18, "components": [component]}).encode()


REFUSED: dict[str, Mapping[str, bytes]] = {
    "billion laughs": {"x.bpmn": with_doctype(f'<!ENTITY l0 "ha">{LAUGHS}', "&l9;")},
    "a file of the server": {"x.bpmn": with_doctype('<!ENTITY f SYSTEM "file:///etc/passwd">', "&f;")},
    "an address": {"x.bpmn": with_doctype('<!ENTITY f SYSTEM "http://127.0.0.1:1/">', "&f;")},
    "parameter entity": {"x.bpmn": with_doctype('<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;', "n")},
    "doctype alone": {"x.bpmn": PLAIN.replace("?>\n", "?>\n<!DOCTYPE x>\n", 1).encode()},
    "entities in a table": {
        "x.dmn": b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
        b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="&f;" namespace="x"/>'
    },
    "ten megabytes of label": {"x.bpmn": PLAIN.replace('name="honest"', f'name="{"x" * 10_000_000}"').encode()},
    "one megabyte of label": {"x.bpmn": PLAIN.replace('name="honest"', f'name="{"x" * 1_000_000}"').encode()},
    "documentation without end": process(user(f"<bpmn:documentation>{'x' * 4_000_000}</bpmn:documentation>"), "t"),
    "a hundred thousand levels": {
        "x.bpmn": (HEAD + OPEN + "<a>" * 100_000 + "</a>" * 100_000 + "</definitions>").encode()
    },
    "a hundred thousand elements": {"x.bpmn": (HEAD + OPEN + "<message/>" * 200_000 + "</definitions>").encode()},
    "ten thousand attributes": {
        "x.bpmn": (
            HEAD + OPEN + "<message " + " ".join(f"a{n}='x'" for n in range(10_000)) + "/></definitions>"
        ).encode()
    },
    "five thousand tasks": {
        "x.bpmn": diagram(
            "x", '<bpmn:startEvent id="s"/>' + "".join(f'<bpmn:userTask id="t{n}"/>' for n in range(5_000))
        )
    },
    "nul": {"x.bpmn": PLAIN.replace("honest", "hon\0est").encode()},
    "nul by reference": {"x.bpmn": PLAIN.replace('name="honest"', 'name="&#0;"').encode()},
    "surrogate by reference": {"x.bpmn": PLAIN.replace('name="honest"', 'name="&#xD800;"').encode()},
    "surrogate in bytes": {"x.bpmn": PLAIN.encode().replace(b'name="honest"', b'name="\xed\xa0\x80"')},
    "not utf-8": {"x.bpmn": PLAIN.encode().replace(b'name="honest"', b'name="\xff\xfe"')},
    "utf-7": {"x.bpmn": PLAIN.replace("UTF-8", "UTF-7").encode()},
    "an encoding of nobody": {"x.bpmn": PLAIN.replace("UTF-8", "x-\u00e9").encode()},
    "empty": {"x.bpmn": b""},
    "a picture": {"x.bpmn": b"\x89PNG\r\n\x1a\n" + bytes(range(256))},
    "json for xml": {"x.bpmn": b'{"a": 1}'},
    "html in a label": process(user().replace('id="t"', 'id="t" name="&lt;img src=x onerror=alert(1)&gt;"'), "t"),
    "html in documentation": process(
        user("<bpmn:documentation>&lt;script&gt;x&lt;/script&gt;</bpmn:documentation>"), "t"
    ),
    "a link that runs": process(user("<bpmn:documentation>javascript:alert(1)</bpmn:documentation>"), "t"),
    "the same id twice": process(user() + user(), "t"),
    "form of nothing": {"x.form": b""},
    "form without end": {"x.form": b'{"type": "default", "id": "page"'},
    "form of lists": {"x.form": b"[" * 100_000 + b"]" * 100_000},
    "form of ten megabytes": {"x.form": form(label="x" * 10_000_000)},
    "form with html": {"x.form": form(label="<img src=x onerror=alert(1)>")},
    "form with an html component": {"x.form": form(type="html", content="<script>alert(1)</script>")},
    "form with a frame": {"x.form": form(type="iframe", url="https://example.org")},
    "form with a link that runs": {"x.form": form(type="text", text="[x](javascript:alert(1))")},
    "form with a key of the language": {"x.form": form(key="__proto__")},
    "form with a pattern that backtracks": {"x.form": form(validate={"pattern": "(?=(a+)+)\\1$"})},
    "form with a pattern without end": {"x.form": form(validate={"pattern": "(" * 5_000})},
    "form with a pattern that counts": {"x.form": form(validate={"pattern": "(((a{999}){999}){999}){999}"})},
    "form with nan": {"x.form": form(validate={"min": 1}).replace(b"1}", b"NaN}")},
    "form with a lone surrogate": {"x.form": form(label="MARK").replace(b"MARK", b"\\ud800")},
    "form with nul": {"x.form": form(label="MARK").replace(b"MARK", b"\\u0000")},
    "form of numbers": {"x.form": b"1" * 100_000},
    "test that folds": {
        "x.test.yaml": ("a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(20))).encode()
    },
    "test that calls": {"x.test.yaml": b"!!python/object/apply:os.system ['touch zhiping-was-here']"},
    "test of lists": {"x.test.yaml": b"[" * 50_000},
    "test of ten megabytes": {"x.test.yaml": b"- x\n" * 2_500_000},
    "test of bytes": {"x.test.yaml": b"\xff\xfe\x00\x00"},
}


def test_hostile_files_are_refused_and_leave_nothing(office: Office) -> None:
    before, files_before = rows(office), sorted(office.engine.settings.data_dir.rglob("*"))
    for what, files in REFUSED.items():
        refused = office.owner.upload({**files, "good.bpmn": diagram("good", "<!-- -->")}, expect=422)
        assert {problem["file"] for problem in refused["problems"]} & set(files), what
        assert "root:" not in str(refused), what
        assert office.slowest < PATIENCE, what
    assert (rows(office), sorted(office.engine.settings.data_dir.rglob("*"))) == (before, files_before)
    works(office)


def rows(office: Office) -> dict[str, int]:
    """How many rows each table has, without the history: that says who was refused."""
    with office.engine.store.snapshot() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in metadata.tables.items()
            if name != "event"
        }


def test_more_than_the_server_takes_is_413(office: Office) -> None:
    office.owner.upload({"x.bpmn": b"x" * 30_000_000}, expect=413)
    office.ann.attach("x.png", b"\x89PNG\r\n\x1a\n" + b"x" * 30_000_000, expect=413)
    works(office)


def test_a_form_whose_pattern_backtracks_elsewhere_stays_quick(office: Office) -> None:
    files = {**process(user(attributes='camunda:formKey="page"'), "t"), "x.form": form(validate={"pattern": "^(a+)+$"})}
    office.activate(files)
    task = office.ann.task(office.owner.start("attacked"), "t")
    for text in ("a" * 50 + "!", "a" * 50_000 + "!"):
        office.ann.post(f"tasks/{task}/complete", {"variables": {"n": text}}, expect=422)
    assert office.slowest < PATIENCE
    office.ann.post(f"tasks/{task}/complete", {"variables": {"n": "aaaa"}})


NAMES = [
    "../../../../tmp/evil.bpmn",
    "..\\..\\evil.bpmn",
    "/etc/cron.d/evil.bpmn",
    "<img src=x onerror=alert(1)>.bpmn",
    "evil\x00.bpmn",
    "evil\r\nX-Injected: 1.bpmn",
    "x" * 5_000 + ".bpmn",
    "\u202enpb.bpmn",
    "%2e%2e%2fevil.bpmn",
    "CON.bpmn",
    ".bpmn",
    '"; filename="x.exe".bpmn',
]


def test_a_file_name_is_a_name(office: Office) -> None:
    """Refused, or kept as a plain name that comes back as a download and nothing else."""
    for number, name in enumerate(NAMES):
        good = diagram(f"named{number}", '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>' + flows("s", "e"))
        sent = office.owner.raw("POST", "deployments", **multipart(name, good))
        assert sent.status_code in (201, 422), name
        if sent.status_code == 201:
            (definition,) = sent.json["definitions"]
            kept = office.owner.get(f"process-definitions/{definition['id']}")
            assert "/" not in kept["fileName"]
            assert "\\" not in kept["fileName"]
            answer = office.owner.raw("GET", f"process-definitions/{definition['id']}/xml")
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert "X-Injected" not in answer.headers
    works(office)


def test_the_name_of_an_attachment_is_a_name(office: Office) -> None:
    pixel = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
        "0000000b4944415478da63fccf500f0003860180"
        "5a347d6b0000000049454e44ae426082"
    )
    for name in NAMES:
        sent = office.ann.raw("POST", "attachments", **multipart(name.replace("bpmn", "png"), pixel))
        assert sent.status_code in (201, 400, 422), name
        if sent.status_code == 201:
            answer = office.ann.raw("GET", f"attachments/{sent.json['id']}")
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert "X-Injected" not in answer.headers
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


def multipart(name: str, content: bytes) -> dict[str, object]:
    """A body with the file name exactly as it is, which no honest client would write."""
    edge = b"edge0123456789"
    head = b'Content-Disposition: form-data; name="f"; filename="%s"\r\n' % name.encode("utf-8")
    body = b"--" + edge + b"\r\n" + head + b"Content-Type: application/octet-stream\r\n\r\n" + content
    return {
        "data": body + b"\r\n--" + edge + b"--\r\n",
        "content_type": f"multipart/form-data; boundary={edge.decode()}",
    }
