"""What stands around every page: who is logged in, the sections they may open, the demo's clock.

Everything is worked out only when a template asks, so that the page for a broken server touches nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from flask import request, url_for

from engine import policy
from engine.clock import local
from engine.registry import Actor
from forms.i18n import T, Text
from web.context import engine
from web.pages.desk import group_name, in_group, now
from web.security import current_actor, password_pending


@dataclass(frozen=True)
class Section:
    endpoint: str
    label: Text
    groups: frozenset[str]  # empty: everybody who is logged in


_OVERSEERS = policy.READERS

SECTIONS = (
    Section("own.index", T("我的申报"), frozenset({"candidate"})),
    Section("work.index", T("我的工作"), frozenset()),
    Section("process.index", T("流程"), _OVERSEERS),
    Section("release.index", T("上传与启用"), _OVERSEERS),
    Section("incident.index", T("异常"), _OVERSEERS),
    Section("account.index", T("账号"), frozenset({policy.ADMIN})),
)


@dataclass(frozen=True)
class Item:
    href: str
    label: str
    current: bool


@dataclass(frozen=True)
class ClockBar:
    now: datetime
    may_move: bool
    tomorrow: str  # ISO date: the first day the clock can be set to


class Frame:
    """Given to every template as `page`."""

    @cached_property
    def me(self) -> Actor | None:
        """Who is logged in, also while a handed-out password must still be changed."""
        return current_actor() or password_pending()

    @cached_property
    def groups(self) -> list[str]:
        return sorted(group_name(key) for key in self.me.groups) if self.me else []

    @cached_property
    def navigation(self) -> list[Item]:
        if current_actor() is None:
            return []
        blueprint = (request.endpoint or "").partition(".")[0]
        return [
            Item(url_for(section.endpoint), str(section.label), section.endpoint.partition(".")[0] == blueprint)
            for section in SECTIONS
            if not section.groups or in_group(self.me, *section.groups)
        ]

    @cached_property
    def clock(self) -> ClockBar | None:
        """None while the clock runs by itself."""
        if engine().settings.clock != "manual":
            return None
        tomorrow = local(now()).date() + timedelta(days=1)
        actor = current_actor()
        return ClockBar(now(), actor is not None and policy.allows(actor, "clock.move"), tomorrow.isoformat())
