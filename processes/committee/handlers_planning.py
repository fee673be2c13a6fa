"""The service tasks of P12 before anybody comes: the list, the roll, recusal, groups, opinions. No expert's name leaves the register."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields, validate

from engine.errors import Refused
from engine.registry import Handler, StepContext
from forms.i18n import T
from processes.acting import acting, remarked
from processes.committee.handlers_common import MeetingRef, Nothing, committee_options, has_ended
from processes.committee.words import MODES
from processes.register import applications, groups, meetings, recusals, rolls
from processes.register.cases import POST_LEVEL, case_facts, title_words
from processes.register.committee_tables import get_committee
from processes.register.policies import parameter
from processes.rules.recusal import KINDS, Ruling
from processes.rules.votes import Share, quorum
from processes.rules.workdays import end_of_day


class ListResult(Schema):
    committee_options = fields.List(fields.Dict(), required=True)
    waiting = fields.List(fields.Dict(), required=True)


def list_committees(context: StepContext, _params: dict[str, Any]) -> Mapping[str, Any]:
    """All committees, each with the end of its filing, and who waits for a meeting as of now.

    A committee whose filing has expired is refused when it is chosen; the list itself is made when the meeting is planned.
    """
    options = committee_options(context)
    if not options:
        raise Refused(T("还没有核准备案的评审委员会，不能开会。"), code="NO_COMMITTEE")
    queued = [row["id"] for row in applications.queued(context.connection)]
    return {"committee_options": options, "waiting": _listed(context, queued)}


def _listed(context: StepContext, application_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Number, name, unit and title of each case, in this order, and what D06 asks for."""
    rows = []
    for number, application_id in enumerate(application_ids, 1):
        facts = case_facts(context.connection, application_id)
        declared = applications.get_application(context.connection, application_id)
        rows.append(
            {
                "application_id": application_id,
                "number": number,
                "name": facts.name,
                "unit_name": facts.unit_name,
                "target_title_text": title_words(facts.target_title),
                "level": POST_LEVEL[facts.target_title],
                "track": declared["track"],
                "channel": declared["channel"],
            }
        )
    return rows


class AssembleParams(Schema):
    committee_id = fields.String(required=True)
    held_on = fields.Date(required=True)
    place = fields.String(required=True)
    mode = fields.String(required=True, validate=validate.OneOf(["onsite", "online"]))


class AssembleResult(MeetingRef):
    committee_size = fields.Integer(required=True)
    quorum_needed = fields.Integer(required=True)
    meeting_due = fields.AwareDateTime(required=True, default_timezone=None)
    candidates = fields.List(fields.Dict(), required=True)
    relation_kinds = fields.List(fields.String(), required=True)
    kin_excludes = fields.Boolean(required=True)


