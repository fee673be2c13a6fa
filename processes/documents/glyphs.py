"""Which characters a font can draw. A name with a box in place of a character must not be printed: it would be another name."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterable
from pathlib import Path


def ranges(font: Path) -> list[tuple[int, int]]:
    """(first, last) code points that a TrueType font maps to glyphs, in order: its `cmap` of format 12 (all of Unicode)."""
    with font.open("rb") as file:
        file.seek(4)
        tables = struct.unpack(">H", file.read(2))[0]
        file.seek(12)
        directory = file.read(16 * tables)
        at = next(
            struct.unpack(">I", directory[n + 8 : n + 12])[0]
            for n in range(0, len(directory), 16)
            if directory[n : n + 4] == b"cmap"
        )
        file.seek(at + 2)
        count = struct.unpack(">H", file.read(2))[0]
        records = [struct.unpack(">HHI", file.read(8)) for _ in range(count)]
        for _, _, offset in records:
            file.seek(at + offset)
            if struct.unpack(">H", file.read(2))[0] == 12:
                file.seek(at + offset + 12)
                groups = struct.unpack(">I", file.read(4))[0]
                return sorted(struct.unpack(">III", file.read(12))[:2] for _ in range(groups))
    raise ValueError(f"{font.name} has no table for all of Unicode")


def missing(text: Iterable[str], drawn: list[tuple[int, int]]) -> list[str]:
    """The characters of a text that no range holds, each once, in order; line ends aside."""
    found: dict[str, None] = {}
    for sign in text:
        n = bisect_right(drawn, (ord(sign), 0x110000)) - 1
        if sign not in "\n\r\t" and not (n >= 0 and drawn[n][0] <= ord(sign) <= drawn[n][1]):
            found[sign] = None
    return list(found)
