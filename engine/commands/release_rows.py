"""A release as rows: definitions that are new get a version, unchanged ones keep theirs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from engine.commands.contents import Content
from engine.commands.step import Step
from engine.errors import Problem
from engine.history import canonical
from engine.store import tables as t
from engine.store.metadata import new_id

if TYPE_CHECKING:
    from engine.queries.reading import Reading

LOCK = "deployment"  # one deployment at a time is written or activated


def active(connection: Connection) -> Row[Any] | None:
    """The active deployment's row."""
    return connection.execute(select(t.deployment).where(t.deployment.c.state == "active")).first()


def contents_of(connection: Connection, deployment_id: str | None, *, brought: bool | None = None) -> list[Content]:
    definition, part = t.definition, t.deployment_definition
    query = (
        select(definition)
        .join(part, part.c.definition_id == definition.c.id)
        .where(part.c.deployment_id == deployment_id)
        .order_by(definition.c.kind, definition.c.key)
    )
    if brought is not None:
        query = query.where(part.c.brought == brought)
    return [
        Content(row.kind, row.key, row.name, row.file_name, row.content, tuple(row.starter_groups), row.id)
        for row in connection.execute(query)
    ]


@dataclass(frozen=True)
class ActiveContents:
    """The definitions of the active release; none before the first."""

    def answer(self, reading: Reading) -> list[Content]:
        row = active(reading.connection)
        return contents_of(reading.connection, row.id) if row is not None else []


def fingerprint(contents: Iterable[Content]) -> str:
    """Equal for releases of equal content."""
    return hashlib.sha256(canonical(sorted([c.kind, c.key, c.sha256] for c in contents))).hexdigest()


def keep_definition(step: Step, content: Content) -> str:
    """The id of the row with this content: an old one where nothing changed, else a new version."""
    if content.id is not None:
        return content.id
    definition = t.definition
    same = definition.c.kind == content.kind, definition.c.key == content.key
    found = step.connection.scalar(
        select(definition.c.id)
        .where(*same, definition.c.sha256 == content.sha256)
        .order_by(definition.c.version.desc())
        .limit(1)
    )
    if found is not None:
        return str(found)
    version = (step.connection.scalar(select(func.max(definition.c.version)).where(*same)) or 0) + 1
    definition_id = new_id()
    step.connection.execute(
        insert(definition).values(
            id=definition_id,
            key=content.key,
            kind=content.kind,
            version=version,
            name=content.name or content.key,
            file_name=content.file,
            content=content.raw,
            sha256=content.sha256,
            created_at=step.now,
            starter_groups=list(content.starter_groups),
        )
    )
    return definition_id


def set_parts(step: Step, deployment_id: str, contents: Iterable[Content], brought: set[tuple[str, str]]) -> None:
    part = t.deployment_definition
    step.connection.execute(delete(part).where(part.c.deployment_id == deployment_id))
    step.connection.execute(
        insert(part),
        [
            {
                "deployment_id": deployment_id,
                "definition_id": keep_definition(step, content),
                "brought": content.place in brought,
            }
            for content in contents
        ],
    )


def make_active(step: Step, deployment_id: str, username: str) -> None:
    deployment = t.deployment
    step.connection.execute(update(deployment).where(deployment.c.state == "active").values(state="superseded"))
    step.connection.execute(
        update(deployment)
        .where(deployment.c.id == deployment_id)
        .values(state="active", activated_by=username, activated_at=step.now)
    )


def warnings_json(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [
        {"file": p.file, "line": p.line, "element": p.element, "code": p.code, "text": p.text.dump()}
        for p in problems
        if p.severity == "warning"
    ]


def describe(connection: Connection, deployment_id: str) -> dict[str, Any]:
    """The answer of `Deploy` and `ActivateDeployment`: the release and the definitions it brought."""
    deployment, definition, part = t.deployment, t.definition, t.deployment_definition
    row = connection.execute(
        select(deployment.c.state, deployment.c.warnings).where(deployment.c.id == deployment_id)
    ).one()
    found = connection.execute(
        select(definition.c.id, definition.c.key, definition.c.kind, definition.c.version, definition.c.name)
        .join(part, part.c.definition_id == definition.c.id)
        .where(part.c.deployment_id == deployment_id, part.c.brought)
        .order_by(definition.c.kind, definition.c.key)
    )
    return {
        "id": deployment_id,
        "state": row.state,
        "definitions": [dict(each._mapping) for each in found],
        "warnings": row.warnings,
    }