def assemble(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Call the roll over all cases that wait for a meeting of this committee, in the order in which they were queued.

    D09 is asked about every kind of relation, not about those that were found: a reserve called in later may bring another,
    and which kinds touch this meeting is nobody's business.
    """
    filed = get_committee(context.connection, params["committee_id"])
    queued = [row["id"] for row in applications.queued(context.connection, filed["scope_titles"])]
    meeting_id = meetings.plan_meeting(
        context.connection, instance_id=context.instance_id, application_ids=queued, now=context.now, **params
    )
    for application_id in queued:
        applications.set_status(
            context.connection, application_id, "in_meeting", actor=acting(context), now=context.now
        )
    if rolls.call_roll(context.connection, meeting_id, now=context.now) == 0:
        raise Refused(T("这个评审委员会还没有登记委员，不能开会。请先确认专家抽取结果。"), code="NO_MEMBERS")
    share = Share.parse(parameter(context.connection, "meeting.quorum", context.now))
    return {
        "meeting_id": meeting_id,
        "committee_size": filed["size"],
        "quorum_needed": quorum(filed["size"], share),
        "meeting_due": end_of_day(params["held_on"]),
        "candidates": _listed(context, queued),
        "relation_kinds": list(KINDS),
        "kin_excludes": parameter(context.connection, "kin_excludes_from_meeting", context.now),
    }


class RulingRow(Schema):
    kind = fields.String(required=True)
    recuse = fields.Boolean(required=True)
    whole_meeting = fields.Boolean(required=True)


class RulingsParams(MeetingRef):
    rulings = fields.List(fields.Nested(RulingRow), required=True)


def apply_recusals(context: StepContext, params: dict[str, Any]) -> None:
    """Recuse as D09 decided, and propose groups around it. Where no proposal is possible the office arranges them itself."""
    recuse(context, params)
    try:
        proposed = groups.propose(context.connection, params["meeting_id"])
    except Refused:
        context.note("no_group_proposal", {}, T("回避较多，系统排不出分组，请人工安排。"))
        return
    groups.arrange(context.connection, params["meeting_id"], proposed, by=acting(context), now=context.now)


def recuse(context: StepContext, params: dict[str, Any]) -> None:
    """Apply the rulings to who is on the roll now: somebody may have been called in, or a relation noted, since."""
    rulings = {row["kind"]: Ruling(row["recuse"], row["whole_meeting"]) for row in params["rulings"]}
    recusals.apply_grounds(context.connection, params["meeting_id"], rulings, by=acting(context), now=context.now)


class ModesOfCase(Schema):
    application_id = fields.String(required=True)
    modes = fields.List(fields.Dict(), required=True)


class ModesParams(Schema):
    evaluation_modes = fields.List(fields.Nested(ModesOfCase), required=True)


class ModesResult(Schema):
    candidates = fields.List(fields.Dict(), required=True)
    interviews = fields.List(fields.Dict(), required=True)
    interview_needed = fields.Boolean(required=True)


def list_modes(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """D06's answer in words beside each case, and who needs an interview, report or exhibition on record (R-30, R-54)."""
    chosen = {row["application_id"]: row["modes"] for row in params["evaluation_modes"]}
    rows = []
    for row in context.variables["candidates"]:
        rows.append({**row, "modes_text": _words(mode["mode"] for mode in chosen[row["application_id"]])})
    interviews = []
    for row in rows:
        recorded = [mode["mode"] for mode in chosen[row["application_id"]] if mode["recorded"]]
        if recorded:
            named = {key: row[key] for key in ("application_id", "number", "name")}
            interviews.append({**named, "modes": recorded, "modes_text": _words(recorded)})
    return {"candidates": rows, "interviews": interviews, "interview_needed": bool(interviews)}


def _words(modes: Any) -> str:
    return "、".join(MODES[mode].to("zh") for mode in modes)


def check_groups(context: StepContext, params: dict[str, Any]) -> None:
    """What stands may be worked with, by who has to stand back as of now. Raises `Refused` `GROUPS_INCOMPLETE`."""
    recuse(context, params)
    groups.check_groups(context.connection, params["meeting_id"])


def check_opinions(context: StepContext, params: dict[str, Any]) -> None:
    """Every opinion is in (R-73), also after a reserve was called in."""
    recuse(context, params)
    groups.check_groups(context.connection, params["meeting_id"])
    missing = groups.missing_opinions(context.connection, params["meeting_id"])
    if missing:
        raise Refused(
            T("还差 {missing} 份小组意见。请在会议工作页查看并提醒专家，交齐后再确认。", missing=missing),
            code="OPINIONS_MISSING",
            missing=missing,
        )


class InterviewRow(Schema):
    application_id = fields.String(required=True)
    number = fields.Integer(required=True)
    name = fields.String(required=True)
    modes = fields.List(fields.String(), required=True)
    modes_text = fields.String(required=True)


class InterviewsParams(MeetingRef):
    interviews = fields.List(fields.Nested(InterviewRow), required=True)


def check_interviews(context: StepContext, params: dict[str, Any]) -> None:
    """Every record that D06 asks for is in; who has withdrawn since needs none."""
    missing = []
    for row in params["interviews"]:
        if has_ended(context, row["application_id"]):
            continue
        kept = groups.interviews(context.connection, params["meeting_id"], row["application_id"])
        if not {one["mode"] for one in kept}.issuperset(row["modes"]):
            missing.append(row["number"])
    if missing:
        raise Refused(
            T("第 {numbers} 位的记录还没有登记齐，请在会议工作页登记。", numbers=missing), code="INTERVIEWS_MISSING"
        )


HANDLERS = (
    Handler("committee.list", list_committees, Nothing, ListResult, T("列出评审委员会")),
    Handler("committee.assemble", remarked(assemble), AssembleParams, AssembleResult, T("召集评委、列出名单")),
    Handler("committee.apply_recusals", apply_recusals, RulingsParams, Nothing, T("落实回避、分组")),
    Handler("committee.list_modes", list_modes, ModesParams, ModesResult, T("列出评价方式")),
    Handler("committee.check_groups", remarked(check_groups), RulingsParams, Nothing, T("核对分组")),
    Handler("committee.check_opinions", remarked(check_opinions), RulingsParams, Nothing, T("核对小组意见")),
    Handler("committee.check_interviews", remarked(check_interviews), InterviewsParams, Nothing, T("核对面试记录")),
)
