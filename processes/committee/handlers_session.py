"""The service tasks of P12 on the meeting's day: who has come, the session, and one case after the other until it is decided.

A variable holds counts only between two steps of one transaction; who came, who stood back and who voted stays in the register.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from engine.clock import local
from engine.errors import Refused
from engine.registry import Handler, StepContext
from forms.i18n import T
from processes.acting import acting, remarked
from processes.committee.ballot_box import BOX
from processes.committee.handlers_common import CaseRef, MeetingRef, Nothing, has_ended
from processes.committee.handlers_planning import RulingsParams, recuse
from processes.register import attendance, meetings, rounds
from processes.register.attendance import Quorum
from processes.rules.workdays import end_of_day

MINUTES = 15  # of a round, where the chair says nothing else


class CheckInParams(RulingsParams):
    arrival = fields.String(required=True, validate=validate.OneOf(["open", "postpone"]))


class CheckInResult(Schema):
    quorum_reached = fields.Boolean(required=True)
    attended = fields.Integer(required=True)


def check_in(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Whether the session may be opened, by who is ticked as present (R-70). Raises `Refused` `NO_QUORUM`, `MEETING_NOT_YET`."""
    if params["arrival"] == "open":
        recuse(context, params)  # first: whoever must keep away from the whole meeting makes no quorum
    found = attendance.quorum_state(context.connection, params["meeting_id"], context.now)
    if params["arrival"] == "open":
        meetings.check_in(context.connection, params["meeting_id"], None, context.now)
        _require(found)
    context.note("checked_in", {"attended": found.present, "arrival": params["arrival"]})
    return {"quorum_reached": params["arrival"] == "open", "attended": found.present}


def _require(found: Quorum) -> None:
    if not found.reached:
        raise Refused(
            T(
                "现在登记到会 {present} 人，法定人数是 {needed} 人，不能开会。可以等人到齐，或者改期。",
                present=found.present,
                needed=found.needed,
            ),
            code="NO_QUORUM",
        )


class PostponeParams(MeetingRef):
    held_on = fields.Date(required=True)


class PostponeResult(Schema):
    meeting_due = fields.AwareDateTime(required=True, default_timezone=None)


