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
from processes.openness.commands import PUBLISHERS
from processes.policy.commands import AUTHORITIES
from processes.policy.queries import MAY_READ as PARAMETER_READERS
from processes.publicity.objection_queries import INVESTIGATORS
from processes.publicity.readers import STAFF
from processes.rollout.queries import READS as ROLLOUT_READERS
from web.context import engine
from web.pages.desk import group_name, in_group, now
from web.security import current_actor, password_pending


@dataclass(frozen=True)
class Section:
    endpoint: str
    label: Text
    groups: frozenset[str]  # empty: everybody who is logged in
    also: frozenset[str] = frozenset()  # further blueprints that belong to the section


_OVERSEERS = policy.READERS

SECTIONS = (
    Section("own.index", T("我的申报"), frozenset({"candidate"})),
    Section("work.index", T("我的工作"), frozenset()),
    Section(
        "meeting.index",
        T("评审会议"),
        frozenset({"committee_office", "supervisor", "chair", "vice_chair", "expert"}),
        frozenset({"casefile", "ballot", "roomwork"}),
    ),
    Section("committee.index", T("评委会"), frozenset({"committee_office", "supervisor"})),
    Section(
        "publicity.index",
        T("公示"),
        _OVERSEERS | STAFF | {"unit_hr", "unit_leader", "unit_supervisor"},
        frozenset({"outage"}),
    ),
    Section("objection.index", T("异议"), INVESTIGATORS | {"committee_office", "unit_supervisor"}),
    Section("deadline.index", T("期限"), _OVERSEERS),
    Section("process.index", T("流程"), _OVERSEERS, frozenset({"heat"})),
    Section(
        "studio.index",
        T("流程设计"),
        _OVERSEERS,
        frozenset(
            {
                "studiofile",
                "studioversion",
                "trial",
                "trying",
                "compare",
                "publishing",
                "bundle",
                "release",
                "moving",
                "clause",
            }
        ),
    ),
    Section("operation.index", T("运行情况"), _OVERSEERS, frozenset({"incident", "repair", "mending"})),
    Section("repair.cancellations", T("终止与修正"), AUTHORITIES),  # the second person, of an office above
    Section("signing.index", T("规则签署"), AUTHORITIES),
    Section("rollout.index", T("改革进度"), ROLLOUT_READERS),
    Section("policies.index", T("政策文件"), PUBLISHERS),
    Section("parameter.index", T("参数与日历"), PARAMETER_READERS, frozenset({"calendar"})),
    Section("account.index", T("账号"), frozenset({policy.ADMIN})),
)

# What everybody may read without an account: the four publics.
PUBLIC = (
    Section("openness.policies", T("政策公开"), frozenset()),
    Section("openness.standards", T("标准公开"), frozenset()),
    Section("openness.procedures", T("程序公开"), frozenset()),
    Section("notice.index", T("结果公示"), frozenset()),
)
_PARTS = {"openness.policy": "openness.policies", "openness.procedure": "openness.procedures"}


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
            return [] if password_pending() is not None else self.public
        blueprint = (request.endpoint or "").partition(".")[0]
        return [
            Item(
                url_for(section.endpoint),
                str(section.label),
                blueprint in {section.endpoint.partition(".")[0], *section.also},
            )
            for section in SECTIONS
            if not section.groups or in_group(self.me, *section.groups)
        ]

    def may(self, endpoint: str) -> bool:
        """Whether the reader has the section that begins there."""
        return any(
            section.endpoint == endpoint and (not section.groups or in_group(self.me, *section.groups))
            for section in SECTIONS
        )

    @cached_property
    def public(self) -> list[Item]:
        endpoint = request.endpoint or ""
        return [
            Item(
                url_for(section.endpoint),
                str(section.label),
                section.endpoint == _PARTS.get(endpoint, endpoint)
                or (section.endpoint == "notice.index" and endpoint.startswith(("notice.", "objecting."))),
            )
            for section in PUBLIC
        ]

    @cached_property
    def clock(self) -> ClockBar | None:
        """None while the clock runs by itself."""
        if engine().settings.clock != "manual":
            return None
        tomorrow = local(now()).date() + timedelta(days=1)
        actor = current_actor()
        return ClockBar(now(), actor is not None and policy.allows(actor, "clock.move"), tomorrow.isoformat())
