"""deploy · demo"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from engine.commands.deploy import Deploy
from engine.config import Settings
from engine.errors import Refused
from engine.scenarios.play import Outcome
from engine.studio import bundle
from forms.i18n import T, Text
from processes import demo as province
from web.cli.common import lint_line, opened, with_settings

ENDINGS = (".bpmn", ".dmn", ".form", ".test.yaml")


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--comment", default="", help="说明 · a remark kept with the release")
@click.option("--durations", is_flag=True, help="显示每个场景测试的用时 · seconds of each scenario test")
@with_settings
def deploy(settings: Settings, paths: tuple[Path, ...], comment: str, durations: bool) -> None:
    """上传流程文件、文件夹或导出的 zip，检查并通过场景测试后立即启用 · lint and test files, folders or an exported zip and make them
    the active release"""

    def tell(outcome: Outcome) -> None:
        click.echo(test_line(outcome, durations=durations))

    files = read_files(paths)
    with opened(settings) as engine:
        done: dict[str, Any] = engine.run(Deploy(files=files, actor=None, comment=comment, watch=tell))
    for found in done["warnings"]:
        message = str(Text.load(found["text"])) if found.get("text") else str(found.get("message"))
        click.echo(lint_line(found["file"], found["line"], found["element"], found["code"], message), err=True)
    for definition in done["definitions"]:
        click.echo(f"{definition['kind']:9} {definition['key']} v{definition['version']} {definition['name'] or ''}")
    click.echo(f"{done['state']} {done['id']}")


@click.command()
@click.option("--at", "at", default=None, metavar="ISO", help="时钟停在哪一刻 · where the manual clock stands")
@click.option("--size", type=click.Choice(["small", "province"]), default="small", help="规模 · how much")
@click.option("--bare", is_flag=True, help="不带在途的演示申报 · without cases on their way")
@with_settings
def demo(settings: Settings, at: str | None, size: str, bare: bool) -> None:
    """空数据库装入示范省份和账户；已有数据时什么也不做 · load the demo into an empty database, once"""
    try:
        start = datetime.fromisoformat(at) if at else None
    except ValueError:
        start = None
    if at and (start is None or start.tzinfo is None):
        raise click.BadParameter("2026-06-01T09:00:00+08:00", param_hint="--at")
    with opened(settings) as engine:
        for line in province.load(engine, at=start, size=size, staged=not bare):
            click.echo(line)


def test_line(outcome: Outcome, *, durations: bool) -> str:
    """`通过 file:line name`; what stands against one that failed is told with the refusal."""
    said = T("通过") if outcome.passed else T("未通过")
    seconds = f" {outcome.seconds:.2f} s" if durations else ""
    return f"{said}{seconds} {outcome.file}:{outcome.line} {outcome.name}"


def read_files(paths: Iterable[Path]) -> dict[str, bytes]:
    """File name -> content of everything deployable under `paths`; a `.zip` is unpacked as an exported release.
    Raises Refused where there is none, or a name twice; Invalid and DeploymentRefused for a zip that cannot be taken."""
    found: dict[str, bytes] = {}
    for path in paths:
        if path.is_file() and path.name.endswith(".zip"):
            for name, raw in bundle.unpack(path.read_bytes()).items():
                if name in found:
                    raise Refused(T("有两个文件都叫“{name}”。", name=name), code="TWO_FILES")
                found[name] = raw
            continue
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.name.endswith(ENDINGS):
                if file.name in found:
                    raise Refused(T("有两个文件都叫“{name}”。", name=file.name), code="TWO_FILES")
                found[file.name] = file.read_bytes()
    if not found:
        raise Refused(T("没有找到可以上传的文件（{endings}）。", endings=list(ENDINGS)), code="NO_FILES")
    return found
