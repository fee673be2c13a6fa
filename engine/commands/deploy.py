"""Take files in as a complete release: what they do not bring is carried over from the active one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from engine import faults
from engine.commands import contents, release_rows
from engine.commands.allowed import require
from engine.commands.check_release import check_release
from engine.commands.release_rows import ActiveContents
from engine.commands.step import Step
from engine.errors import DeploymentRefused, Problem
from engine.history import OFFICE
from engine.registry import Actor
from engine.scenarios.gate import Tested, Watch, play_release
from engine.store import tables as t
from engine.store.metadata import new_id

if TYPE_CHECKING:
    from engine.engine import Engine

SYSTEM = "system"  # who deploys from the command line


@dataclass(frozen=True)
class Deploy:
    """Lint and keep a release: what `files` (name -> bytes) does not bring is carried over from the active one.

    `actor` None is the command line, whose releases are `shipped` and become active at once; the same files again change
    nothing. Answers `{"id", "state", "definitions": [{"id","key","kind","version","name"}], "warnings": [{"file",
    "line","element","code","text"}]}` with the definitions brought; `text` is `Text.dump()`.
    Scenarios that fail refuse the command line's release (problems with code TEST_FAILED); of an upload they are warnings.
    Raises Forbidden, Conflict (RELEASE_MOVED: another release became active during the tests), DeploymentRefused (nothing is
    kept), Busy as `play_release`.
    """

    files: Mapping[str, bytes]
    actor: Actor | None
    comment: str = ""
    play: bool = (
        True  # the scenario tests of what is brought; the program's own files are tested before they are shipped
    )
    watch: Watch | None = field(default=None, compare=False, repr=False)  # hears of each test as it ends
    tested: Tested | None = field(default=None, compare=False, repr=False)

    def prepared(self, engine: Engine) -> Deploy:
        """Play the tests before the transaction: nobody waits for them. Raises Forbidden."""
        if not self.play:
            return self
        if self.actor is not None:
            require(self.actor, "deployment.create")
        brought, problems = contents.read(self.files)
        whole, split = contents.merged(brought, engine.ask(ActiveContents()))
        if any(problem.severity == "error" for problem in problems + split):
            return self
        places = {content.place for content in brought}
        return replace(self, tested=play_release(whole, places, engine.registry, self.watch))

    def execute(self, step: Step) -> dict[str, Any]:
        if self.actor is not None:
            require(self.actor, "deployment.create")
        brought, problems = contents.read(self.files)
        step.engine.store.lock_name(step.connection, release_rows.LOCK)
        faults.point("before_load")
        parent = release_rows.active(step.connection)
        carried = release_rows.contents_of(step.connection, parent.id) if parent else []
        faults.point("after_load")
        faults.point("before_run")
        whole, split = contents.merged(brought, carried)
        problems += split + check_release(whole, step.engine.registry, brought=self.files)
        refuse(problems)
        if self.tested is not None:
            self.tested.check_same(whole)
            problems += self.tested.problems("error" if self.actor is None else "warning")
            refuse(problems)
        faults.point("after_run")
        fingerprint = release_rows.fingerprint(whole)
        if self.actor is None and parent is not None and parent.content_hash == fingerprint:
            return release_rows.describe(step.connection, parent.id)
        faults.point("before_save")
        deployment_id = new_id()
        step.connection.execute(
            insert(t.deployment).values(
                id=deployment_id,
                state="candidate",
                origin="person" if self.actor else "shipped",
                uploaded_by=self.actor.username if self.actor else SYSTEM,
                uploaded_at=step.now,
                comment=self.comment,
                parent_id=parent.id if parent else None,
                content_hash=fingerprint,
                warnings=release_rows.warnings_json(problems),
            )
        )
        release_rows.set_parts(step, deployment_id, whole, {content.place for content in brought})
        data = {"deployment": deployment_id, "files": sorted(self.files), "content_hash": fingerprint}
        step.record(OFFICE, "deployed", data=data, actor=self.actor)
        if self.actor is None:
            release_rows.make_active(step, deployment_id, SYSTEM)
            step.record(OFFICE, "activated", data={"deployment": deployment_id})
        faults.point("after_save")
        return release_rows.describe(step.connection, deployment_id)


def refuse(problems: Iterable[Problem]) -> None:
    """Raises DeploymentRefused where any of them is an error."""
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise DeploymentRefused(errors)
