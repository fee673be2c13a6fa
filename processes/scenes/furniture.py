"""What stands before every scenario: the small demo's people, units, candidates and committees. No instance runs."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert

from engine.commands.step import Step
from engine.engine import Engine
from engine.identity.tables import account
from engine.registry import Actor
from engine.store.metadata import new_id
from processes.demo import demo_accounts, fill_register


def people() -> dict[str, Actor]:
    """Everybody of the demo by username: hr-u01, leader-u01, region-xining, committee_office, expert-01, c-001 …"""
    return {
        username: Actor(username, username, name, frozenset(memberships))
        for username, name, memberships in demo_accounts()
    }


def furnish(engine: Engine) -> None:
    engine.run(Furnish())


@dataclass(frozen=True)
class Furnish:
    """The register, and accounts nobody can log in with."""

    def execute(self, step: Step) -> None:
        rows = [
            {"id": new_id(), "username": username, "name": name, "created_at": step.now, "password_at": step.now}
            for username, name, _ in demo_accounts()
        ]
        step.connection.execute(insert(account), rows)
        fill_register(step)
