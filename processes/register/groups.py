"""Review groups and what their members wrote of each case (R-73). Opinions are a reference; they never decide (R-55)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from engine.errors import Forbidden, Invalid, NotFound, Refused
from forms.i18n import T
from processes.register.application_tables import application, representative_work
from processes.register.committee_tables import get_meeting, meeting_candidate
from processes.register.expert_tables import expert
from processes.register.recusals import recused, recused_by_case
from processes.register.rolls import require_member, roll
from processes.register.room_tables import (
    OPINION_LENGTH,
    group_opinion,
    interview_record,
    review_group,
    review_group_case,
    review_group_member,
)
from processes.rules import groups as rules
from processes.rules.groups import Group

RECOMMENDATIONS = ("approve", "reject", "interview")
MODES = ("interview", "report", "exhibition")


def propose(connection: Connection, meeting_id: str) -> list[Group]:
    """A proposal by fields and load; nothing is kept. Raises `Refused` `NO_GROUPS` where recusals leave no room."""
    known = {
        row.id: frozenset((*row.specialties, *row.tracks))
        for row in connection.execute(select(expert.c.id, expert.c.specialties, expert.c.tracks))
    }
    readers = [
        rules.Reader(row["expert_id"], known[row["expert_id"]])
        for row in roll(connection, meeting_id)
        if row["excluded_at"] is None
    ]
    cases = [rules.Reading(row.id, _about(connection, row)) for row in _cases(connection, meeting_id)]
    try:
        return rules.propose(readers, cases, recused_by_case(connection, meeting_id))
    except rules.NoGroups as none:
        raise Refused(
            T("系统排不出每组至少 {least} 人、又无人需要回避的分组，请人工安排或递补专家。", least=rules.LEAST),
            code="NO_GROUPS",
            cases=len(none.cases),
        ) from none


def arrange(connection: Connection, meeting_id: str, groups: Sequence[Group], *, by: str, now: datetime) -> None:
    """Keep this arrangement in place of the one before. Opinions already written stay.

    Raises NotFound (not on the roll or the list), Refused: `SESSION_BEGUN`, `GROUPS_INCOMPLETE`."""
    meeting = get_meeting(connection, meeting_id, lock=True)
    if meeting["status"] != "planned":
        raise Refused(T("会议已经开始，不能再调整分组。"), code="SESSION_BEGUN")
    listed = {row.id for row in _cases(connection, meeting_id)}
    for group in groups:
        for member in group.members:
            require_member(connection, meeting_id, member)
        if not listed.issuperset(group.cases):
            raise NotFound(T("这份申报不在这次会议的名单上。"))
    _refuse(connection, meeting_id, groups)
    for table in (review_group_member, review_group_case, review_group):
        connection.execute(delete(table).where(table.c.meeting_id == meeting_id))
    for number, group in enumerate(groups, 1):
        connection.execute(
            insert(review_group).values(meeting_id=meeting_id, number=number, arranged_by=by, arranged_at=now)
        )
        mine = {"meeting_id": meeting_id, "number": number}
        members = [{**mine, "expert_id": one, "lead": one == group.lead} for one in group.members]
        connection.execute(insert(review_group_member), members)
        if group.cases:
            connection.execute(
                insert(review_group_case),
                [{**mine, "application_id": application_id} for application_id in group.cases],
            )


def arranged(connection: Connection, meeting_id: str) -> list[Group]:
    """The groups that stand, in their order. Confidential."""
    members: dict[int, list[Any]] = {}
    query = (
        select(review_group_member.c.number, review_group_member.c.expert_id, review_group_member.c.lead)
        .where(review_group_member.c.meeting_id == meeting_id)
        .order_by(review_group_member.c.number, review_group_member.c.lead.desc(), review_group_member.c.expert_id)
    )
    for row in connection.execute(query):
        members.setdefault(row.number, []).append(row)
    cases: dict[int, list[str]] = {}
    listed = (
        select(review_group_case.c.number, review_group_case.c.application_id)
        .join(
            meeting_candidate,
            (meeting_candidate.c.meeting_id == review_group_case.c.meeting_id)
            & (meeting_candidate.c.application_id == review_group_case.c.application_id),
        )
        .where(review_group_case.c.meeting_id == meeting_id)
        .order_by(meeting_candidate.c.position)
    )
    for case in connection.execute(listed):
        cases.setdefault(case.number, []).append(case.application_id)
    numbers = connection.scalars(
        select(review_group.c.number).where(review_group.c.meeting_id == meeting_id).order_by(review_group.c.number)
    )
    return [
        Group(
            tuple(row.expert_id for row in members.get(number, ())),
            next((row.expert_id for row in members.get(number, ()) if row.lead), ""),
            tuple(cases.get(number, ())),
        )
        for number in numbers
    ]


def check_groups(connection: Connection, meeting_id: str) -> None:
    """Whether what stands may be worked with. Raises `Refused` `GROUPS_INCOMPLETE` saying in counts what is missing."""
    _refuse(connection, meeting_id, arranged(connection, meeting_id))


def group_of(connection: Connection, meeting_id: str, expert_id: str) -> tuple[int, Group] | None:
    """Number and group of an expert; None without one."""
    for number, group in enumerate(arranged(connection, meeting_id), 1):
        if expert_id in group.members:
            return number, group
    return None


def due_opinions(connection: Connection, meeting_id: str) -> list[tuple[str, str, bool]]:
    """(application id, expert id, written) for every opinion that the arrangement asks for. Confidential."""
    written = {
        (row.application_id, row.expert_id)
        for row in connection.execute(
            select(group_opinion.c.application_id, group_opinion.c.expert_id).where(
                group_opinion.c.meeting_id == meeting_id
            )
        )
    }
    asked = [(case, group.members) for group in arranged(connection, meeting_id) for case in group.cases]
    back = recused_by_case(connection, meeting_id)
    return [
        (case, member, (case, member) in written)
        for case, members in asked
        for member in members
        if member not in back[case]
    ]


def missing_opinions(connection: Connection, meeting_id: str) -> int:
    """How many opinions are still to be written; a case that no group reads misses one."""
    read = {case for group in arranged(connection, meeting_id) for case in group.cases}
    unread = sum(row.id not in read for row in _cases(connection, meeting_id)) if roll(connection, meeting_id) else 0
    return unread + sum(not written for _, _, written in due_opinions(connection, meeting_id))


def write_opinion(
    connection: Connection,
    meeting_id: str,
    application_id: str,
    expert_id: str,
    *,
    strengths: str,
    weaknesses: str,
    recommendation: str,
    scores: Mapping[str, int],
    now: datetime,
) -> None:
    """Write or correct one's opinion until the session opens: at least 100 characters in all, scores of 0 to 100.

    Raises NotFound (not on the roll; recused, as if there were no such case), Forbidden (another group's case),
    Invalid, Refused `SESSION_BEGUN`."""
    meeting = get_meeting(connection, meeting_id, lock=True)
    require_member(connection, meeting_id, expert_id)
    if expert_id in recused(connection, meeting_id, application_id):
        raise NotFound(T("没有这份申报。"))
    mine = group_of(connection, meeting_id, expert_id)
    if mine is None or application_id not in mine[1].cases:
        raise Forbidden(T("这份申报不由您所在的评议组评议。"))
    if meeting["status"] != "planned":
        raise Refused(T("会议已经开始，评议意见不能再改。"), code="SESSION_BEGUN")
    strengths, weaknesses = strengths.strip(), weaknesses.strip()
    wrong = {}
    if len(strengths) + len(weaknesses) < OPINION_LENGTH:
        given = len(strengths) + len(weaknesses)
        wrong["strengths"] = [T("优点与不足合计至少 {least} 字，现有 {given} 字。", least=OPINION_LENGTH, given=given)]
    if not strengths:
        wrong["strengths"] = [T("请写明申报人的优点和业绩。")]
    if recommendation not in RECOMMENDATIONS:
        wrong["recommendation"] = [T("请选择评议建议。")]
    if not all(isinstance(one, int) and 0 <= one <= 100 for one in scores.values()):
        wrong["scores"] = [T("评分应在 0 至 100 之间。")]
    if wrong:
        raise Invalid(wrong)
    values = {
        "strengths": strengths,
        "weaknesses": weaknesses,
        "recommendation": recommendation,
        "scores": dict(scores),
        "written_at": now,
    }
    here = (
        group_opinion.c.meeting_id == meeting_id,
        group_opinion.c.application_id == application_id,
        group_opinion.c.expert_id == expert_id,
    )
    corrected = update(group_opinion).where(*here).values(**values, version=group_opinion.c.version + 1)
    if connection.execute(corrected).rowcount == 0:
        connection.execute(
            insert(group_opinion).values(
                meeting_id=meeting_id, application_id=application_id, expert_id=expert_id, version=1, **values
            )
        )


def opinions(connection: Connection, meeting_id: str, application_id: str) -> list[RowMapping]:
    """What was written of a case, by who has not stood back since: expert_id, strengths, weaknesses, recommendation,
    scores, written_at. In an order that does not tell who wrote first."""
    query = (
        select(group_opinion)
        .where(group_opinion.c.meeting_id == meeting_id, group_opinion.c.application_id == application_id)
        .order_by(group_opinion.c.expert_id)
    )
    back = recused(connection, meeting_id, application_id)
    return [row for row in connection.execute(query).mappings() if row["expert_id"] not in back]


def record_interview(
    connection: Connection,
    meeting_id: str,
    application_id: str,
    *,
    mode: str,
    record: str,
    conclusion: str,
    by: str,
    now: datetime,
) -> None:
    """Keep what was said in an interview, report or exhibition (D06); entering again replaces it before the result.

    Raises NotFound, Invalid, Refused `MEETING_OVER`."""
    meeting = get_meeting(connection, meeting_id, lock=True)
    if application_id not in {row.id for row in _cases(connection, meeting_id)}:
        raise NotFound(T("这份申报不在这次会议的名单上。"))
    if meeting["status"] not in ("planned", "counting"):
        raise Refused(T("会议结果已经宣布，不能再登记。"), code="MEETING_OVER")
    wrong = {}
    if mode not in MODES:
        wrong["mode"] = [T("请选择面试答辩、述职或成果展示。")]
    for name, text in (("record", record), ("conclusion", conclusion)):
        if not text.strip():
            wrong[name] = [T("请填写这一项。")]
    if wrong:
        raise Invalid(wrong)
    here = (
        interview_record.c.meeting_id == meeting_id,
        interview_record.c.application_id == application_id,
        interview_record.c.mode == mode,
    )
    connection.execute(delete(interview_record).where(*here))
    connection.execute(
        insert(interview_record).values(
            meeting_id=meeting_id,
            application_id=application_id,
            mode=mode,
            record=record.strip(),
            conclusion=conclusion.strip(),
            recorded_by=by,
            recorded_at=now,
        )
    )


def interviews(connection: Connection, meeting_id: str, application_id: str) -> Sequence[RowMapping]:
    """What was kept of a case: mode, record, conclusion, recorded_at."""
    query = (
        select(interview_record)
        .where(interview_record.c.meeting_id == meeting_id, interview_record.c.application_id == application_id)
        .order_by(interview_record.c.mode)
    )
    return connection.execute(query).mappings().all()


def _refuse(connection: Connection, meeting_id: str, groups: Sequence[Group]) -> None:
    back = recused_by_case(connection, meeting_id)
    found = rules.faults(groups, back.keys(), back)
    if not found:
        return
    words = {
        "small": T("{n} 个组不足 {least} 人", n=found.get("small"), least=rules.LEAST),
        "leaderless": T("{n} 个组没有组长", n=found.get("leaderless")),
        "twice": T("{n} 人同时在两个组", n=found.get("twice")),
        "unread": T("{n} 份申报没有分组", n=found.get("unread")),
        "doubled": T("{n} 份申报分到两个组", n=found.get("doubled")),
        "recused": T("{n} 处由应回避的专家评议", n=found.get("recused")),
    }
    missing = [words[name] for name in found]
    raise Refused(T("分组还不完整：{missing}。", missing=missing), code="GROUPS_INCOMPLETE", **found)


def _cases(connection: Connection, meeting_id: str) -> Sequence[Any]:
    query = (
        select(application.c.id, application.c.track)
        .join(meeting_candidate, meeting_candidate.c.application_id == application.c.id)
        .where(meeting_candidate.c.meeting_id == meeting_id)
        .order_by(meeting_candidate.c.position)
    )
    return connection.execute(query).all()


def _about(connection: Connection, row: Any) -> frozenset[str]:
    kinds = connection.scalars(
        select(representative_work.c.kind).where(representative_work.c.application_id == row.id)
    ).all()
    return frozenset((*kinds, row.track)) - {None}
