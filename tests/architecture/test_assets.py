"""The front end's dependencies are pinned, verifiable and name no host."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_lock_names_no_address_and_every_package_has_its_hash() -> None:
    text = (ROOT / "package-lock.json").read_text("utf-8")
    assert not re.search(r"https?://|\"resolved\"|\"funding\"", text)
    packages = json.loads(text)["packages"]
    assert len(packages) > 20
    assert [name for name, entry in packages.items() if name and "integrity" not in entry] == []


def test_wanted_versions_are_exact_and_those_of_the_lock() -> None:
    wanted = json.loads((ROOT / "package.json").read_text("utf-8"))
    packages = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    for name, version in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        assert packages[f"node_modules/{name}"]["version"] == version
