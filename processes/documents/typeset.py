"""From a template and data to a PDF, with typst. The same pages on every machine: only the fonts that the build brings are used.

What people wrote travels as data (JSON) and is set as text; it never becomes markup, whatever signs it holds.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import Refused
from forms.i18n import T
from processes.documents.glyphs import missing, ranges

if TYPE_CHECKING:
    import typst

TEMPLATES = Path(__file__).resolve().parent / "templates"
FONTS = Path(__file__).resolve().parents[2] / "web" / "static" / "dist" / "fonts"
SUBSTITUTE = "〓"  # what printers set for a character they have not got
FACES = ("NotoSerifSC_400Regular.ttf", "NotoSerifSC_700Bold.ttf")


def pdf(template: str, data: Mapping[str, Any], *, exact: bool = False) -> bytes:
    """One document: `templates/<template>.typ` over `data` (values of JSON), as `sys.inputs.data`.

    A character that the font lacks is set as 〓, with a line that says so; with `exact` the document is refused, because a
    name with another sign is another name. Takes tens of milliseconds and needs no database: call it outside a transaction.
    Raises `Refused` (`FONTS_MISSING`, `GLYPH_MISSING`).
    """
    made = _compile(template, data, "pdf", None, exact)
    assert isinstance(made, bytes)
    return made


def pictures(template: str, data: Mapping[str, Any], *, ppi: float = 96) -> list[bytes]:
    """The pages of the same document as PNG, to be looked at."""
    made = _compile(template, data, "png", ppi, False)
    return [made] if isinstance(made, bytes) else list(made)


def _compile(template: str, data: Mapping[str, Any], kind: Any, ppi: float | None, exact: bool) -> bytes | list[bytes]:
    fonts, drawn = _fonts(FONTS)
    lacking: set[str] = set()
    settable = _settable(data, drawn, lacking)
    if lacking and exact:
        raise Refused(
            T(
                "这份文件里有字体没有的字：{signs}。请联系系统管理员，在补充字体之前不能打印。",
                signs="、".join(sorted(lacking)),
            ),
            code="GLYPH_MISSING",
        )
    import typst  # with the first document: most processes never set one

    compiler = typst.Compiler(
        (TEMPLATES / f"{template}.typ").read_bytes(),
        font_paths=fonts,
        sys_inputs={"data": json.dumps({**settable, "lacking": bool(lacking)}, ensure_ascii=False)},
    )
    # A fixed day: the same record gives the same bytes, whenever it is printed.
    made = compiler.compile(format=kind, ppi=ppi, timestamp=0)
    assert made is not None
    return made


def _settable(value: Any, drawn: list[tuple[int, int]], lacking: set[str]) -> Any:
    """The same data without signs that nobody sees (control and format characters) and with 〓 for what cannot be drawn."""
    if isinstance(value, Mapping):
        return {key: _settable(each, drawn, lacking) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_settable(each, drawn, lacking) for each in value]
    if not isinstance(value, str):
        return value
    seen = "".join(sign for sign in value if sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cf"))
    gone = missing(seen, drawn)
    lacking.update(gone)
    return seen.translate({ord(sign): SUBSTITUTE for sign in gone})


@lru_cache(maxsize=1)
def _fonts(folder: Path) -> tuple[typst.Fonts, list[tuple[int, int]]]:
    absent = [face for face in FACES if not (folder / face).is_file()]
    if absent:
        raise Refused(
            T(
                "还不能生成文档：缺少中文字体 {fonts}。请在程序目录运行 make setup（或 npm ci 后 npm run build）后再试。",
                fonts="、".join(absent),
            ),
            code="FONTS_MISSING",
        )
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])
    return fonts, ranges(folder / FACES[0])
