"""Make a candidate the release that new instances start on: the second pair of eyes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, select, update

from engine import faults
from engine.commands import contents, release_rows
from engine.commands.check_release import check_release
from engine.commands.contents import Content, Place
from engine.commands.deploy import SYSTEM, refuse
from engine.commands.step import Step
from engine.errors import Forbidden, NotFound, Problem
from engine.history import OFFICE
from engine.policy import DeploymentFacts, allows
from engine.registry import Actor
from engine.scenarios.gate import Tested, Watch, check_same, play_release
from engine.store import tables as t
from forms.i18n import T

if TYPE_CHECKING:
    from engine.engine import Engine
    from engine.queries.reading import Reading


@dataclass(frozen=True)
class ActivateDeployment:
    """Answers as `Deploy`. A candidate whose parent is no longer active first takes over what became active meanwhile,
    so that two uploads lose nothing of each other; a superseded release comes back exactly as it was.

    `actor` None is the command line. Raises NotFound; Forbidden, also for who uploaded it while four eyes are on;
    DeploymentRefused where it no longer passes the lint or its scenario tests; Conflict (RELEASE_MOVED) where another release
    became active meanwhile, so that this one would be another than was asked for; Busy as `play_release`.
    """

    deployment_id: str
    actor: Actor | None
    watch: Watch | None = field(default=None, compare=False, repr=False)  # hears of each test as it ends
    tested: Tested | None = field(default=None, compare=False, repr=False)
    seen: str | None = field(default=None, compare=False, repr=False)  # the release as it was when this began

    def prepared(self, engine: Engine) -> ActivateDeployment:
        """Play the tests of what the release brought before the transaction: nobody waits for them. Raises NotFound, Forbidden."""
        found = engine.ask(_Coming(self.deployment_id, self.actor))
        if found is None or any(problem.severity == "error" for problem in found.problems):
            return self
        tested = play_release(found.whole, found.brought, engine.registry, self.watch)
        return replace(self, seen=release_rows.fingerprint(found.whole), tested=tested)

    def execute(self, step: Step) -> dict[str, Any]:
        step.engine.store.lock_name(step.connection, release_rows.LOCK)
        row = _asked(step.connection, self.deployment_id, self.actor, four_eyes=step.engine.settings.four_eyes)
        if row.state == "active":
            return release_rows.describe(step.connection, row.id)
        faults.point("before_load")
        current = release_rows.active(step.connection)
        coming = _coming(step.connection, row, current)
        faults.point("after_load")
        if coming.moved and current is not None:
            release_rows.set_parts(step, row.id, coming.whole, coming.brought)
            step.connection.execute(
                update(t.deployment)
                .where(t.deployment.c.id == row.id)
                .values(parent_id=current.id, content_hash=release_rows.fingerprint(coming.whole))
            )
        faults.point("before_run")
        problems = [*coming.problems, *check_release(coming.whole, step.engine.registry)]
        refuse(problems)
        if self.seen is not None:
            check_same(self.seen, coming.whole)
        if self.tested is not None:
            refuse(self.tested.problems("error"))
        faults.point("after_run")
        faults.point("before_save")
        release_rows.make_active(step, row.id, self.actor.username if self.actor else SYSTEM)
        data = {"deployment": row.id, "previous": current.id if current else None}
        step.record(OFFICE, "activated", data=data, actor=self.actor)
        faults.point("after_save")
        return release_rows.describe(step.connection, row.id)


@dataclass(frozen=True)
class _Release:
    """What would become active: the whole of it, and what its upload brought."""

    whole: list[Content]
    brought: set[Place]
    problems: list[Problem]
    moved: bool  # something else became active since it was uploaded


@dataclass(frozen=True)
class _Coming:
    """The release as it would become active now; None where it is active already. Raises NotFound, Forbidden."""

    deployment_id: str
    actor: Actor | None

    def answer(self, reading: Reading) -> _Release | None:
        four_eyes = reading.engine.settings.four_eyes
        row = _asked(reading.connection, self.deployment_id, self.actor, four_eyes=four_eyes)
        if row.state == "active":
            return None
        return _coming(reading.connection, row, release_rows.active(reading.connection))


def _asked(connection: Connection, deployment_id: str, actor: Actor | None, *, four_eyes: bool) -> Row[Any]:
    """The deployment, if the actor may activate it. Raises NotFound, Forbidden."""
    row = connection.execute(select(t.deployment).where(t.deployment.c.id == deployment_id)).first()
    if row is None:
        raise NotFound(T("没有这次发布。"))
    if actor is not None and not allows(actor, "deployment.activate", DeploymentFacts(row.uploaded_by, four_eyes)):
        own = row.uploaded_by == actor.username
        text = T("上传的人不能自己启用，请另一位流程负责人启用。") if own else T("您没有这项权限。")
        raise Forbidden(text, code="FOUR_EYES" if own else "FORBIDDEN")
    return row


def _coming(connection: Connection, row: Row[Any], current: Row[Any] | None) -> _Release:
    brought = release_rows.contents_of(connection, row.id, brought=True)
    places = {content.place for content in brought}
    if row.state != "candidate" or current is None or row.parent_id == current.id:
        return _Release(release_rows.contents_of(connection, row.id), places, [], moved=False)
    whole, problems = contents.merged(brought, release_rows.contents_of(connection, current.id))
    return _Release(whole, places, problems, moved=True)
