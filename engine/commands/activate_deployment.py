"""Make a candidate the release that new instances start on: the second pair of eyes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from engine.commands import contents, release_rows
from engine.commands.check_release import check_release
from engine.commands.deploy import SYSTEM
from engine.commands.step import Step
from engine.errors import DeploymentRefused, Forbidden, NotFound, Problem
from engine.history import OFFICE
from engine.policy import DeploymentFacts, allows
from engine.registry import Actor
from engine.store import tables as t
from forms.i18n import T


@dataclass(frozen=True)
class ActivateDeployment:
    """Answers as `Deploy`. A candidate whose parent is no longer active first takes over what became active meanwhile,
    so that two uploads lose nothing of each other; a superseded release comes back exactly as it was.

    `actor` None is the command line. Raises NotFound; Forbidden, also for who uploaded it while four eyes are on;
    DeploymentRefused where it no longer passes the lint.
    """

    deployment_id: str
    actor: Actor | None

    def execute(self, step: Step) -> dict[str, Any]:
        step.engine.store.lock_name(step.connection, release_rows.LOCK)
        row = step.connection.execute(select(t.deployment).where(t.deployment.c.id == self.deployment_id)).first()
        if row is None:
            raise NotFound(T("没有这次发布。"))
        if self.actor is not None:
            facts = DeploymentFacts(row.uploaded_by, step.engine.settings.four_eyes)
            if not allows(self.actor, "deployment.activate", facts):
                own = row.uploaded_by == self.actor.username
                text = T("上传的人不能自己启用，请另一位流程负责人启用。") if own else T("您没有这项权限。")
                raise Forbidden(text, code="FOUR_EYES" if own else "FORBIDDEN")
        if row.state == "active":
            return release_rows.describe(step.connection, row.id)
        current = release_rows.active(step.connection)
        whole = release_rows.contents_of(step.connection, row.id)
        problems: list[Problem] = []
        if row.state == "candidate" and current is not None and row.parent_id != current.id:
            brought = release_rows.contents_of(step.connection, row.id, brought=True)
            carried = release_rows.contents_of(step.connection, current.id)
            whole, problems = contents.merged(brought, carried)
            release_rows.set_parts(step, row.id, whole, {content.place for content in brought})
            step.connection.execute(
                update(t.deployment)
                .where(t.deployment.c.id == row.id)
                .values(parent_id=current.id, content_hash=release_rows.fingerprint(whole))
            )
        problems += check_release(whole, step.engine.registry)
        errors = [problem for problem in problems if problem.severity == "error"]
        if errors:
            raise DeploymentRefused(errors)
        release_rows.make_active(step, row.id, self.actor.username if self.actor else SYSTEM)
        data = {"deployment": row.id, "previous": current.id if current else None}
        step.record(OFFICE, "activated", data=data, actor=self.actor)
        return release_rows.describe(step.connection, row.id)
