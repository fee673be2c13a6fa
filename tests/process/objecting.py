"""What tests say about objections: somebody files one, somebody looks into it, somebody signs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select

from engine.identity.tables import account, membership
from engine.store import tables as t
from engine.store.metadata import new_id
from processes.publicity.objections import FileObjection
from processes.register.notice_tables import publicity_notice
from processes.register.objection_tables import investigation, objection
from tests.conftest import NOON
from tests.process.stage import OFFICE, OFFICE2, SUPERVISOR, Stage, person

P06, P07 = "P06_publicity_window", "P07_objection_investigation"
INVESTIGATOR = person("investigator", "investigator")
DISCIPLINE = person("discipline-u01", "unit_supervisor", scope="unit:u01")
TEXT = {
    "title": "2026 年度职称评审结果公示",
    "body": "现将评审结果予以公示，公示期内可以反映问题。",
    "contact_phone": "0971-6120000",
    "contact_email": "pingshen@example.cn",
}
SAID = "此人申报的第二项业绩系他人完成，档案室有当时的验收单为证。"


def appoint_investigators(stage: Stage) -> None:
    """Accounts that may be told to look into an objection: the province's, and the first unit's supervisor."""
    with stage.engine.store.transaction() as connection:
        for actor, group, scope in ((INVESTIGATOR, "investigator", ""), (DISCIPLINE, "unit_supervisor", "unit:u01")):
            row = {"id": new_id(), "username": actor.username, "name": actor.name}
            connection.execute(insert(account).values(**row, created_at=NOON, password_at=NOON))
            connection.execute(
                insert(membership).values(account_id=row["id"], group_key=group, scope=scope, granted_at=NOON)
            )


def result_notice(stage: Stage, published: str = "2026-09-28T16:00:00") -> str:
    """A result notice over all cases, public at that instant; answers the instance of P06."""
    stage.until(published)
    given = {
        "notice_kind": "result",
        "notice_scope": "province",
        "publisher_group": "committee_office",
        "publisher_scope": "province",
        "item_application_ids": stage.applications,
    }
    instance = stage.start(P06, **given)
    publish_again(stage, instance)
    return instance


def publish_again(stage: Stage, instance: str) -> None:
    stage.do(instance, "prepare_notice", OFFICE, **TEXT, min_workdays=5)
    stage.do(instance, "approve_notice", OFFICE2, decision="approve")


def notice_of(stage: Stage, instance: str) -> dict[str, Any]:
    return stage.rows(publicity_notice, publicity_notice.c.id == stage.variable(instance, "notice_id"))[0]


def file(stage: Stage, notice_id: str, item: int | None = None, **given: Any) -> dict[str, Any]:
    """Hand in an objection now; answers its row."""
    values: dict[str, Any] = {"grounds": ["false_performance"], "text": SAID} | given
    answer = stage.engine.run(FileObjection(notice_id, item, **values))
    stage.engine.work()
    return stage.rows(objection, objection.c.receipt_no == answer["receipt_no"])[0]


def found(stage: Stage, row: dict[str, Any]) -> dict[str, Any]:
    return stage.rows(investigation, investigation.c.objection_id == row["id"])[0]


def assign(stage: Stage, row: dict[str, Any], **changed: Any) -> str:
    """The case is given to the investigator; answers the instance of P07."""
    given = {"investigator": INVESTIGATOR.username, "question": "请说明第二项业绩由谁完成。"} | changed
    if row["item_id"] is None:
        del given["question"]
    stage.do(row["instance_id"], "assign_investigator", INVESTIGATOR, **given)
    return str(row["instance_id"])


def look_into(stage: Stage, row: dict[str, Any]) -> str:
    """Assigned, nobody answers within three working days, and the facts are gathered."""
    instance = assign(stage, row)
    if row["item_id"] is not None:
        due = [timer.due_at for timer in stage.look(instance).timers]
        stage.engine.work(max(due))
    stage.do(instance, "investigate", INVESTIGATOR, checked=["documents"])
    return instance


def conclude(stage: Stage, instance: str, proposal: str = "continue", finding: str = "", **signed: Any) -> None:
    """The investigator's conclusion and the supervisor's signature."""
    stage.do(
        instance,
        "conclude",
        INVESTIGATOR,
        finding=finding or ("unfounded" if proposal == "continue" else "proven"),
        facts="经查阅验收单并询问有关人员，第二项业绩的完成人已经查明。",
        proposal=proposal,
        articles="《职称评审管理暂行规定》第二十七条",
    )
    stage.do(instance, "supervisor_sign", SUPERVISOR, **({"decision": "sign"} | signed))


def instances_of_p07(stage: Stage) -> list[str]:
    with stage.engine.store.snapshot() as connection:
        query = select(t.instance.c.id).join(t.definition, t.definition.c.id == t.instance.c.definition_id)
        return list(connection.execute(query.where(t.definition.c.key == P07)).scalars())
