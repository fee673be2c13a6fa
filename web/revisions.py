"""Where the office keeps its revisions of the tables, for whoever makes, upgrades or looks at a database."""

from __future__ import annotations

from pathlib import Path

import processes.register

MIGRATIONS = (Path(processes.register.__file__).resolve().parent / "migrations",)
