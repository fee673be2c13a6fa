"""check · audit verify"""

from __future__ import annotations

import ipaddress
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from engine import faults, invariants
from engine.attachments.storage import storage
from engine.clock import local
from engine.config import KEY_FILE, Settings
from engine.engine import Engine
from engine.errors import Refused, ZhipingError
from engine.identity.accounts import AccountList, WithPassword
from engine.identity.passwords import DEMO_PASSWORD
from engine.queries.audit import VerifyHistory
from engine.queries.deployments import DeploymentList
from engine.queries.reading import Reading
from engine.registry import Actor, Membership
from engine.store import prepare as ready
from forms.i18n import T, Text
from web.cli.common import MIGRATIONS, make_engine, with_settings
from web.cli.wall import wall_now

# The operator of the machine, who may read what an owner may.
OPERATOR = Actor("", "zhiping", "zhiping", frozenset({Membership("process_owner")}))


@dataclass(frozen=True)
class Finding:
    """`bad`: production must not run like this; else a remark."""

    text: Text
    bad: bool = True


@click.command()
@click.option(
    "--invariants", "deep", is_flag=True, help="也核对全部数据 · also compare all rows with the states and the history"
)
@with_settings
def check(settings: Settings, deep: bool) -> None:
    """配置、安全、日历、启用的流程 · configuration, security, calendars, active deployment; exit status 1 if something is wrong"""
    found = [*configuration(settings)]
    readable = list(database(settings))
    found += readable
    if not any(finding.bad for finding in readable):
        engine = make_engine(settings)
        try:
            found += [*security(engine), *calendars(engine), *deployments(engine)]
            if deep:
                found += [Finding(T("数据不相符：{wrong}", wrong=wrong)) for wrong in engine.ask(Invariants())]
        finally:
            engine.stop()
    for finding in found:
        click.echo(f"{'✗' if finding.bad else '·'} {finding.text.to('zh')}\n    {finding.text.to('en')}")
    if any(finding.bad for finding in found):
        sys.exit(1)
    click.echo("✓ 没有发现问题 · nothing wrong was found")


@click.group()
def audit() -> None:
    """历史记录 · the history"""


@audit.command("verify")
@click.argument("stream", required=False)
@with_settings
def verify(settings: Settings, stream: str | None) -> None:
    """重新计算每条哈希链 · recompute every hash chain, or that of one instance"""
    engine = make_engine(settings)
    try:
        report = engine.ask(VerifyHistory(stream=stream))
    finally:
        engine.stop()
    for finding in report.findings:
        click.echo(f"✗ {finding}")
    if report.findings:
        sys.exit(1)
    click.echo(f"✓ {report.chains} 条链，{report.lines} 条记录，全部相符 · all hold")


def configuration(settings: Settings) -> Iterator[Finding]:
    key = settings.data_dir / KEY_FILE
    if key.exists() and stat.S_IMODE(key.stat().st_mode) & 0o077:
        yield Finding(T("密钥文件 {path} 别人也能读，请改为仅本人可读（0600）。", path=str(key)))
    elif key.exists() and key.read_text(encoding="utf-8").strip() == settings.secret_key:
        yield Finding(T("密钥是自动生成的，放在 {path}：请与数据库分开备份。", path=str(key)), bad=False)
    if settings.clock == "manual":
        yield Finding(T("时钟是手动的（ZHIPING_CLOCK=manual）：只可用于示范，不可用于正式运行。"))
    if faults.armed():
        yield Finding(
            T("设置了 {name}：程序会在指定的地方自行中止，只供测试。请去掉这个环境变量再启动。", name=faults.VARIABLE)
        )
    if not settings.four_eyes:
        yield Finding(T("四眼原则已关闭（ZHIPING_FOUR_EYES=off）：一个人就能上传并启用流程。"))
    if not _is_loopback(settings.host) and not settings.trusted_proxies:
        yield Finding(
            T(
                "直接监听 {host}，前面没有可信代理：请用 HTTPS 代理，并设置 ZHIPING_TRUSTED_PROXIES。",
                host=settings.host,
            )
        )
    elif not settings.trusted_proxies:
        text = T("如果前面有代理，请设置 ZHIPING_TRUSTED_PROXIES：否则所有人的登录尝试会算在同一个地址上。")
        yield Finding(text, bad=False)
    root = storage(settings.attachments_url).root
    existing = next(path for path in (root, *root.parents) if path.exists())
    if not os.access(existing, os.W_OK):
        yield Finding(T("附件文件夹不可写：{path}", path=str(root)))


def database(settings: Settings) -> Iterator[Finding]:
    try:
        found = ready.state(settings.database_url, MIGRATIONS)
    except Exception as error:  # noqa: BLE001 - whatever a driver raises is what the operator wants to read
        yield Finding(T("连不上数据库：{error}", error=str(error).partition("\n")[0]))
        return
    if found == ready.EMPTY:
        yield Finding(T("数据库是空的：zhiping serve 或 zhiping demo 会建立它。"))
    elif found == ready.OTHER:
        yield Finding(T("数据库的表不是这个版本的：请先备份，再运行 zhiping db upgrade。"))


def security(engine: Engine) -> Iterator[Finding]:
    for_all = engine.ask(WithPassword(DEMO_PASSWORD))
    if for_all:
        yield Finding(T("示范密码还能登录这些账户：{names}（最多列 20 个）。", names=for_all))
    if not any(not item.disabled for item in engine.ask(AccountList(actor=None, group="admin")).items):
        yield Finding(T("没有可用的管理员账户：zhiping user add … --group admin。"))


def calendars(engine: Engine) -> Iterator[Finding]:
    """The years that deadlines fall into; from October also the next one."""
    today = local(wall_now()).date()
    for year in (today.year, today.year + 1):
        try:
            engine.ask(FunctionValue("is_workday", (f"{year}-01-04",)))
        except Refused:
            if year == today.year:
                yield Finding(T("没有 {year} 年的正式工作日历，涉及这一年的期限都会被拒绝。", year=year))
            else:
                text = T("还没有 {year} 年的正式工作日历，通常在前一年十一月公布；公布后请装入。", year=year)
                yield Finding(text, bad=today.month == 12)


def deployments(engine: Engine) -> Iterator[Finding]:
    active = engine.ask(DeploymentList(actor=OPERATOR, state="active")).items
    if not active:
        yield Finding(T("还没有启用任何流程：zhiping deploy 或 zhiping demo。"))
    for item in active:
        try:
            engine.ask(LoadRelease(item.id))
        except ZhipingError as error:
            yield Finding(T("启用的流程打不开：{why}", why=error.text))


@dataclass(frozen=True)
class FunctionValue:
    """One of the office's FEEL functions, asked directly."""

    name: str
    arguments: tuple[Any, ...]

    def answer(self, reading: Reading) -> Any:
        return reading.engine.registry.bind_functions(reading.connection, reading.now)[self.name](*self.arguments)


@dataclass(frozen=True)
class Invariants:
    """Everything that must hold between two transactions, over all rows. Slow where there is much."""

    def answer(self, reading: Reading) -> list[str]:
        return invariants.check(reading.connection, reading.engine)


@dataclass(frozen=True)
class LoadRelease:
    """Whether everything in a release can still be read by this version of the program. Raises what cannot."""

    deployment_id: str

    def answer(self, reading: Reading) -> None:
        reading.engine.releases.get(reading.connection, self.deployment_id)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
