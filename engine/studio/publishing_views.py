"""Reading what publishing needs: the checklist of a change, the review of a release, and what waits for an authority's signature."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine import policy
from engine.commands import release_rows
from engine.commands.check_release import check_release
from engine.commands.contents import Content
from engine.errors import Forbidden, NotFound, Problem
from engine.policy import ReleaseFacts
from engine.queries import shaped
from engine.queries.reading import Reading
from engine.registry import Actor
from engine.store import tables as t
from engine.studio import publishing_tables as p
from engine.studio import reviews, rows
from engine.studio import tables as s
from engine.studio.overtaking import behind, overtaken
from engine.studio.release import active_contents, whole_of
from forms.i18n import T, Text


@dataclass(frozen=True)
class Failed:
    file: str
    line: int | None
    element: str | None
    text: Text


@dataclass(frozen=True)
class Trial:
    """What the scenario tests showed when they were last played. `fresh`: of exactly what the change is now."""

    passed: int
    failed: tuple[Failed, ...]
    at: datetime
    by: str
    fresh: bool


@dataclass(frozen=True)
class Checked:
    """What stands between a change and its proposal. `problems`: everything the lint and the soundness check say.
    `unsaved`: (file, person) of drafts that are not in it. `rules`: rule sets that it changes."""

    title: str
    state: str
    deployment_id: str | None
    brought: tuple[str, ...]  # names of files that differ from the active release
    definitions: tuple[Content, ...]
    problems: tuple[Problem, ...]
    rules: tuple[Content, ...]
    trial: Trial | None
    unsaved: tuple[tuple[str, str], ...]
    behind: tuple[str, ...]  # files that another release changed meanwhile, and nobody looked at it


@dataclass(frozen=True)
class Checklist:
    """Raises Forbidden, NotFound."""

    actor: Actor
    change_id: str

    def answer(self, reading: Reading) -> Checked:
        connection, registry = reading.connection, reading.engine.registry
        row = rows.readable(connection, self.actor, self.change_id)
        whole = whole_of(connection, row.id)
        problems = list(whole.problems)
        if whole.brought:
            problems += check_release(whole.contents, registry, brought=whole.brought)
        d = s.change_draft.c
        drafts = connection.execute(
            select(d.file_name, d.username).where(d.change_id == row.id, d.content.is_not(None)).order_by(d.file_name)
        ).all()
        known = shaped.names(connection, [draft.username for draft in drafts])
        return Checked(
            title=row.title,
            state=row.state,
            deployment_id=row.deployment_id,
            brought=tuple(sorted(whole.brought)),
            definitions=tuple(content for content in whole.contents if content.id is None),
            problems=tuple(problems),
            rules=tuple(reviews.changed_rules(whole.contents, active_contents(connection), registry.rule_tables)),
            trial=self._trial(reading, release_rows.fingerprint(whole.contents)),
            unsaved=tuple((draft.file_name, known.get(draft.username, draft.username)) for draft in drafts),
            behind=tuple(behind(connection, row.id, active_contents(connection))),
        )

    def _trial(self, reading: Reading, fingerprint: str) -> Trial | None:
        asked = select(p.change_trial).where(p.change_trial.c.change_id == self.change_id)
        row = reading.connection.execute(asked).first()
        if row is None:
            return None
        failed = tuple(Failed(one["file"], one["line"], one["element"], Text.load(one["text"])) for one in row.failed)
        by = shaped.names(reading.connection, [row.username]).get(row.username, row.username)
        return Trial(row.passed, failed, row.at, by, row.fingerprint == fingerprint)


@dataclass(frozen=True)
class Signature:
    """`name` None: this authority has not signed yet."""

    authority: str
    name: str | None
    at: datetime | None


@dataclass(frozen=True)
class Review:
    """A release on its way, and what is known of one that was. `lacking`: what still has to be there before the second person may
    activate it. `rules`: the rule sets it changes, (definition id, name, definition id of the active release or None).
    `former`: id of the release that was active before this one, where this is the active one."""

    deployment_id: str
    state: str
    proposed_by: str
    proposed_name: str
    proposed_at: datetime
    change_id: str | None
    change_title: str | None
    reason: str
    document: str | None
    rules: tuple[tuple[str, str, str | None], ...]
    signatures: tuple[Signature, ...]
    preview_name: str | None
    preview_at: datetime | None
    preview_needed: bool
    preview_fresh: bool
    wanted_at: datetime | None
    activate_at: datetime | None
    agreed_name: str | None
    agreed_at: datetime | None
    agreed_reason: str | None
    halted: tuple[Text, ...]
    withdrawn_name: str | None
    withdrawn_at: datetime | None
    withdrawn_reason: str | None
    lacking: tuple[Text, ...]
    former: str | None
    before: dict[tuple[str, str], str]  # (kind, key) -> definition id in the active release, or in the former one
    may_sign: bool
    may_withdraw: bool


@dataclass(frozen=True)
class ReleaseReview:
    """Readers of releases, and the authorities where a rule set changes. Raises Forbidden, NotFound."""

    actor: Actor
    deployment_id: str

    def answer(self, reading: Reading) -> Review:
        connection, registry = reading.connection, reading.engine.registry
        row = reviews.deployment_row(connection, self.deployment_id)
        signers = frozenset(registry.rule_signers)
        facts = ReleaseFacts(row.uploaded_by if row is not None else "", signers)
        if not policy.allows(self.actor, "release.review", facts):
            raise Forbidden(T("您没有这项权限。"))
        if row is None:
            raise NotFound(T("没有这次发布。"))
        current = release_rows.active(connection)
        former = _former(reading) if row.state == "active" else None
        standing = release_rows.contents_of(
            connection, former if row.state == "active" else current.id if current else None
        )
        brought = release_rows.contents_of(connection, row.id, brought=True)
        rules = reviews.changed_rules(brought, standing, registry.rule_tables) if row.state == "candidate" else []
        known = reviews.review(connection, row.id)
        if not rules and not policy.allows(self.actor, "deployment.read"):
            raise Forbidden(T("您没有这项权限。"))
        values: dict[str, Any] = dict(known._mapping) if known is not None else {}
        there = reviews.signed(connection, row.id)
        people = [row.uploaded_by, *(one.username for one in there.values())]
        people += [values.get(name) for name in ("preview_by", "agreed_by", "withdrawn_by") if values.get(name)]
        names = shaped.names(connection, people)
        before = {content.place: content.id or "" for content in standing}
        candidate = row.state == "candidate" and values.get("withdrawn_at") is None
        lacking = (
            reviews.missing(connection, registry, row, brought, standing, current.id if current else None)
            if candidate
            else []
        )
        late = overtaken(connection, row, current) if candidate else None
        authorities = registry.rule_signers if rules else [group for group in registry.rule_signers if group in there]
        title = connection.scalar(select(s.change.c.title).where(s.change.c.id == values.get("change_id")))
        mine = {one.username for one in there.values()}
        unsigned = {group for group in authorities if group not in there}
        return Review(
            deployment_id=row.id,
            state="withdrawn" if values.get("withdrawn_at") is not None else row.state,
            proposed_by=row.uploaded_by,
            proposed_name=names.get(row.uploaded_by, row.uploaded_by),
            proposed_at=row.uploaded_at,
            change_id=values.get("change_id"),
            change_title=title,
            reason=values.get("reason", row.comment),
            document=values.get("document"),
            rules=tuple((content.id or "", content.name, before.get(content.place)) for content in rules),
            signatures=tuple(
                Signature(
                    group,
                    names.get(there[group].username, there[group].username) if group in there else None,
                    there[group].at if group in there else None,
                )
                for group in authorities
            ),
            preview_name=names.get(values.get("preview_by") or "", values.get("preview_by")),
            preview_at=values.get("preview_at"),
            preview_needed=values.get("change_id") is not None,
            preview_fresh=values.get("preview_at") is not None
            and values.get("preview_of") == (current.id if current else None),
            wanted_at=values.get("wanted_at"),
            activate_at=values.get("activate_at"),
            agreed_name=names.get(values.get("agreed_by") or "", values.get("agreed_by")),
            agreed_at=values.get("agreed_at"),
            agreed_reason=values.get("agreed_reason"),
            halted=tuple(Text.load(one) for one in values.get("halted") or ()),
            withdrawn_name=names.get(values.get("withdrawn_by") or "", values.get("withdrawn_by")),
            withdrawn_at=values.get("withdrawn_at"),
            withdrawn_reason=values.get("withdrawn_reason"),
            lacking=tuple(found.text for found in ([late] if late else []) + lacking),
            former=former,
            before=before,
            may_sign=candidate
            and bool(rules)
            and policy.allows(self.actor, "release.sign", facts)
            and self.actor.username not in mine
            and not self.actor.groups.isdisjoint(unsigned),
            may_withdraw=candidate and policy.allows(self.actor, "release.withdraw", facts),
        )


def _former(reading: Reading) -> str | None:
    """The release that was active before the one that is: of those that were, the last one."""
    d = t.deployment.c
    asked = select(d.id).where(d.state == "superseded").order_by(d.activated_at.desc(), d.id).limit(1)
    found: str | None = reading.connection.scalar(asked)
    return found


@dataclass(frozen=True)
class Standing:
    """What a list of releases says of a candidate beside its state."""

    withdrawn: bool
    activate_at: datetime | None


@dataclass(frozen=True)
class Standings:
    """By id, for those of these releases that have a review. One statement; for who may read the list they come from."""

    deployment_ids: tuple[str, ...]

    def answer(self, reading: Reading) -> dict[str, Standing]:
        r = p.release_review.c
        asked = select(r.deployment_id, r.withdrawn_at, r.activate_at).where(r.deployment_id.in_(self.deployment_ids))
        return {
            row.deployment_id: Standing(row.withdrawn_at is not None, row.activate_at)
            for row in reading.connection.execute(asked)
        }


@dataclass(frozen=True)
class SignatureItem:
    """A candidate that changes rule sets. `mine`: the reader could sign it now."""

    deployment_id: str
    rules: tuple[str, ...]  # names
    document: str | None
    proposed_name: str
    proposed_at: datetime
    mine: bool


@dataclass(frozen=True)
class WaitingSignatures:
    """Candidates that change a rule set and still lack a signature, newest first; for the authorities and the process owners.
    Raises Forbidden."""

    actor: Actor

    def answer(self, reading: Reading) -> list[SignatureItem]:
        registry = reading.engine.registry
        signers = frozenset(registry.rule_signers)
        if not policy.allows(self.actor, "release.review", ReleaseFacts("", signers)):
            raise Forbidden(T("您没有这项权限。"))
        d, part = t.deployment.c, t.deployment_definition.c
        ids = select(part.deployment_id).join(t.definition, t.definition.c.id == part.definition_id)
        ids = ids.where(part.brought, t.definition.c.kind == "decision", t.definition.c.key.in_(registry.rule_tables))
        asked = select(d.id).where(d.state == "candidate", d.id.in_(ids)).order_by(d.uploaded_at.desc(), d.id).limit(50)
        found = []
        for deployment_id in reading.connection.scalars(asked).all():
            review = (
                ReleaseReview(self.actor, deployment_id).answer(reading) if self._of(reading, deployment_id) else None
            )
            if review is not None and any(one.name is None for one in review.signatures):
                found.append(
                    SignatureItem(
                        deployment_id=deployment_id,
                        rules=tuple(name for _, name, _ in review.rules),
                        document=review.document,
                        proposed_name=review.proposed_name,
                        proposed_at=review.proposed_at,
                        mine=review.may_sign,
                    )
                )
        return found

    def _of(self, reading: Reading, deployment_id: str) -> bool:
        """Does it still stand, and still change a rule set that is in force?"""
        known = reviews.review(reading.connection, deployment_id)
        if known is not None and known.withdrawn_at is not None:
            return False
        brought = release_rows.contents_of(reading.connection, deployment_id, brought=True)
        standing = active_contents(reading.connection)
        return bool(reviews.changed_rules(brought, standing, reading.engine.registry.rule_tables))
