"""Parameters as a page shows them: what is in force since when and why, what will be, what was, what is proposed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine.errors import Forbidden, NotFound
from engine.policy import READERS
from engine.queries.reading import Reading
from engine.queries.shaped import names
from engine.registry import Actor
from forms.i18n import T
from processes.policy.commands import AUTHORITIES
from processes.register.parameters import PARAMETERS, Parameter
from processes.register.policies import policy_parameter
from processes.register.proposals import parameter_proposal

MAY_READ = READERS | AUTHORITIES


@dataclass(frozen=True)
class Setting:
    """A value that was put in force. Persons are display names; `confirmed_by` None where it was set without a proposal."""

    value: Any
    effective_from: datetime
    source_doc: str
    set_by: str
    confirmed_by: str | None


@dataclass(frozen=True)
class Proposal:
    id: str
    name: str
    value: Any
    effective_from: datetime
    source_doc: str
    status: str  # proposed | confirmed | rejected | withdrawn
    proposed_by: str  # display name
    proposed_at: datetime
    mine: bool  # the reader made it
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None


@dataclass(frozen=True)
class ParameterItem:
    """`settings`: newest first, those to come included; `current` is None while the shipped value holds."""

    known: Parameter
    value: Any
    current: Setting | None
    coming: tuple[Setting, ...]  # soonest first
    settings: tuple[Setting, ...]
    proposals: tuple[Proposal, ...]  # newest first
    open: Proposal | None


@dataclass(frozen=True)
class Parameters:
    """All parameters by name, as they stand now. Three statements. Raises Forbidden."""

    actor: Actor

    def answer(self, reading: Reading) -> Mapping[str, ParameterItem]:
        if self.actor.groups.isdisjoint(MAY_READ):
            raise Forbidden(T("只有流程负责人、管理者、省档案局和省人力资源社会保障厅可以查看政策参数。"))
        put = reading.connection.execute(
            select(policy_parameter).order_by(policy_parameter.c.effective_from.desc())
        ).all()
        proposed = reading.connection.execute(
            select(parameter_proposal).order_by(parameter_proposal.c.proposed_at.desc())
        ).all()
        people = [row.set_by for row in put]
        people += [name for row in proposed for name in (row.proposed_by, row.decided_by)]
        known = names(reading.connection, people)

        def name(username: str | None) -> str | None:
            return known.get(username, username) if username else None

        confirmed = {(row.name, row.effective_from): row.decided_by for row in proposed if row.status == "confirmed"}
        settings: dict[str, list[Setting]] = {}
        for row in put:
            by = name(confirmed.get((row.name, row.effective_from)))
            settings.setdefault(row.name, []).append(
                Setting(row.value, row.effective_from, row.source_doc, name(row.set_by) or "", by)
            )
        proposals: dict[str, list[Proposal]] = {}
        for row in proposed:
            proposals.setdefault(row.name, []).append(
                Proposal(
                    id=row.id,
                    name=row.name,
                    value=row.value,
                    effective_from=row.effective_from,
                    source_doc=row.source_doc,
                    status=row.status,
                    proposed_by=name(row.proposed_by) or "",
                    proposed_at=row.proposed_at,
                    mine=row.proposed_by == self.actor.username,
                    decided_by=name(row.decided_by),
                    decided_at=row.decided_at,
                    reason=row.reason,
                )
            )
        return {
            each.name: _item(each, settings.get(each.name, []), proposals.get(each.name, []), reading.now)
            for each in PARAMETERS.values()
        }


@dataclass(frozen=True)
class OneParameter:
    """Three statements. Raises NotFound, Forbidden."""

    name: str
    actor: Actor

    def answer(self, reading: Reading) -> ParameterItem:
        found = Parameters(self.actor).answer(reading)
        if self.name not in found:
            raise NotFound(T("没有名为“{name}”的政策参数。", name=self.name))
        return found[self.name]


def _item(known: Parameter, settings: list[Setting], proposals: list[Proposal], now: datetime) -> ParameterItem:
    in_force = [one for one in settings if one.effective_from <= now]
    current = in_force[0] if in_force else None
    coming = [one for one in reversed(settings) if one.effective_from > now]
    waiting = next((one for one in proposals if one.status == "proposed"), None)
    return ParameterItem(
        known=known,
        value=current.value if current else known.default,
        current=current,
        coming=tuple(coming),
        settings=tuple(settings),
        proposals=tuple(proposals),
        open=waiting,
    )
