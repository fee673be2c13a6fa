"""backup · restore · db upgrade"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import Any

import click

from engine.attachments.storage import CHUNK, storage
from engine.commands.backup_taken import Backup, BackupTaken
from engine.config import Settings
from engine.errors import Busy, Refused, ZhipingError
from engine.store import backup as database_copy
from engine.store import prepare as ready
from engine.store import space
from engine.store.sqlite import Sqlite
from engine.store.unit_of_work import Store
from forms.i18n import T
from processes.register.rounds import open_rounds
from web.cli.common import MIGRATIONS, make_engine, with_settings
from web.cli.wall import wall_now

MANIFEST = "manifest.json"
ATTACHMENTS = "attachments"
FORMAT = 1


@click.command()
@click.argument("target", required=False, type=click.Path(path_type=Path, dir_okay=False))
@with_settings
def backup(settings: Settings, target: Path | None) -> None:
    """数据库和附件存成一个文件，可边用边备 · database and attachments into one file, while in use"""
    _warn_of_rounds(settings)
    target = target or settings.data_dir / "backups" / f"zhiping-{wall_now():%Y%m%dT%H%M%SZ}.tar.gz"
    if target.exists():
        raise Refused(T("文件已存在，不会覆盖：{path}", path=str(target)), code="FILE_EXISTS")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.new")
    try:
        count = _write(settings, unfinished)
        unfinished.chmod(0o600)
        unfinished.rename(target)
    except (OSError, sqlite3.Error) as error:
        raise _in_words(error) from error
    finally:
        unfinished.unlink(missing_ok=True)
    _remember(settings, Backup(wall_now(), target.stat().st_size, count, target.name))
    click.echo(f"✓ {target} ({target.stat().st_size:,} B, {count} 个附件 · attachments)")
    click.echo(
        "  备份里没有 ZHIPING_SECRET_KEY：请另外保管，没有它加密的内容打不开。\n"
        "  The secret key is not in it: keep it elsewhere; without it the encrypted fields stay closed."
    )


@click.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_settings
def restore(settings: Settings, source: Path) -> None:
    """把备份恢复到空的数据库和附件文件夹 · a backup into an empty database and attachment folder"""
    place = storage(settings.attachments_url)
    if next(place.keys(), None) is not None:
        raise Refused(T("附件文件夹不是空的，不会覆盖：{path}", path=str(place.root)), code="DATABASE_NOT_EMPTY")
    database_copy.require_empty(settings.database_url)
    put: list[str] = []
    try:
        with tempfile.TemporaryDirectory(prefix="zhiping-restore-", dir=settings.data_dir) as unpacked:
            folder = Path(unpacked)
            manifest = _unpack(source, folder)
            keys = [name.rpartition("/")[2] for name in manifest["files"] if name.startswith(f"{ATTACHMENTS}/")]
            for key in keys:
                put.append(key)
                with (folder / ATTACHMENTS / key).open("rb") as file:
                    place.put(key, file)
            # The database last: once it is there, everything is. What fails before leaves the place as empty as it was.
            database_copy.bring_back(settings.database_url, folder / manifest["database"])
    except BaseException as error:
        for key in put:
            place.delete(key)
        if isinstance(error, OSError | sqlite3.Error):
            raise _in_words(error) from error
        raise
    click.echo(f"✓ {manifest['made_at']} ({len(keys)} 个附件 · attachments)")
    click.echo("  现在请运行 zhiping check --invariants · now run zhiping check --invariants")


@click.group("db")
def database() -> None:
    """数据库 · database"""


@database.command("upgrade")
@with_settings
def upgrade_database(settings: Settings) -> None:
    """把表升级到这个版本（先备份） · bring the tables to this version (back up first)"""
    ready.upgrade(settings.database_url, MIGRATIONS, settings.secret_key)
    click.echo("✓ 数据库是最新的 · the database is up to date")


def _write(settings: Settings, target: Path) -> int:
    """The database first: a file is stored before its row, so every row copied has its file."""
    place = storage(settings.attachments_url)
    hashes: dict[str, str] = {}
    name = database_copy.copy_name(settings.database_url)
    with (
        tempfile.TemporaryDirectory(prefix="zhiping-backup-", dir=settings.data_dir) as folder,
        tarfile.open(target, "w:gz", compresslevel=6) as archive,
    ):
        copied = Path(folder) / name
        database_copy.copy(settings.database_url, copied)
        hashes[name] = _sha256(copied)
        archive.add(copied, name)
        for key in place.keys():  # noqa: SIM118 - a method of the storage port, not of a dict
            try:
                file = place.open(key)
            except FileNotFoundError:
                continue  # never handed in with a form, and swept away a moment ago
            with file:
                info = archive.gettarinfo(arcname=f"{ATTACHMENTS}/{key}", fileobj=file)
                hashes[info.name] = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
                file.seek(0)
                archive.addfile(info, file)
        manifest = Path(folder) / MANIFEST
        about = {"format": FORMAT, "made_at": wall_now().isoformat(), "database": name, "files": hashes}
        manifest.write_text(json.dumps(about, indent=1), encoding="utf-8")
        archive.add(manifest, MANIFEST)
    return len(hashes) - 1


def _unpack(source: Path, folder: Path) -> dict[str, Any]:
    """Everything into `folder`, each file compared with its hash. Raises Refused (BACKUP_DAMAGED)."""
    damaged = Refused(T("备份文件不完整或被改动，没有恢复任何内容。"), code="BACKUP_DAMAGED")
    try:
        with tarfile.open(source, "r:gz") as archive:
            archive.extractall(folder, filter="data")
            while archive.fileobj is not None and archive.fileobj.read(CHUNK):
                pass  # to the very end, where the checksum of the whole stands
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        if manifest["format"] != FORMAT or names != {MANIFEST, *manifest["files"]}:
            raise damaged
        for name, expected in manifest["files"].items():
            if _sha256(folder / name) != expected:
                raise damaged
    except OSError as error:
        raise space.full() if space.is_full(error) else damaged from error
    except (tarfile.TarError, zlib.error, EOFError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise damaged from error
    return manifest


def _remember(settings: Settings, taken: Backup) -> None:
    """For the operator's page. The backup itself is done: what cannot be written down is said, and no more."""
    if ready.state(settings.database_url, MIGRATIONS) != ready.CURRENT:
        return
    engine = make_engine(settings)
    try:
        engine.run(BackupTaken(taken))
    except Busy as error:
        click.echo(f"! {error.text.to('zh')}\n  {error.text.to('en')}", err=True)
    finally:
        engine.stop()


def _warn_of_rounds(settings: Settings) -> None:
    """While a round of voting is open a copy of the rows can tell who voted how, by the order in which they came."""
    if ready.state(settings.database_url, MIGRATIONS) != ready.CURRENT:
        return
    store = Store(settings.database_url)
    try:
        with store.snapshot() as connection:
            rounds = open_rounds(connection)
    finally:
        store.close()
    if rounds:
        text = T(
            "有 {n} 轮投票正在进行：这份备份可能看得出谁投了什么票。请在投票结束后另做一份，并销毁这一份。", n=rounds
        )
        click.echo(f"! {text.to('zh')}\n  {text.to('en')}", err=True)


def _in_words(error: OSError | sqlite3.Error) -> ZhipingError:
    """What an operator can do something about: no room, or a place that cannot be written."""
    full = space.is_full(error) if isinstance(error, OSError) else Sqlite.is_full(error)
    if full:
        return space.full()
    return Refused(T("没有成功，什么也没有留下：{why}", why=str(error)), code="STORAGE_FAILED")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
