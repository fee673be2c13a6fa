"""Make a candidate the release that new instances start on, at once or at a date: the second pair of eyes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, select, update

from engine import faults
from engine.commands import contents, release_rows
from engine.commands.check_release import check_release
from engine.commands.contents import Content, Place
from engine.commands.deploy import SYSTEM, refuse
from engine.commands.step import Step
from engine.errors import Busy, DeploymentRefused, Forbidden, Invalid, NotFound, Problem, Refused, ZhipingError
from engine.history import OFFICE
from engine.identity import people
from engine.jobs import queue
from engine.policy import DeploymentFacts, allows
from engine.registry import Actor, Registry
from engine.scenarios.gate import Tested, Watch, check_same, play_release
from engine.store import tables as t
from engine.store.metadata import new_id
from engine.studio import reviews
from engine.studio import tables as s
from engine.studio.overtaking import overtaken
from forms.i18n import T, Text

if TYPE_CHECKING:
    from engine.engine import Engine
    from engine.queries.reading import Reading


LONGEST = 2_000  # characters of a reason
FURTHEST = timedelta(days=366)  # how far ahead a release may be agreed on


@dataclass(frozen=True)
class ActivateDeployment:
    """Answers as `Deploy`. A candidate whose parent is no longer active first takes over what became active meanwhile,
    so that two uploads lose nothing of each other; a superseded release comes back exactly as it was.

    `reason` is kept; what was proposed from a change needs one. `at` (aware, in the future): everything is checked now and once
    more then, when it becomes active by itself; the answer has `activate_at` (ISO) and the state stays `candidate`.
    `actor` None is the command line, which is asked for no document and no signature.
    Raises NotFound; Forbidden, also for who uploaded it while four eyes are on; Invalid (`reason`, `at`); Conflict (WITHDRAWN);
    Refused (OLD_RULES, DOCUMENT_MISSING, DOCUMENT_UNKNOWN, SIGNATURE_MISSING, PREVIEW_UNREAD, PREVIEW_OLD,
    OVERTAKEN: it would take back what another release changed since it was proposed);
    DeploymentRefused where it no longer passes the lint or its scenario tests; Conflict (RELEASE_MOVED) where another release
    became active meanwhile, so that this one would be another than was asked for; Busy as `play_release`.
    """

    deployment_id: str
    actor: Actor | None
    reason: str = ""
    at: datetime | None = None
    watch: Watch | None = field(default=None, compare=False, repr=False)  # hears of each test as it ends
    tested: Tested | None = field(default=None, compare=False, repr=False)
    seen: str | None = field(default=None, compare=False, repr=False)  # the release as it was when this began

    def prepared(self, engine: Engine) -> ActivateDeployment:
        """Play the tests of what the release brought before the transaction: nobody waits for them. Raises NotFound, Forbidden,
        Refused and Conflict as above: what cannot become active is not tested."""
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
        self._check_words(step, row)
        faults.point("before_load")
        current = release_rows.active(step.connection)
        coming = _coming(step.connection, row, current)
        if self.actor is not None:
            _ready(step.connection, step.engine.registry, row, coming, current)
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
        if self.at is not None:
            return self._agree(step, row, coming, self.at)
        release_rows.make_active(step, row.id, self.actor.username if self.actor else SYSTEM)
        if self.actor is not None:
            agreed = {"agreed_by": self.actor.username, "agreed_at": step.now, "agreed_reason": self.reason.strip()}
            reviews.write(step.connection, row, **agreed, activate_at=None, ticket=None, halted=None)
        step.connection.execute(
            update(s.change)
            .where(s.change.c.deployment_id == row.id, s.change.c.state == "proposed")
            .values(state="published", ended_at=step.now)
        )
        data = {"deployment": row.id, "previous": current.id if current else None, "reason": self.reason.strip()}
        step.record(OFFICE, "activated", data=data, actor=self.actor)
        faults.point("after_save")
        return release_rows.describe(step.connection, row.id)

    def _check_words(self, step: Step, row: Row[Any]) -> None:
        """Raises Invalid (`reason`, `at`)."""
        errors: dict[str, list[Text]] = {}
        known = reviews.review(step.connection, row.id)
        if len(self.reason) > LONGEST:
            errors["reason"] = [T("太长：最多 {n} 个字。", n=LONGEST)]
        elif self.actor is not None and known is not None and known.change_id is not None and not self.reason.strip():
            errors["reason"] = [T("请写明同意启用的理由。")]
        if self.at is not None and row.state != "candidate":
            errors["at"] = [T("回到以前的版本只能马上生效。")]
        elif self.at is not None and not step.now < self.at <= step.now + FURTHEST:
            errors["at"] = [T("生效时间要在现在以后、一年以内。")]
        if errors:
            raise Invalid(errors)

    def _agree(self, step: Step, row: Row[Any], coming: _Release, at: datetime) -> dict[str, Any]:
        """Everything stands; a job will make it active at `at`."""
        ticket = new_id()
        reviews.write(
            step.connection,
            row,
            agreed_by=self.actor.username if self.actor else SYSTEM,
            agreed_at=step.now,
            agreed_reason=self.reason.strip(),
            agreed_hash=release_rows.fingerprint(coming.whole),
            activate_at=at,
            ticket=ticket,
            halted=None,
        )
        payload = {"deployment_id": row.id, "ticket": ticket}
        step.put_job(queue.ACTIVATE, f"{queue.ACTIVATE}:{row.id}:{ticket}", payload, run_at=at)
        data = {"deployment": row.id, "at": at.isoformat(), "reason": self.reason.strip()}
        step.record(OFFICE, "activation_agreed", data=data, actor=self.actor)
        faults.point("after_save")
        return release_rows.describe(step.connection, row.id) | {"activate_at": at.isoformat()}


@dataclass(frozen=True)
class ActivateDue:
    """The date of an agreed release has come: all is checked again, in the name of who agreed. Its tests were played on exactly
    this content; where anything became active since, it is another content, and two persons look at it again. What stands against
    it is kept with the release, which stays a candidate. Does nothing where the date was changed or taken back."""

    deployment_id: str
    ticket: str

    def execute(self, step: Step) -> None:
        step.engine.store.lock_name(step.connection, release_rows.LOCK)
        row = reviews.deployment_row(step.connection, self.deployment_id)
        known = reviews.review(step.connection, self.deployment_id)
        if row is None or known is None or row.state != "candidate" or known.ticket != self.ticket:
            return
        try:
            with step.connection.begin_nested():
                actor = people.actor(step.connection, known.agreed_by)
                ActivateDeployment(row.id, actor, known.agreed_reason, seen=known.agreed_hash).execute(step)
        except Busy:
            raise
        except ZhipingError as error:  # the account is gone, something became active since, the lint knows more by now
            texts = [error.text]
            if isinstance(error, DeploymentRefused):
                texts = [problem.text for problem in error.problems]
            reviews.write(
                step.connection, row, activate_at=None, ticket=None, halted=[text.dump() for text in texts[:20]]
            )
            data = {"deployment": row.id, "code": error.code}
            step.record(OFFICE, "activation_halted", data=data, text=error.text)


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
        current = release_rows.active(reading.connection)
        coming = _coming(reading.connection, row, current)
        if self.actor is not None:
            _ready(reading.connection, reading.engine.registry, row, coming, current)
        return coming


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


def _ready(
    connection: Connection, registry: Registry, row: Row[Any], coming: _Release, current: Row[Any] | None
) -> None:
    """Raises Conflict (WITHDRAWN), or Refused with the first thing that a candidate lacks, or for an older release of other rules."""
    standing = release_rows.contents_of(connection, current.id) if current else []
    if row.state != "candidate":
        reviews.require_signed_rules(connection, registry, row, coming.whole, standing)
        return
    reviews.require_standing(connection, row)
    if (late := overtaken(connection, row, current)) is not None:
        raise late
    lacking: list[Refused] = reviews.missing(
        connection, registry, row, coming.whole, standing, current.id if current else None
    )
    if lacking:
        raise lacking[0]
