"""What has to be there before a candidate may become active: a ground and signatures for rule sets, a read preview, a second person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from engine.bpmn.elements import read_processes
from engine.bpmn.xmlsafe import read_xml
from engine.commands.contents import Content
from engine.errors import Conflict, Refused
from engine.registry import Registry
from engine.store import tables as t
from engine.studio import publishing_tables as p
from forms.i18n import T, Text


def review(connection: Connection, deployment_id: str) -> Row[Any] | None:
    """The row of a release that a person proposed or activated with a reason; None for any other."""
    asked = select(p.release_review).where(p.release_review.c.deployment_id == deployment_id)
    return connection.execute(asked).first()


def write(connection: Connection, deployment: Row[Any], **values: Any) -> None:
    """Set columns of the release's review; the row is made where there is none. The deployments are locked (`release_rows.LOCK`)."""
    table = p.release_review
    if review(connection, deployment.id) is None:
        begun = {"deployment_id": deployment.id, "reason": deployment.comment}
        connection.execute(insert(table).values(**(begun | values)))
    else:
        connection.execute(update(table).where(table.c.deployment_id == deployment.id).values(**values))


def changed_rules(coming: Iterable[Content], current: Iterable[Content], tables: Collection[str]) -> list[Content]:
    """The decision tables among `tables` (keys) that `coming` says otherwise than `current`, and the diagrams that no longer ask one
    of them where they did: a table under another name would else decide in its place."""
    standing = {content.place: content for content in current}
    found = []
    for content in coming:
        before = standing.get(content.place)
        if before is not None and before.sha256 == content.sha256:
            continue
        rule_table = content.kind == "decision" and content.key in tables
        if rule_table or (before is not None and _asked(before, tables) - _asked(content, tables)):
            found.append(content)
    return found


def _asked(content: Content, tables: Collection[str]) -> Counter[str]:
    """How often a diagram asks each of these tables; nothing for what is no diagram that runs."""
    root = read_xml(content.file, content.raw)[0] if content.kind == "process" and tables else None
    processes = read_processes(root) if root is not None else ()
    return Counter(
        element.decision_ref
        for process in processes
        if process.id == content.key
        for element in process.elements.values()
        if element.decision_ref is not None and element.decision_ref in tables
    )


def signed(connection: Connection, deployment_id: str) -> dict[str, Row[Any]]:
    """Signatures by the authority that gave them."""
    table = p.release_signature
    found = connection.execute(select(table).where(table.c.deployment_id == deployment_id))
    return {row.authority: row for row in found}


def missing(
    connection: Connection,
    registry: Registry,
    deployment: Row[Any],
    coming: Iterable[Content],
    current: Iterable[Content],
    active_id: str | None,
) -> list[Refused]:
    """What a candidate still lacks, each as the refusal of its activation; empty where only the second person is missing."""
    row = review(connection, deployment.id)
    lacking: list[Refused] = []
    rules = changed_rules(coming, current, registry.rule_tables)
    if rules:
        names = [content.name for content in rules]
        if row is None or not row.document:
            lacking.append(
                Refused(
                    T("这次改了评审规则（{names}），请先写明依据的政策文件编号。", names=names), code="DOCUMENT_MISSING"
                )
            )
        elif not known_document(connection, registry, row.document):
            lacking.append(
                Refused(T("政策文件“{no}”不在已公布的文件里，请先公布它。", no=row.document), code="DOCUMENT_UNKNOWN")
            )
        there = signed(connection, deployment.id)
        lacking += [
            Refused(
                T("这次改了评审规则（{names}），还缺{who}的签署。", names=names, who=name_of(registry, group)),
                code="SIGNATURE_MISSING",
                authority=group,
            )
            for group in registry.rule_signers
            if group not in there
        ]
    if row is not None and row.change_id is not None:
        if row.preview_at is None:
            text = T("还没有看过“对正在办理的事有什么影响”，请先看过再启用。")
            lacking.append(Refused(text, code="PREVIEW_UNREAD"))
        elif row.preview_of != active_id:
            text = T("看过影响以后又启用了另一个版本，请重新看一遍。")
            lacking.append(Refused(text, code="PREVIEW_OLD"))
    return lacking


def require_standing(connection: Connection, deployment: Row[Any]) -> None:
    """Raises Conflict (WITHDRAWN) for a proposal that was taken back."""
    row = review(connection, deployment.id)
    if row is not None and row.withdrawn_at is not None:
        text = T("这个版本已经撤回，不能启用。")
        raise Conflict(text, code="WITHDRAWN", by=row.withdrawn_by, at=row.withdrawn_at)


def require_signed_rules(
    connection: Connection,
    registry: Registry,
    deployment: Row[Any],
    whole: Iterable[Content],
    current: Iterable[Content],
) -> None:
    """The former release comes back in one step, whatever it says. An older one only with the rule sets that are in force: others
    go the way of any change of the rules. Raises Refused (OLD_RULES)."""
    d = t.deployment.c
    former = connection.scalar(select(func.max(d.activated_at)).where(d.state == "superseded"))
    if deployment.activated_at == former:
        return
    rules = changed_rules(whole, current, registry.rule_tables)
    if rules:
        text = T(
            "这个版本的评审规则（{names}）和启用中的不同，又不是上一个版本，不能直接恢复。请导出它，再导入成一个改动，写明政策文件并由两个部门签署。",
            names=[content.name for content in rules],
        )
        raise Refused(text, code="OLD_RULES")


def known_document(connection: Connection, registry: Registry, number: str) -> bool:
    return registry.policy_document is None or registry.policy_document(connection, number)


def name_of(registry: Registry, group: str) -> Text | str:
    """The group as people call it."""
    return registry.groups.get(group, group)


def deployment_row(connection: Connection, deployment_id: str) -> Row[Any] | None:
    return connection.execute(select(t.deployment).where(t.deployment.c.id == deployment_id)).first()
