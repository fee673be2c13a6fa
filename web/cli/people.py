"""user add · passwd · grant · revoke · disable · enable · list"""

from __future__ import annotations

import sys

import click

from engine.config import Settings
from engine.identity import accounts
from engine.identity import memberships as belonging
from web.cli.common import opened, with_settings
from web.cli.wall import wall_now

PAGE = 500


@click.group()
def user() -> None:
    """账户和权限 · accounts and memberships"""


@user.command()
@click.argument("username")
@click.option("--name", required=True, help="姓名 · display name")
@click.option("--group", "groups", multiple=True, metavar="GROUP[@SCOPE]", help="可多次 · may be repeated: hr@unit:u01")
@click.option("--password-stdin", is_flag=True, help="从标准输入读密码 · read the password from standard input")
@with_settings
def add(settings: Settings, username: str, name: str, groups: tuple[str, ...], password_stdin: bool) -> None:
    """新建账户；不给密码就生成一次性密码 · a new account, with a one-time password unless one is given"""
    password = _from_stdin() if password_stdin else None
    belongs = tuple(belonging.read(group) for group in groups)
    command = accounts.CreateAccount(username=username, name=name, actor=None, memberships=belongs, password=password)
    with opened(settings) as engine:
        _tell(engine.run(command))


@user.command()
@click.argument("username")
@click.option("--password-stdin", is_flag=True, help="从标准输入读密码 · read the password from standard input")
@with_settings
def passwd(settings: Settings, username: str, password_stdin: bool) -> None:
    """重设密码；不给就生成一次性密码 · a new password, one-time unless given"""
    password = _from_stdin() if password_stdin else None
    with opened(settings) as engine:
        _tell(engine.run(accounts.SetPassword(username=username, actor=None, at=wall_now(), password=password)))


@user.command()
@click.argument("username")
@click.argument("group", metavar="GROUP[@SCOPE]")
@with_settings
def grant(settings: Settings, username: str, group: str) -> None:
    """加入一个组 · add to a group: zhiping user grant wang hr@unit:u01"""
    belongs = belonging.read(group)
    with opened(settings) as engine:
        engine.run(belonging.GrantMembership(username=username, membership=belongs, actor=None, at=wall_now()))
    click.echo(f"{username} + {belonging.words(belongs)}")


@user.command()
@click.argument("username")
@click.argument("group", metavar="GROUP[@SCOPE]")
@with_settings
def revoke(settings: Settings, username: str, group: str) -> None:
    """移出一个组 · take out of a group"""
    belongs = belonging.read(group)
    with opened(settings) as engine:
        engine.run(belonging.RevokeMembership(username=username, membership=belongs, actor=None, at=wall_now()))
    click.echo(f"{username} - {belonging.words(belongs)}")


@user.command()
@click.argument("username")
@with_settings
def disable(settings: Settings, username: str) -> None:
    """停用账户 · nobody logs in with it any more"""
    with opened(settings) as engine:
        engine.run(accounts.DisableAccount(username=username, actor=None, at=wall_now()))
    click.echo(f"{username} 已停用 · disabled")


@user.command()
@click.argument("username")
@with_settings
def enable(settings: Settings, username: str) -> None:
    """重新启用账户 · let it log in again"""
    with opened(settings) as engine:
        engine.run(accounts.DisableAccount(username=username, actor=None, at=wall_now(), disabled=False))
    click.echo(f"{username} 已启用 · enabled")


@user.command("list")
@click.option("--group", default=None, help="只列这个组的人 · members of this group")
@with_settings
def listed(settings: Settings, group: str | None) -> None:
    """列出账户 · all accounts"""
    first = 0
    with opened(settings) as engine:
        while True:
            page = engine.ask(accounts.AccountList(actor=None, group=group, first_result=first, max_results=PAGE))
            for item in page.items:
                marks = [mark for mark, on in (("停用", item.disabled), ("须改密码", item.must_change)) if on]
                groups = " ".join(belonging.words(m) for m in item.memberships)
                click.echo("\t".join([item.username, item.name, groups, " ".join(marks)]).rstrip())
            first += PAGE
            if first >= page.total:
                return


def _from_stdin() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _tell(done: dict[str, str | None]) -> None:
    click.echo(f"{done['username']} ✓")
    if done["one_time_password"]:
        click.echo(f"一次性密码 · one-time password: {done['one_time_password']}")
