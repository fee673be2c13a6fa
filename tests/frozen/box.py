"""A whole database with its files in one small file: rows column by column as JSON, packed with xz.

Read without any of the program's own code but Alembic's revisions, so that a later program can thaw what an earlier one froze.
Bytes stand as `{"text": …}` or `{"hex": …}`; what the program itself had compressed is unfolded (with `"zstd": level`) where that
loses nothing, because compressing twice keeps it large.
"""

from __future__ import annotations

import json
import lzma
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zstandard
from alembic import command
from sqlalchemy import JSON, Boolean, Column, DateTime, LargeBinary, MetaData, insert

from engine.store import migrate
from engine.store.unit_of_work import Store
from web.cli.common import MIGRATIONS

LEVELS = (1, 3)
ZSTD = b"\x28\xb5\x2f\xfd"
MARK = "alembic_version"


def freeze(database: Path, files: Path, about: dict[str, Any], target: Path) -> None:
    """The SQLite database and every file below `files` into `target`."""
    with sqlite3.connect(database) as raw:
        schema = raw.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
        ).fetchall()
        tables = {name: _columns(raw, name) for kind, name, _ in schema if kind == "table"}
    raw.close()
    kept = {
        str(path.relative_to(files)): path.read_bytes().hex() for path in sorted(files.rglob("*")) if path.is_file()
    }
    whole = {"about": about, "schema": schema, "tables": tables, "files": kept}
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(lzma.compress(json.dumps(whole, ensure_ascii=False).encode(), preset=9 | lzma.PRESET_EXTREME))


def copy(database: Path, target: Path) -> None:
    """A closed copy without what a writer leaves beside its file."""
    with sqlite3.connect(database) as raw:
        raw.execute("VACUUM INTO ?", (str(target),))
    raw.close()


def read(source: Path) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(lzma.decompress(source.read_bytes()))
    return whole


def thaw(whole: dict[str, Any], url: str, files: Path) -> None:
    """Into an empty database of either kind, as the release that froze it left it; files below `files`."""
    for name, content in whole["files"].items():
        path = files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes.fromhex(content))
    if url.startswith("sqlite"):
        _thaw_file(whole, Path(url.removeprefix("sqlite:///")))
    else:
        _thaw_rows(whole, url)


def _columns(raw: sqlite3.Connection, table: str) -> dict[str, list[Any]]:
    cursor = raw.execute(f'SELECT * FROM "{table}"')
    names = [column[0] for column in cursor.description]
    rows = cursor.fetchall()
    return {name: [_out(row[number]) for row in rows] for number, name in enumerate(names)}


def _out(value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    if value.startswith(ZSTD):
        plain = zstandard.ZstdDecompressor().decompress(value, max_output_size=64_000_000)
        for level in LEVELS:
            if zstandard.ZstdCompressor(level=level).compress(plain) == value:
                return {"zstd": level, **_bytes(plain)}
    return _bytes(value)


def _bytes(value: bytes) -> dict[str, str]:
    try:
        return {"text": value.decode()}
    except UnicodeDecodeError:
        return {"hex": value.hex()}


def _in(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    plain = value["text"].encode() if "text" in value else bytes.fromhex(value["hex"])
    return zstandard.ZstdCompressor(level=value["zstd"]).compress(plain) if "zstd" in value else plain


def _rows(columns: dict[str, list[Any]]) -> list[tuple[Any, ...]]:
    return [tuple(_in(value) for value in row) for row in zip(*columns.values(), strict=True)]


def _thaw_file(whole: dict[str, Any], path: Path) -> None:
    with sqlite3.connect(path) as raw:
        for kind, name, statement in whole["schema"]:
            if kind == "table":
                raw.execute(statement)
                columns = whole["tables"][name]
                marks = ", ".join("?" * len(columns))
                raw.executemany(f'INSERT INTO "{name}" VALUES ({marks})', _rows(columns))
        for kind, _, statement in whole["schema"]:
            if kind != "table":
                raw.execute(statement)
    raw.close()


def _thaw_rows(whole: dict[str, Any], url: str) -> None:
    """Tables by the revisions that had been run, then the rows as they stood."""
    store = Store(url)
    try:
        with store.transaction() as connection:
            config = migrate.configuration(connection, MIGRATIONS)
            for revision in whole["tables"][MARK]["version_num"]:
                command.upgrade(config, revision)
        with store.transaction() as connection:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # rows in any order
            drawn = MetaData()
            drawn.reflect(connection)
            for name, columns in whole["tables"].items():
                table = drawn.tables[name]
                connection.execute(table.delete())
                kinds = [table.c[column] for column in columns]
                for kind in kinds:
                    if isinstance(kind.type, JSON):
                        kind.type.none_as_null = True
                rows = [dict(zip(columns, map(_as_kept, kinds, row), strict=True)) for row in _rows(columns)]
                if rows:
                    connection.execute(insert(table), rows)
    finally:
        store.close()


def _as_kept(column: Column[Any], value: Any) -> Any:
    """What SQLite holds, as PostgreSQL takes it."""
    if value is None or isinstance(column.type, LargeBinary):
        return value
    if isinstance(column.type, Boolean):
        return bool(value)
    if isinstance(column.type, JSON):
        return json.loads(value) if isinstance(value, str) else value  # SQLite turns a bare number into one
    if isinstance(column.type, DateTime):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    if column.type.python_type.__name__ == "date":
        return datetime.fromisoformat(value).date()
    return value
