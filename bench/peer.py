"""The peer: `bpmn-engine` of npm on the same diagrams, saved to disk after each completion and recovered before it.

It runs in a Node process of its own without HTTP, login, history or database: each figure is what is left of ours without them.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from functools import cache
from typing import Any

from bench.site import HERE
from tests.live import ROOT

FOLDER = HERE / "peer"


@cache
def figures(rounds: int) -> dict[str, Any]:
    """Milliseconds (p50) by kind of work and bytes of a saved state. Installs it where it is not there yet."""
    node = str(ROOT / ".ci" / "node")
    if not (FOLDER / "node_modules" / "bpmn-engine").is_dir():
        subprocess.run(
            [node, "npm", "--prefix", str(FOLDER), "ci", "--no-audit", "--no-fund"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    with tempfile.TemporaryDirectory(prefix="zhiping-bench-peer-") as folder:
        done = subprocess.run(
            [node, "node", str(FOLDER / "peer.mjs"), str(HERE), folder, str(rounds)],
            check=True,
            capture_output=True,
            text=True,
            timeout=600,
        )
    return dict(json.loads(done.stdout))


def words(rounds: int, kind: str) -> str:
    found = figures(rounds)
    if kind == "loop":
        return f"{found['loop_last'] / found['loop_first']:.2f} ({found['loop_rounds']} rounds)"
    if kind == "bytes":
        return f"{found['bytes']} B of state alone"
    return f"{found[kind]:.1f} ms"
