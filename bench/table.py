"""A row of the bench and the table it stands in."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

HEAD = ("work", "ours", "floor", "ratio", "target", "met", "peer")
BEGIN, END = "<!-- bench: begin, written by `python -m bench --write` -->", "<!-- bench: end -->"


@dataclass(frozen=True)
class Row:
    """Words and figures as they are printed; `met` None where there is no target."""

    name: str
    ours: str
    floor: str = "–"
    ratio: str = "–"
    target: str = "–"
    met: bool | None = None
    peer: str = "–"

    def cells(self) -> tuple[str, ...]:
        met = "–" if self.met is None else "yes" if self.met else "**no**"
        return (self.name, self.ours, self.floor, self.ratio, self.target, met, self.peer)


def ratio_row(name: str, ours: float, floor: float, most: float, *, unit: str = "ms", peer: str = "–") -> Row:
    """Ours as a multiple of the floor, at most `most`."""
    ratio = ours / floor
    return Row(name, f"{ours:.1f} {unit}", f"{floor:.1f} {unit}", f"{ratio:.2f}", f"≤ {most:g} ×", ratio <= most, peer)


def markdown(rows: Iterable[Row], head: Sequence[str] = HEAD) -> str:
    return table(head, [row.cells() for row in rows])


def table(head: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """A table of Markdown whose columns also line up in a terminal."""
    widths = [max(len(line[number]) for line in (head, *cells)) for number in range(len(head))]

    def line(values: Sequence[str]) -> str:
        return "| " + " | ".join(value.ljust(width) for value, width in zip(values, widths, strict=True)) + " |"

    return "\n".join([line(head), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *map(line, cells)])


def machine() -> str:
    """One line on where and when."""
    model = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    load = os.getloadavg()[0]
    at = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return f"{at}, {os.cpu_count()} × {model}, Python {platform.python_version()}, load before it began {load:.1f}"


def write_between(path: Path, begin: str, end: str, text: str) -> None:
    """Put `text` in the place of what stands between two marks of a file. Raises ValueError where they are missing."""
    whole = path.read_text("utf-8")
    before, found, rest = whole.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found and found_end):
        raise ValueError(f"{path} does not hold {begin} and {end}")
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", "utf-8")


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
