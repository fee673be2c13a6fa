"""Render BPMN files to PNG with bpmn-js in a headless Chromium, as readers will see them.

    python -m processes.tools.picture [--into DIR] [--scale 1.0] FILE…

Development only: needs Playwright, a Chromium (`CHROMIUM`, default /usr/bin/chromium) and bpmn-js in
`node_modules` (or wherever `BPMN_JS` points: the folder of the package).
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
DRAW = """async ([xml, scale]) => {
  document.querySelector('#canvas').innerHTML = '';
  const viewer = new BpmnJS({container: '#canvas'});
  const {warnings} = await viewer.importXML(xml);
  const {svg} = await viewer.saveSVG();
  viewer.destroy();
  const page = document.querySelector('#canvas');
  page.innerHTML = svg;
  const drawn = page.querySelector('svg');
  const [, , width, height] = drawn.getAttribute('viewBox').split(' ').map(Number);
  drawn.setAttribute('width', width * scale);
  drawn.setAttribute('height', height * scale);
  return {warnings: warnings.map(w => w.message), width: width * scale, height: height * scale};
}"""


def pictures(files: list[Path], into: Path | None = None, scale: float = 1.0) -> dict[Path, list[str]]:
    """Write one PNG per file; returns each picture's path with what bpmn-js found wrong in the file."""
    library = Path(os.environ.get("BPMN_JS", ROOT / "node_modules/bpmn-js")) / "dist"
    found: dict[Path, list[str]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"))
        page = browser.new_page(viewport={"width": 1200, "height": 800})
        page.set_content("<style>body{margin:10px;background:white}#canvas{height:600px}</style><div id=canvas></div>")
        page.add_script_tag(path=str(library / "bpmn-viewer.production.min.js"))
        for file in files:
            target = (into or file.parent) / f"{file.stem}.png"
            found[target] = _picture(page, file, target, scale)
        browser.close()
    return found


def _picture(page: Page, file: Path, target: Path, scale: float) -> list[str]:
    result = page.evaluate(DRAW, [file.read_text(encoding="utf-8"), scale])
    page.set_viewport_size({"width": int(result["width"]) + 20, "height": int(result["height"]) + 20})
    page.locator("#canvas svg").screenshot(path=str(target))
    return [str(each) for each in result["warnings"]]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="processes.tools.picture")
    parser.add_argument("--into", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("files", nargs="+", type=Path)
    chosen = parser.parse_args(arguments)
    for target, warnings in pictures(chosen.files, chosen.into, chosen.scale).items():
        sys.stdout.write("\n  ".join([str(target), *warnings]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