def postpone(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Another day; whoever had come is ticked as gone."""
    meetings.postpone_meeting(
        context.connection, params["meeting_id"], params["held_on"], context.now, by=acting(context)
    )
    context.note("postponed", {"held_on": params["held_on"].isoformat()})
    return {"meeting_due": end_of_day(params["held_on"])}


class OpenParams(MeetingRef):
    session_step = fields.String(required=True, validate=validate.OneOf(["open", "postpone"]))
    ballot_mode = fields.String(
        allow_none=True, load_default=None, validate=validate.OneOf(["electronic", "paper", None])
    )
    round_minutes = fields.Integer(allow_none=True, load_default=None)


class OpenResult(CheckInResult):
    ballot_mode = fields.String(required=True)
    minutes = fields.Integer(required=True)
    cases_to_vote = fields.List(fields.Dict(), required=True)
    void_asked = fields.Boolean(required=True)


def open_session(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """The chair opens while the quorum still holds, or puts the meeting off. Raises `Refused` `NO_QUORUM`."""
    found = attendance.quorum_state(context.connection, params["meeting_id"], context.now)
    opened = params["session_step"] == "open"
    if opened:
        _require(found)
        meetings.check_in(context.connection, params["meeting_id"], None, context.now)
    mode, minutes = params["ballot_mode"] or "electronic", params["round_minutes"] or MINUTES
    context.note("session", {"opened": opened, "attended": found.present, "ballot_mode": mode})
    return {
        "quorum_reached": opened,
        "attended": found.present,
        "ballot_mode": mode,
        "minutes": minutes,
        "cases_to_vote": list(context.variables["candidates"]),
        "void_asked": False,
    }


class TakeUpParams(CaseRef):
    ballot_mode = fields.String(required=True)


class TakeUpResult(Schema):
    case_step = fields.String(required=True, validate=validate.OneOf(["vote", "count", "void", "skip"]))
    void_note = fields.String(allow_none=True)


def take_up_case(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """What is to be done with a case: it has a result (then only voiding it can help, R-79), its paper is counted, or it is voted on."""
    standing = rounds.standing_round(context.connection, params["meeting_id"], params["application_id"])
    if has_ended(context, params["application_id"]):
        step = "skip"
    elif standing is not None:
        step = "void"
    else:
        step = "count" if params["ballot_mode"] == "paper" else "vote"
    return {"case_step": step, "void_note": None}


class QuorumResult(Schema):
    case_quorum = fields.Boolean(required=True)


def case_quorum(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Whether enough are there for this case, those who stood back left out (R-78)."""
    found = rounds.case_quorum(context.connection, params["meeting_id"], params["application_id"], context.now)
    return {"case_quorum": found.reached}


def defer_case(context: StepContext, params: dict[str, Any]) -> None:
    """Left to the next meeting, without a single token; the unit's reservation stays."""
    rounds.defer_case(context.connection, params["meeting_id"], params["application_id"], now=context.now)


class IssueParams(CaseRef):
    minutes = fields.Integer(required=True)


class IssueResult(Schema):
    round_id = fields.String(required=True)
    round_closes_at = fields.String(required=True)  # ISO 8601, Qinghai's offset


def issue_tokens(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Open the round: a right to one ballot for everybody who is there and has not stood back, until it closes (R-72)."""
    round_id, closes_at = rounds.open_round(
        context.connection,
        BOX,
        params["meeting_id"],
        params["application_id"],
        minutes=params["minutes"],
        now=context.now,
    )
    return {"round_id": round_id, "round_closes_at": local(closes_at).isoformat()}


class RoundRef(MeetingRef):
    round_id = fields.String(required=True)


class CountsResult(Schema):
    size = fields.Integer(required=True)
    present = fields.Integer(required=True)
    yes = fields.Integer(required=True)


def count_ballots(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Close the box and count: what D08 asks for. Raises `Refused` `ANOTHER_MEETING` for a round of another meeting."""
    if rounds.get_round(context.connection, params["round_id"])["meeting_id"] != params["meeting_id"]:
        raise Refused(T("这一轮投票不属于这次会议。"), code="ANOTHER_MEETING")
    size, present, yes = rounds.close_round(context.connection, BOX, params["round_id"], now=context.now)
    return {"size": size, "present": present, "yes": yes}


class ResultParams(CaseRef):
    result = fields.String(required=True, validate=validate.OneOf(["passed", "failed", "no_quorum"]))


def record_result(context: StepContext, params: dict[str, Any]) -> None:
    rounds.record_result(
        context.connection, params["meeting_id"], params["application_id"], params["result"], now=context.now
    )


class AskVoidResult(Schema):
    void_asked_by = fields.String(required=True)


def ask_void(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """The first of two signatures. A round that was not counted yet is closed here, and nobody is told how it stands."""
    standing = rounds.standing_round(context.connection, params["meeting_id"], params["application_id"])
    if standing is None or standing["result"] in ("no_quorum", "deferred"):
        raise Refused(T("这份申报没有投过票，不需要作废。"), code="NOTHING_TO_VOID")
    if standing["status"] == "open":
        rounds.close_round(context.connection, BOX, standing["id"], now=context.now)
    return {"void_asked_by": acting(context)}


class VoidParams(CaseRef):
    void_reason = fields.String(required=True)
    void_then = fields.String(required=True, validate=validate.OneOf(["rerun", "defer"]))
    void_decision = fields.String(required=True, validate=validate.OneOf(["agree", "refuse"]))
    void_asked_by = fields.String(required=True)


class VoidResult(Schema):
    void_step = fields.String(required=True, validate=validate.OneOf(["rerun", "close", "settled"]))


def void_round(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """The supervisor agrees, and the case is voted on again or left to the next meeting; or refuses, and the round stands."""
    meeting_id, application_id = params["meeting_id"], params["application_id"]
    standing = rounds.standing_round(context.connection, meeting_id, application_id)
    if standing is None:
        raise Refused(T("这份申报没有投过票，不需要作废。"), code="NOTHING_TO_VOID")
    if params["void_decision"] == "refuse":
        return {"void_step": "settled" if standing["result"] else "close"}
    rounds.void_round(
        context.connection,
        standing["id"],
        reason=params["void_reason"],
        by=params["void_asked_by"],
        confirmed_by=acting(context),
        now=context.now,
    )
    if params["void_then"] == "rerun":
        return {"void_step": "rerun"}
    rounds.defer_case(context.connection, meeting_id, application_id, now=context.now)
    return {"void_step": "settled"}


HANDLERS = (
    Handler("committee.check_in", remarked(check_in), CheckInParams, CheckInResult, T("核对会议的法定人数")),
    Handler("committee.postpone", remarked(postpone), PostponeParams, PostponeResult, T("登记会议改期")),
    Handler("committee.open_session", remarked(open_session), OpenParams, OpenResult, T("登记开会")),
    Handler("committee.take_up_case", take_up_case, TakeUpParams, TakeUpResult, T("提出一份申报")),
    Handler("committee.case_quorum", remarked(case_quorum), CaseRef, QuorumResult, T("核对一份申报的出席人数")),
    Handler("committee.defer_case", defer_case, CaseRef, Nothing, T("留待下次会议")),
    Handler("committee.issue_tokens", issue_tokens, IssueParams, IssueResult, T("发放选票")),
    Handler("committee.count_ballots", remarked(count_ballots), RoundRef, CountsResult, T("计票")),
    Handler("committee.record_result", record_result, ResultParams, Nothing, T("登记表决结果")),
    Handler("committee.ask_void", remarked(ask_void), CaseRef, AskVoidResult, T("登记提请作废")),
    Handler("committee.void_round", remarked(void_round), VoidParams, VoidResult, T("登记作废")),
)
