"""The diagram editor without a server: its drawing and reading, built by esbuild into one script, on an empty page."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


@dataclass(frozen=True)
class Found:
    """`same`: given back to the byte while nothing was changed. The rest is about the file written anew: `drawn` as many shapes and lines,
    `differences` what bpmn-js-differ sees, `lost` and `added` elements with their attributes and texts."""

    file: Path
    opened: bool
    same: bool = False
    drawn: bool = False
    arranged: bool = False
    shapes: int = 0
    foreign: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    why: str | None = None

    @property
    def kept(self) -> bool:
        return self.opened and self.same and self.drawn and not self.differences and not self.lost


def page_with_editor(browser: Browser) -> Page:
    """A page in which `check(text)` is known (page.js)."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "page.js"
        built = [
            ROOT / "node_modules" / ".bin" / "esbuild",
            HERE / "page.js",
            "--bundle",
            "--format=iife",
            "--loader:.svg=empty",
        ]
        command = [ROOT / ".ci" / "node", *built, f"--outfile={script}", "--log-level=warning"]
        subprocess.run(command, cwd=ROOT, check=True)
        page = browser.new_page()
        page.set_content('<!doctype html><html lang="zh-CN"><div id="canvas"></div></html>')
        page.add_style_tag(content="#canvas { width: 1200px; height: 800px }")
        page.add_script_tag(content=script.read_text("utf-8"))
    return page


def tried(page: Page, file: Path) -> Found:
    answer = page.evaluate("text => check(text)", file.read_text("utf-8"))
    answer.pop("again", None)
    return Found(file, **{key: tuple(value) if isinstance(value, list) else value for key, value in answer.items()})
