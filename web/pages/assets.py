"""Where the built scripts and styles are: hashed names from the build's manifest."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from flask import current_app, url_for


def asset(name: str) -> str:
    """The address of `app.css` or `viewer.js`: entry and kind as the build's manifest knows them. The plain name where
    nothing has been built: pages work without scripts and styles."""
    folder = Path(current_app.static_folder or "") / "dist"
    manifest = folder / "manifest.json"
    stamp = manifest.stat().st_mtime_ns if manifest.is_file() else 0
    entry, _, kind = name.rpartition(".")
    file = _read(manifest, stamp).get(entry, {}).get(kind, name)
    return url_for("static", filename=f"dist/{file}")


@lru_cache(maxsize=4)
def _read(manifest: Path, stamp: int) -> dict[str, dict[str, str]]:
    """The manifest as of its last change."""
    return dict(json.loads(manifest.read_text("utf-8"))) if stamp else {}
