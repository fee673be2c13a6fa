"""The reader of foreign XML refuses what could hurt, and says where."""

from __future__ import annotations

import time

import pytest

from engine.bpmn.xmlsafe import MAX_DEPTH, MAX_ELEMENTS, MAX_TEXT, read_xml

GOOD = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- c -->\n<a xmlns="urn:x">\n  <b id="one" name="职称">文</b>\n</a>\n'


def refused(raw: bytes) -> tuple[str, int | None]:
    began = time.process_time()
    root, problems = read_xml("x.bpmn", raw)
    assert time.process_time() - began < 1
    assert root is None
    assert len(problems) == 1
    assert problems[0].file == "x.bpmn"
    assert str(problems[0].text)
    return problems[0].code, problems[0].line


def test_a_good_file_keeps_lines_and_text() -> None:
    root, problems = read_xml("x.bpmn", GOOD.encode())
    assert problems == []
    assert root is not None
    assert [(child.tag, child.sourceline, child.get("name")) for child in root] == [("{urn:x}b", 4, "职称")]


def test_a_byte_order_mark_is_taken() -> None:
    root, problems = read_xml("x.bpmn", b"\xef\xbb\xbf" + GOOD.encode())
    assert root is not None, problems


BOMB = b'<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]>\n<a>&y;</a>'


@pytest.mark.parametrize(
    ("raw", "code", "line"),
    [
        (BOMB, "XML_DOCTYPE", 2),
        (b'<!doctype a SYSTEM "file:///etc/passwd"><a/>', "XML_DOCTYPE", 1),
        (b"<a>\n&undeclared;</a>", "XML_MALFORMED", 2),
        (b"<a>\n<b></a>", "XML_MALFORMED", 2),
        (b"", "XML_MALFORMED", 1),
        (b"not xml", "XML_MALFORMED", 1),
        (b"<a>\n\x00</a>", "XML_CHARACTER", 2),
        (b"<a>\n&#0;</a>", "XML_CHARACTER", 2),
        (b'<a>\n<b name="&#xD800;"/></a>', "XML_CHARACTER", 2),
        (b'<a>\n<b name="&#55296;"/></a>', "XML_CHARACTER", 2),
        (b"<a>\n\xed\xa0\x80</a>", "XML_ENCODING", 2),
        ('<?xml version="1.0" encoding="GBK"?><a>文</a>'.encode("gbk"), "XML_ENCODING", 1),
        ("<a>文</a>".encode("utf-16"), "XML_ENCODING", 1),
        (b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1), "XML_TOO_DEEP", 1),
        (b"<a>" * 1_000_000, "XML_TOO_DEEP", 1),
        (b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>", "XML_TOO_MANY", 1),
        (b"<a " + b" ".join(b'a%d="1"' % n for n in range(300)) + b"/>", "XML_TOO_MANY", 1),
        (b'<a>\n<b id="q" name="' + b"x" * (MAX_TEXT + 1) + b'"/></a>', "XML_TEXT_TOO_LONG", 2),
        (b'<a>\n<b id="q">' + b"x" * (MAX_TEXT + 1) + b"</b></a>", "XML_TEXT_TOO_LONG", 2),
        (b"<a>" + b"x" * 6_000_000 + b"</a>", "XML_TOO_BIG", None),
    ],
)
def test_what_could_hurt_is_refused(raw: bytes, code: str, line: int | None) -> None:
    assert refused(raw) == (code, line)
