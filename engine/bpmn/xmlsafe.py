"""The only reader of foreign XML: diagrams and decision tables come from people who may be careless or hostile.

A file is looked at as bytes first (size, encoding, NUL, lone surrogates, DOCTYPE), then walked by a parser that resolves nothing,
which stops at the depth and the number of elements allowed before any tree is built, and only then read into a tree.
"""

from __future__ import annotations

import re
from typing import Any, Final

from lxml import etree

from engine.errors import Problem
from forms.i18n import T, Text

MAX_BYTES: Final = 5_000_000
MAX_DEPTH: Final = 200
MAX_ELEMENTS: Final = 50_000
MAX_ATTRIBUTES: Final = 200  # of one element
MAX_TEXT: Final = 20_000  # characters of one text or attribute value
_CHUNK: Final = 4_096  # bytes

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_SURROGATE = re.compile(r"&#(?:x0*[dD][89a-fA-F][0-9a-fA-F]{2}|0*5(?:529[6-9]|5[3-9]\d\d|[67]\d{3}));")
_NULL = re.compile(r"&#(?:x0+|0+);")


def read_xml(file: str, raw: bytes) -> tuple[Any | None, list[Problem]]:
    """The root element (lxml, `sourceline` is the 1-based line) or None with what stands against the file.

    Never raises for what the file holds. Comments and processing instructions are dropped. Codes: XML_TOO_BIG, XML_ENCODING,
    XML_CHARACTER, XML_DOCTYPE, XML_MALFORMED, XML_TOO_DEEP, XML_TOO_MANY, XML_TEXT_TOO_LONG.
    """
    if len(raw) > MAX_BYTES:
        return None, [
            _problem(file, None, "XML_TOO_BIG", T("文件超过 {mb} MB，请拆分后再上传。", mb=MAX_BYTES // 1_000_000))
        ]
    text, problem = _decode(file, raw)
    if text is None:
        return None, [problem] if problem else []
    clean = text.encode("utf-8")
    broken: etree.XMLSyntaxError | None = None
    try:
        problem = _walk(file, clean)
    except etree.XMLSyntaxError as error:
        problem, broken = None, error
    if problem is not None:
        return None, [problem]
    try:
        root = etree.fromstring(clean, parser=etree.XMLParser(**_CLOSED))
    except etree.XMLSyntaxError as error:
        broken = error  # the second reading knows the line
    if broken is not None:
        line = broken.lineno if isinstance(broken.lineno, int) and broken.lineno > 0 else None
        text_of = T("不是完整的 XML：{reason}。请用建模工具重新导出。", reason=str(broken.msg))
        return None, [_problem(file, line, "XML_MALFORMED", text_of)]
    return root, []


_CLOSED: Final[dict[str, Any]] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "attribute_defaults": False,
    "huge_tree": False,
    "recover": False,
    "remove_comments": True,
    "remove_pis": True,
}


def _problem(file: str, line: int | None, code: str, text: Text) -> Problem:
    return Problem(file=file, line=line, element=None, code=code, text=text)


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _decode(file: str, raw: bytes) -> tuple[str | None, Problem | None]:
    """The file's text without its XML declaration's encoding; only UTF-8 is taken, so that no second reading is possible."""
    declared = _DECLARED.match(raw.removeprefix(b"\xef\xbb\xbf"))
    if declared and declared.group(1).upper() not in (b"UTF-8", b"UTF8", b"US-ASCII", b"ASCII"):
        name = declared.group(1).decode("ascii")
        return None, _problem(file, 1, "XML_ENCODING", T("文件编码为 {name}，请另存为 UTF-8。", name=name))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return None, _problem(file, line, "XML_ENCODING", T("第 {line} 行不是 UTF-8 文字，请另存为 UTF-8。", line=line))
    for sign in ("\x00", "\ufffe", "\uffff"):
        if sign in text:
            line = _line(text, text.index(sign))
            return None, _problem(file, line, "XML_CHARACTER", T("第 {line} 行含有不允许的控制字符。", line=line))
    for pattern in (_SURROGATE, _NULL):
        if found := pattern.search(text):
            line = _line(text, found.start())
            return None, _problem(file, line, "XML_CHARACTER", T("第 {line} 行含有不允许的控制字符。", line=line))
    for mark in ("<!DOCTYPE", "<!ENTITY"):
        position = text.upper().find(mark)
        if position >= 0:
            line = _line(text, position)
            return None, _problem(
                file, line, "XML_DOCTYPE", T("文件含有 DOCTYPE 或实体声明，出于安全不予接收，请删去。")
            )
    return text, None


def _walk(file: str, clean: bytes) -> Problem | None:
    """One pass over the events: depth, count and length, clearing what was seen so that a bomb never becomes a tree."""
    # libxml2 itself stops at 256 levels (2,048 with huge_tree), but calls it bad syntax: we want to say what is wrong, so
    # the limit is raised here and a chunk is too small to reach it before its events are looked at.
    parser = etree.XMLPullParser(events=("start", "end"), **{**_CLOSED, "huge_tree": True})
    depth = count = 0
    for start in range(0, len(clean), _CHUNK):
        parser.feed(clean[start : start + _CHUNK])
        for event, element in parser.read_events():
            if event == "start":
                depth += 1
                count += 1
                line = element.sourceline
                if depth > MAX_DEPTH:
                    return _problem(file, line, "XML_TOO_DEEP", T("元素嵌套超过 {n} 层。", n=MAX_DEPTH))
                if count > MAX_ELEMENTS:
                    return _problem(file, line, "XML_TOO_MANY", T("元素超过 {n} 个，请拆分流程。", n=MAX_ELEMENTS))
                if len(element.attrib) > MAX_ATTRIBUTES:
                    return _problem(file, line, "XML_TOO_MANY", T("一个元素的属性超过 {n} 个。", n=MAX_ATTRIBUTES))
                long = any(len(value) > MAX_TEXT for value in element.attrib.values())
            else:
                depth -= 1
                long = len(element.text or "") > MAX_TEXT
            if long:
                name, line = etree.QName(element).localname, element.sourceline
                return Problem(
                    file=file,
                    line=line,
                    element=element.get("id"),
                    code="XML_TEXT_TOO_LONG",
                    text=T("“{name}”的文字超过 {n} 字，请缩短。", name=name, n=MAX_TEXT),
                )
    parser.close()
    return None
