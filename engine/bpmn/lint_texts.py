"""Lint of the texts in a diagram or a decision table: lengths, control characters, links that run code, markup where people read.

What is found here is never unfinished work: such a file is not even kept as a version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

from engine.bpmn.elements import is_bpmn, local
from engine.bpmn.findings import Findings
from forms.i18n import T

MAX_LABEL: Final = 2_000  # characters of a name or any other attribute
MAX_SLOT: Final = 10_000  # characters of a property's value

_MARKUP: Final = re.compile(r"<\s*[/!?]?\s*[a-zA-Z]|&lt;\s*[a-zA-Z/!]|&#\w+;")
_LINK: Final = re.compile(
    r"(?:java|vb|live)script:|data:(?:text|image|application|audio|video|font|model)/", re.IGNORECASE
)
_BLANK: Final = re.compile(r"[\s\x00-\x20\u00ad\u200b-\u200f\u2060-\u2064\ufeff]+")
_CONTROL: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ufffe\uffff]"
)
_DMN: Final = "/DMN/"  # in every namespace of a decision table
_DMN_PROSE: Final = frozenset({"description", "question", "allowedAnswers"})


def check_texts(root: Any, findings: Findings) -> None:
    """`root` comes from `xmlsafe.read_xml`."""
    for node in root.iter(etree.Element):
        where = _owner(node)
        for key, value in node.attrib.items():
            limit = MAX_SLOT if local(node) == "property" and key == "value" else MAX_LABEL
            if len(value) > limit:
                text = T(
                    "“{key}”的文字有 {length} 字，超过 {limit} 字，请缩短。", key=key, length=len(value), limit=limit
                )
                findings.error(node.sourceline, where, "TEXT_TOO_LONG", text)
        if is_bpmn(node, "documentation", "text") and len(node):
            text = T("说明文字中含有标记，请改为纯文字。")
            findings.error(node.sourceline, where, "MARKUP", text)
        if any(_MARKUP.search(text) for text in _spoken(node)):
            text = T("名称或说明中含有 HTML 标记，请改为纯文字。")
            findings.error(node.sourceline, where, "MARKUP", text)
        everything = [*node.attrib.values(), node.text or "", node.tail or ""]
        if any(_LINK.search(_BLANK.sub("", text)) for text in everything if ":" in text):
            text = T("含有会执行代码的链接（javascript:、data: 之类），请删去。")
            findings.error(node.sourceline, where, "SCRIPT_LINK", text)
        if any(_CONTROL.search(text) for text in everything):
            text = T("文字中含有看不见的控制字符，请重新输入。")
            findings.error(node.sourceline, where, "CONTROL_CHARACTER", text)


def _spoken(node: Any) -> Iterator[str]:
    """What of a node people read. A cell of a table is FEEL, where `<` is a comparison."""
    if is_bpmn(node):
        yield node.get("name") or ""
        if local(node) in ("documentation", "text"):
            yield "".join(node.itertext())
    elif local(node) == "property" and node.get("name") == "hint":
        yield node.get("value") or ""
    elif isinstance(node.tag, str) and _DMN in node.tag:
        yield node.get("name") or ""
        yield node.get("label") or ""
        around = node.getparent()
        if local(node) in _DMN_PROSE or (local(node) == "text" and local(around) == "textAnnotation"):
            yield "".join(node.itertext())


def _owner(node: Any) -> str | None:
    """Id of the nearest element of the diagram or the table around a node."""
    while node is not None:
        if node.get("id"):
            return str(node.get("id"))
        node = node.getparent()
    return None
