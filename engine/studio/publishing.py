"""From a change to a release: proposing it, reading what it means, signing a rule set, taking a proposal or its date back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, insert, update

from engine import policy
from engine.commands import contents, release_rows
from engine.commands.activate_deployment import FURTHEST
from engine.commands.allowed import require
from engine.commands.deploy import Deploy, refuse
from engine.commands.step import Step
from engine.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from engine.history import OFFICE
from engine.policy import ReleaseFacts
from engine.registry import Actor
from engine.scenarios.gate import Tested, Watch, play_release
from engine.store.upsert import insert_new
from engine.studio import publishing_tables as p
from engine.studio import reviews, rows
from engine.studio import tables as s
from engine.studio.overtaking import behind, require_none
from engine.studio.release import ChangeRelease, active_contents, whole_of
from forms.i18n import T

if TYPE_CHECKING:
    from engine.engine import Engine


@dataclass(frozen=True)
class ProposeChange:
    """Make a change a candidate: lint clean, its scenario tests green. `document`: number of the published policy document, needed
    where a rule set changes. `at`: when it is to take effect (aware); the second person decides. Answers as `Deploy`.

    Raises Forbidden, NotFound, Invalid (`reason`, `document`, `at`), Refused (NOTHING_CHANGED; BEHIND: one of its files was
    changed by another release meanwhile, and nobody looked at it), DeploymentRefused, Conflict
    (CHANGE_CLOSED; CHANGE_MOVED: somebody saved during the tests; RELEASE_MOVED), Busy as `play_release`."""

    change_id: str
    actor: Actor
    reason: str
    document: str = ""
    at: datetime | None = None
    watch: Watch | None = field(default=None, compare=False, repr=False)
    deploy: Deploy | None = field(default=None, compare=False, repr=False)

    def prepared(self, engine: Engine) -> ProposeChange:
        """Play the tests before the transaction."""
        require(self.actor, "deployment.create")
        whole = engine.ask(ChangeRelease(self.actor, self.change_id))
        if not self.reason.strip() or not whole.brought:
            return self
        deploy = Deploy(whole.brought, self.actor, self.reason.strip(), watch=self.watch).prepared(engine)
        return replace(self, deploy=deploy)

    def execute(self, step: Step) -> dict[str, Any]:
        require(self.actor, "deployment.create")
        step.engine.store.lock_name(step.connection, release_rows.LOCK)
        rows.editable(step, self.actor, self.change_id)
        reason = rows.checked_text("reason", self.reason, needed=True)
        whole = whole_of(step.connection, self.change_id)
        if not whole.brought:
            raise Refused(T("这个改动和启用中的版本没有区别，不用启用。"), code="NOTHING_CHANGED")
        require_none(behind(step.connection, self.change_id, active_contents(step.connection)))
        document = self._document(step, whole.contents)
        if self.at is not None and not step.now < self.at <= step.now + FURTHEST:
            raise Invalid({"at": [T("生效时间要在现在以后、一年以内。")]})
        if self.deploy is None or self.deploy.files != whole.brought:
            text = T("检查期间有人保存了新的内容，请看过以后再提交一次。")
            raise Conflict(text, code="CHANGE_MOVED", by=None, at=None)
        if self.deploy.tested is not None:
            refuse(self.deploy.tested.problems("error"))
        made = self.deploy.execute(step)
        step.connection.execute(
            insert(p.release_review).values(
                deployment_id=made["id"],
                change_id=self.change_id,
                reason=reason,
                document=document or None,
                wanted_at=self.at,
            )
        )
        step.connection.execute(
            update(s.change).where(s.change.c.id == self.change_id).values(state="proposed", deployment_id=made["id"])
        )
        data = {"change": self.change_id, "deployment": made["id"], "reason": reason, "document": document}
        step.record(OFFICE, "release_proposed", data=data, actor=self.actor)
        return made

    def _document(self, step: Step, whole: list[contents.Content]) -> str:
        """Raises Invalid (`document`)."""
        registry = step.engine.registry
        number = rows.checked_text("document", self.document, longest=200)
        changed = reviews.changed_rules(whole, active_contents(step.connection), registry.rule_tables)
        if changed and not number:
            names = [content.name for content in changed]
            raise Invalid({"document": [T("这次改了评审规则（{names}），请写明依据的政策文件编号。", names=names)]})
        if number and not reviews.known_document(step.connection, registry, number):
            text = T("政策文件“{no}”不在已公布的文件里，请先公布它，或者核对编号。", no=number)
            raise Invalid({"document": [text]})
        return number


@dataclass(frozen=True)
class NameDocument:
    """Say afterwards which policy document a candidate stands on, until somebody has signed it. Answers `{"document"}`.
    Raises Forbidden, NotFound, Invalid (`document`), Conflict (NOT_OPEN, WITHDRAWN, SIGNED_ALREADY)."""

    deployment_id: str
    actor: Actor
    document: str

    def execute(self, step: Step) -> dict[str, str]:
        require(self.actor, "deployment.create")
        row = _candidate(step, self.deployment_id)
        number = rows.checked_text("document", self.document, longest=200, needed=True)
        if not reviews.known_document(step.connection, step.engine.registry, number):
            raise Invalid({"document": [T("政策文件“{no}”不在已公布的文件里，请先公布它，或者核对编号。", no=number)]})
        if reviews.signed(step.connection, row.id):
            text = T("已经有人按原来的文件签署，不能再换文件。需要换的，请撤回后重新提交。")
            raise Conflict(text, code="SIGNED_ALREADY", by=None, at=None)
        reviews.write(step.connection, row, document=number)
        data = {"deployment": row.id, "document": number}
        step.record(OFFICE, "release_document_named", data=data, actor=self.actor)
        return {"document": number}


@dataclass(frozen=True)
class ReadPreview:
    """`actor` has read what the candidate means for running cases, over the release that is active now. Answers `{"id"}`.
    Raises Forbidden, NotFound, Conflict (NOT_OPEN, WITHDRAWN)."""

    deployment_id: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, str]:
        require(self.actor, "deployment.create")
        row = _candidate(step, self.deployment_id)
        active = release_rows.active(step.connection)
        read = {"preview_by": self.actor.username, "preview_at": step.now, "preview_of": active.id if active else None}
        reviews.write(step.connection, row, **read)
        step.record(OFFICE, "preview_read", data={"deployment": row.id}, actor=self.actor)
        return {"id": row.id}


@dataclass(frozen=True)
class SignRelease:
    """An authority agrees to a changed rule set: each of `Registry.rule_signers` once, two different persons, never who proposed it.
    Answers `{"authority", "document"}`. Raises Forbidden (SAME_PERSON), NotFound, Conflict (NOT_OPEN, WITHDRAWN, SIGNED_ALREADY),
    Refused (NO_RULES, DOCUMENT_MISSING, DOCUMENT_UNKNOWN)."""

    deployment_id: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, str]:
        registry = step.engine.registry
        row = _any(step, self.deployment_id)
        if not policy.allows(
            self.actor, "release.sign", ReleaseFacts(row.uploaded_by, frozenset(registry.rule_signers))
        ):
            if self.actor.username == row.uploaded_by:
                raise Forbidden(T("提交的人不能自己签署。"), code="SAME_PERSON")
            raise Forbidden(T("评审规则由规定的部门签署，您没有这项权限。"))
        _open(step, row)
        brought = release_rows.contents_of(step.connection, row.id, brought=True)
        if not reviews.changed_rules(brought, active_contents(step.connection), registry.rule_tables):
            raise Refused(T("这个版本没有改评审规则，不需要签署。"), code="NO_RULES")
        known = reviews.review(step.connection, row.id)
        if known is None or not known.document:
            raise Refused(T("还没有写明依据的政策文件，请流程负责人先补上。"), code="DOCUMENT_MISSING")
        if not reviews.known_document(step.connection, registry, known.document):
            text = T("政策文件“{no}”不在已公布的文件里，请先公布它。", no=known.document)
            raise Refused(text, code="DOCUMENT_UNKNOWN")
        there = reviews.signed(step.connection, row.id)
        open_groups = [g for g in registry.rule_signers if g in self.actor.groups and g not in there]
        if not open_groups or any(one.username == self.actor.username for one in there.values()):
            raise Conflict(T("您或者您的部门已经签署过了。"), code="SIGNED_ALREADY", by=None, at=None)
        step.connection.execute(
            insert(p.release_signature).values(
                deployment_id=row.id,
                authority=open_groups[0],
                username=self.actor.username,
                at=step.now,
                document=known.document,
            )
        )
        data = {"deployment": row.id, "authority": open_groups[0], "document": known.document}
        step.record(OFFICE, "release_signed", data=data, actor=self.actor)
        return {"authority": open_groups[0], "document": known.document}


@dataclass(frozen=True)
class WithdrawProposal:
    """Take a candidate back, by a process owner, or by an authority that does not agree: its change is open again.
    Answers `{"id", "change_id": of its change, or None}`. Raises Forbidden, NotFound, Invalid (`reason`), Conflict (NOT_OPEN, WITHDRAWN)."""

    deployment_id: str
    actor: Actor
    reason: str

    def execute(self, step: Step) -> dict[str, Any]:
        signers = frozenset(step.engine.registry.rule_signers)
        row = _any(step, self.deployment_id)
        if policy.OWNER not in self.actor.groups:  # an authority has a say in the rule sets, not in every diagram
            brought = release_rows.contents_of(step.connection, row.id, brought=True)
            if not reviews.changed_rules(brought, active_contents(step.connection), step.engine.registry.rule_tables):
                signers = frozenset()
        require(self.actor, "release.withdraw", ReleaseFacts(row.uploaded_by, signers))
        _open(step, row)
        reason = rows.checked_text("reason", self.reason, needed=True)
        taken = {"withdrawn_by": self.actor.username, "withdrawn_at": step.now, "withdrawn_reason": reason}
        reviews.write(step.connection, row, **taken, activate_at=None, ticket=None)
        found = reviews.review(step.connection, row.id)
        change_id = found.change_id if found is not None else None
        step.connection.execute(
            update(s.change)
            .where(s.change.c.deployment_id == row.id, s.change.c.state == "proposed")
            .values(state="open", deployment_id=None)
        )
        data = {"deployment": row.id, "change": change_id, "reason": reason}
        step.record(OFFICE, "release_withdrawn", data=data, actor=self.actor)
        return {"id": row.id, "change_id": change_id}


@dataclass(frozen=True)
class DropDate:
    """The release does not take effect by itself at the agreed date; it stays a candidate. Answers `{"id"}`.
    Raises Forbidden, NotFound, Invalid (`reason`), Conflict (NOT_OPEN, WITHDRAWN, NO_DATE)."""

    deployment_id: str
    actor: Actor
    reason: str

    def execute(self, step: Step) -> dict[str, str]:
        require(self.actor, "deployment.create")
        row = _candidate(step, self.deployment_id)
        reason = rows.checked_text("reason", self.reason, needed=True)
        known = reviews.review(step.connection, row.id)
        if known is None or known.activate_at is None:
            raise Conflict(T("这个版本没有定生效时间。"), code="NO_DATE", by=None, at=None)
        reviews.write(step.connection, row, activate_at=None, ticket=None)
        data = {"deployment": row.id, "at": known.activate_at.isoformat(), "reason": reason}
        step.record(OFFICE, "activation_date_dropped", data=data, actor=self.actor)
        return {"id": row.id}


@dataclass(frozen=True)
class TryChange:
    """Play the scenario tests that a change concerns, and keep what they showed with the fingerprint of what was tested.
    Answers `{"passed": n, "failed": n}`; both 0 where nothing concerns it or the lint refuses it anyway.
    Raises Forbidden, NotFound, Busy as `play_release`."""

    change_id: str
    actor: Actor
    watch: Watch | None = field(default=None, compare=False, repr=False)
    tested: Tested | None = field(default=None, compare=False, repr=False)
    fingerprint: str = ""

    def prepared(self, engine: Engine) -> TryChange:
        require(self.actor, "studio.edit")
        whole = engine.ask(ChangeRelease(self.actor, self.change_id))
        places = {content.place for content in whole.contents if content.id is None}
        tested = play_release(whole.contents, places, engine.registry, self.watch) if places else None
        return replace(self, tested=tested, fingerprint=release_rows.fingerprint(whole.contents))

    def execute(self, step: Step) -> dict[str, int]:
        require(self.actor, "studio.edit")
        rows.readable(step.connection, self.actor, self.change_id)
        outcomes = self.tested.outcomes if self.tested else ()
        failed: list[Mapping[str, Any]] = [
            {"file": found.file, "line": found.line, "element": found.element, "text": found.text.dump()}
            for found in (self.tested.problems("error") if self.tested else ())
        ]
        kept = {
            "fingerprint": self.fingerprint,
            "username": self.actor.username,
            "at": step.now,
            "passed": len(outcomes) - len(failed),
            "failed": failed,
        }
        table = p.change_trial
        made = step.connection.execute(insert_new(step.connection, table).values(change_id=self.change_id, **kept))
        if made.rowcount != 1:
            step.connection.execute(update(table).where(table.c.change_id == self.change_id).values(**kept))
        return {"passed": len(outcomes) - len(failed), "failed": len(failed)}


def _candidate(step: Step, deployment_id: str) -> Row[Any]:
    """The candidate's row, with the deployments locked. Raises NotFound, Conflict (NOT_OPEN, WITHDRAWN)."""
    row = _any(step, deployment_id)
    _open(step, row)
    return row


def _any(step: Step, deployment_id: str) -> Row[Any]:
    """The release's row, with the deployments locked. Raises NotFound."""
    step.engine.store.lock_name(step.connection, release_rows.LOCK)
    row = reviews.deployment_row(step.connection, deployment_id)
    if row is None:
        raise NotFound(T("没有这次发布。"))
    return row


def _open(step: Step, row: Row[Any]) -> None:
    """Raises Conflict (NOT_OPEN, WITHDRAWN) for what is no candidate any more."""
    if row.state != "candidate":
        raise Conflict(
            T("这个版本已经启用过，不再等待启用。"), code="NOT_OPEN", by=row.activated_by, at=row.activated_at
        )
    reviews.require_standing(step.connection, row)
