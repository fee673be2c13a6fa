"""serve · web · worker"""

from __future__ import annotations

import os

import click

from engine.config import Settings
from engine.errors import Refused
from forms.i18n import T
from web import server
from web.cli.common import make_engine, prepare, with_settings


@click.command()
@with_settings
def serve(settings: Settings) -> None:
    """网页、接口和后台工作，一个进程 · web and background work in one process"""
    _listen(settings, background=True, workers=1)


@click.command()
@click.option(
    "--workers",
    envvar="WEB_CONCURRENCY",
    type=click.IntRange(1, 64),
    default=None,
    help="进程数 · processes (WEB_CONCURRENCY; default: CPUs)",
)
@with_settings
def web(settings: Settings, workers: int | None) -> None:
    """只有网页和接口，后台工作由 worker 做 · web alone; run `worker` beside it"""
    _need_a_server_database(settings)
    _listen(settings, background=False, workers=workers or os.cpu_count() or 1)


@click.command()
@with_settings
def worker(settings: Settings) -> None:
    """只有后台工作 · background work alone"""
    _need_a_server_database(settings)
    prepare(settings)
    click.echo("后台工作已开始 · background work runs")
    server.run_worker(settings, lambda: make_engine(settings))


def _listen(settings: Settings, *, background: bool, workers: int) -> None:
    prepare(settings)
    click.echo(f"职评在 http://{settings.host}:{settings.port} · Zhiping is served there (Ctrl+C 结束 · ends it)")
    server.Server(settings, lambda: make_engine(settings), background=background, workers=workers).run()


def _need_a_server_database(settings: Settings) -> None:
    if settings.database_url.startswith("sqlite"):
        raise Refused(
            T("SQLite 只供一个进程使用：请用 zhiping serve，或把 ZHIPING_DATABASE_URL 设为 PostgreSQL。"),
            code="ONE_PROCESS",
        )
