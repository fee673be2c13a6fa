"""`python -m tests.frozen.make NAME`: this release's database with everything on its way, kept for all releases to come.

Makes `tests/frozen/NAME/office.json.xz`: the demo with its staged cases and its rollout, and one instance at every kind of wait
(`waits.py`). How this very release ends those instances is found out on a copy and kept beside them.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from engine.commands.deploy import Deploy
from engine.config import Settings
from engine.engine import Engine
from engine.store import prepare
from engine.store import tables as t
from processes import demo, office
from processes.register.application_tables import application
from processes.register.people import person
from tests.frozen import box
from tests.frozen.finish import finish
from tests.frozen.waits import DIAGRAMS, bring_all
from web.cli.common import MIGRATIONS

HERE = Path(__file__).resolve().parent
FILE = "office.json.xz"
BEGIN = datetime.fromisoformat("2026-06-01T09:00:00+08:00")
SECRET = "frozen-" * 8


def opened(url: str, folder: Path, secret: str = SECRET) -> Engine:
    """An engine on a thawed database; its clock stands where it stood."""
    settings = Settings(database_url=url, data_dir=folder, secret_key=secret, clock="manual")
    return Engine(settings, office.registry())


def make(name: str, log: Any = print) -> Path:
    """Freeze this release under `name`; answers the file. Raises FileExistsError where it is there: a release is frozen once."""
    target = HERE / name / FILE
    if target.exists():
        raise FileExistsError(f"{target} is there: a frozen release is never made anew")
    with tempfile.TemporaryDirectory(prefix="frozen-") as made, tempfile.TemporaryDirectory(prefix="thawed-") as tried:
        log("playing the demo …")
        about = _fill(Path(made))
        log("finishing a copy …")
        box.freeze(Path(made, "copy.db"), Path(made, "attachments"), about, Path(tried, FILE))
        about["outcomes"] = _outcomes(box.read(Path(tried, FILE)), Path(tried))
        box.freeze(Path(made, "copy.db"), Path(made, "attachments"), about, target)
    log(f"{target}: {target.stat().st_size:,} bytes")
    return target


def _fill(folder: Path) -> dict[str, Any]:
    url = f"sqlite:///{folder / 'office.db'}"
    prepare.upgrade(url, MIGRATIONS, SECRET)
    engine = opened(url, folder)
    try:
        list(demo.load(engine, at=BEGIN, staged=True))
        files = {f"frozen_{kind}.bpmn": raw for kind, raw in DIAGRAMS.items()}
        engine.run(Deploy(files=files, actor=None, play=False))
        instances = bring_all(engine)
        join = select(person.c.account, application.c.instance_id).join(person, person.c.id == application.c.person_id)
        with engine.store.snapshot() as connection:
            cases = connection.execute(join).all()
            running = connection.scalars(select(t.instance.c.id).where(t.instance.c.ended_at.is_(None))).all()
    finally:
        engine.stop()
    box.copy(folder / "office.db", folder / "copy.db")
    return {
        "secret": SECRET,
        "instances": instances,
        "cases": {row.account: row.instance_id for row in cases},
        "running": list(running),
    }


def _outcomes(whole: dict[str, Any], folder: Path) -> dict[str, Any]:
    url = f"sqlite:///{folder / 'office.db'}"
    box.thaw(whole, url, folder / "attachments")
    engine = opened(url, folder)
    try:
        return {kind: finish(engine, one, kind) for kind, one in whole["about"]["instances"].items()}
    finally:
        engine.stop()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.frozen.make NAME")
    make(sys.argv[1])
