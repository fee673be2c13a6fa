"""`make interchange FOLDER=…`: does the diagram editor keep what other programs drew? Opens every .bpmn of a folder and prints a table."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.interchange.checking import Found, page_with_editor, tried

COLUMNS = ("file", "opens", "same bytes", "drawn", "shapes", "differences", "lost", "added", "foreign", "warnings")


def main(folder: Path) -> int:
    """0 where every file opens, is given back unchanged, and loses nothing when it is written anew."""
    files = sorted(folder.rglob("*.bpmn"))
    if not files:
        tell(f"no .bpmn file in {folder}")
        return 2
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = page_with_editor(browser)
        found = [tried(page, file) for file in files]
        browser.close()
    tell(" | ".join(COLUMNS))
    for one in found:
        tell(" | ".join(row(one)))
        for line in [one.why or "", *one.differences, *one.lost, *one.added, *one.warnings]:
            if line:
                tell(f"    {line}")
    good = sum(one.kept for one in found)
    tell(f"{good} of {len(found)} are kept")
    return 0 if good == len(found) else 1


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def row(one: Found) -> tuple[str, ...]:
    yes = {True: "yes", False: "NO"}
    counts = (one.shapes, len(one.differences), len(one.lost), len(one.added))
    return (
        one.file.name,
        yes[one.opened],
        yes[one.same],
        "arranged" if one.arranged else yes[one.drawn],
        *(str(count) for count in counts),
        ", ".join(one.foreign) or "-",
        str(len(one.warnings)),
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
