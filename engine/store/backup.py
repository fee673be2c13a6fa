"""A copy of the whole database while it is in use, and the way back into an empty one."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, make_url

from engine.errors import Refused
from engine.store import revisions
from engine.store.unit_of_work import Store
from forms.i18n import T

SQLITE, POSTGRES = "database.sqlite", "database.dump"  # the name of the copy says what it is


def copy_name(url: str) -> str:
    return SQLITE if make_url(url).get_backend_name() == "sqlite" else POSTGRES


def copy(url: str, target: Path) -> None:
    """A consistent copy into the new file `target`; others go on writing. Raises Refused (BACKUP_FAILED)."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        with closing(_sqlite(address)) as source, closing(sqlite3.connect(target)) as kept:
            source.backup(kept)
            kept.execute("PRAGMA journal_mode=DELETE")  # one file, without companions
            found = kept.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok":
            raise Refused(T("备份的数据库不完整：{found}", found=found), code="BACKUP_FAILED")
    else:
        _run("pg_dump", address, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


def require_empty(url: str) -> None:
    """Raises Refused (DATABASE_NOT_EMPTY) for a database with anything in it, and Busy where none answers."""
    address = make_url(url)
    place = str(address.database)
    if address.get_backend_name() == "sqlite":
        path = Path(place)
        if not path.exists() or not path.stat().st_size:
            return
    store = Store(url)
    try:
        with store.snapshot() as connection:
            if revisions.is_empty(connection):
                return
    finally:
        store.close()
    raise Refused(T("数据库不是空的，不会覆盖：{path}", path=place), code="DATABASE_NOT_EMPTY")


def bring_back(url: str, source: Path) -> None:
    """Fill the empty database at `url` from a copy, whole or not at all.
    Raises Refused: DATABASE_NOT_EMPTY, OTHER_DATABASE, RESTORE_FAILED."""
    address = make_url(url)
    if source.name != copy_name(url):
        raise Refused(T("备份来自另一种数据库，不能恢复到这里。"), code="OTHER_DATABASE")
    require_empty(url)
    if address.get_backend_name() == "sqlite":
        path = Path(address.database or "")
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.new")
        try:
            unfinished.unlink(missing_ok=True)
            with closing(sqlite3.connect(source)) as kept, closing(sqlite3.connect(unfinished)) as target:
                kept.backup(target)
                found = target.execute("PRAGMA integrity_check").fetchone()[0]
            if found != "ok":
                raise Refused(T("备份的数据库不完整：{found}", found=found), code="RESTORE_FAILED")
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    else:
        _run("pg_restore", address, "--no-owner", "--exit-on-error", "--single-transaction", str(source))


def _sqlite(address: URL) -> sqlite3.Connection:
    path = Path(address.database or "")
    if not path.is_file():
        raise Refused(T("没有数据库文件：{path}", path=str(path)), code="BACKUP_FAILED")
    return sqlite3.connect(path, timeout=30)


def _run(program: str, address: URL, *arguments: str) -> None:
    """PostgreSQL's own tool. The password goes by the environment, where other users of the machine cannot read it."""
    parts = {
        "PGHOST": address.query.get("host") or address.host,
        "PGPORT": address.port,
        "PGUSER": address.username,
        "PGPASSWORD": address.password,
        "PGDATABASE": address.database,
    }
    environment = os.environ | {name: str(value) for name, value in parts.items() if value}
    more = ("--dbname", address.database or "") if program == "pg_restore" else ()
    try:
        done = subprocess.run(
            [program, *more, *arguments], env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise Refused(
            T("需要 PostgreSQL 的工具 {program}，请先安装。", program=program), code="TOOL_MISSING"
        ) from error
    if done.returncode:
        raise Refused(
            T("{program} 没有成功：{why}", program=program, why=done.stderr.strip()[-500:]),
            code="BACKUP_FAILED" if program == "pg_dump" else "RESTORE_FAILED",
        )
