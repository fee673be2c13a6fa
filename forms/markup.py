"""Building HTML safely: every text and attribute is escaped, and nothing here can write a script or a style."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup, escape

_VOID = frozenset({"input", "img", "hr", "br"})
_LINK = re.compile(r"\[([^\[\]]{1,200})\]\(([^()\s]{1,500})\)|\*\*([^*]{1,500})\*\*")
_SAFE_LINK = re.compile(r"(?:https?://|mailto:|/(?!/)|#)[^\s\\]*", re.IGNORECASE)


def el(name: str, attributes: dict[str, Any] | None = None, *children: Any) -> Markup:
    """`<name …>children</name>`. An attribute that is None or False is left out, True stands bare; lists join by spaces.
    Children that are None or empty are left out, all that is not `Markup` is escaped."""
    written = []
    for key, value in (attributes or {}).items():
        if isinstance(value, list | tuple):
            value = " ".join(str(part) for part in value if part) or None
        if value is None or value is False:
            continue
        written.append(Markup(" {}").format(key) if value is True else Markup(' {}="{}"').format(key, str(value)))
    opening = Markup("<{}{}>").format(Markup(name), Markup("").join(written))
    return opening if name in _VOID else opening + join(*children) + Markup("</{}>").format(Markup(name))


def join(*children: Any) -> Markup:
    return Markup("").join(
        child if isinstance(child, Markup) else escape(str(child)) for child in children if child is not None
    )


def lines(text: str) -> Markup:
    """Text with its line breaks."""
    return Markup("<br>").join(text.split("\n"))


def safe_link(address: str) -> bool:
    """http(s), mail, and addresses on this site; never `javascript:` and the like."""
    return _SAFE_LINK.fullmatch(address) is not None


def prose(text: str) -> Markup:
    """The little Markdown that owners write in text components: headings, paragraphs, lists, **bold**, [links](…)."""
    blocks = []
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        rows = block.split("\n")
        if all(re.match(r"\s*[-*] ", row) for row in rows):
            items = [el("li", None, _inline(re.sub(r"^\s*[-*] ", "", row))) for row in rows]
            blocks.append(el("ul", None, *items))
        elif heading := re.match(r"(#{1,6}) +(.*)", block):
            # The page has its own h1 and h2.
            blocks.append(el(f"h{min(6, len(heading[1]) + 2)}", None, _inline(heading[2])))
        elif block:
            blocks.append(el("p", None, Markup("<br>").join(_inline(row) for row in rows)))
    return join(*blocks)


def _inline(text: str) -> Markup:
    out, at = [], 0
    for found in _LINK.finditer(text):
        out.append(escape(text[at : found.start()]))
        if found[3] is not None:
            out.append(el("strong", None, found[3]))
        elif safe_link(found[2]):
            out.append(el("a", {"href": found[2], "rel": "noopener noreferrer"}, found[1]))
        else:
            out.append(escape(found[0]))
        at = found.end()
    out.append(escape(text[at:]))
    return join(*out)
