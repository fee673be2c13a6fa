"""The service tasks of P12. Counts live in the register alone: a variable holds them only while one case is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import RowMapping

from engine.clock import local
from engine.errors import Refused
from engine.registry import Handler, StepContext
from forms.i18n import T
from processes.acting import acting, remarked
from processes.dates import day
from processes.register import applications, meetings
from processes.register.cases import case_facts, title_words
from processes.register.committee_tables import get_committee, get_meeting
from processes.register.committees import committees
from processes.register.meetings import Counts
from processes.register.policies import parameter
from processes.rules.votes import Share, quorum
from processes.rules.workdays import end_of_day

OUTCOME = {"passed": "passed", "failed": "failed", "no_quorum": "deferred"}  # what a case is told
STATUS = {"passed": "voted_passed", "failed": "voted_failed", "no_quorum": "deferred_no_quorum"}
WORDS = {"passed": T("通过"), "failed": T("未通过"), "no_quorum": T("出席不足，留待下次会议")}


class Nothing(Schema):
    pass


class MeetingRef(Schema):
    meeting_id = fields.String(required=True)


class ListResult(Schema):
    committee_options = fields.List(fields.Dict(), required=True)
    waiting = fields.List(fields.Dict(), required=True)


def list_committees(context: StepContext, _params: dict[str, Any]) -> Mapping[str, Any]:
    """All committees, each with the end of its filing, and who waits for a meeting as of now.

    A committee whose filing has expired is refused when it is chosen; the list itself is made when the meeting is planned.
    """
    options = [
        {"value": row["id"], "label": f"{row['name']}（备案至 {day(row['valid_until'])}）"}
        for row in committees(context.connection)
    ]
    if not options:
        raise Refused(T("还没有核准备案的评审委员会，不能开会。"), code="NO_COMMITTEE")
    queued = [row["id"] for row in applications.queued(context.connection)]
    return {"committee_options": options, "waiting": _listed(context, queued)}


def _listed(context: StepContext, application_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Number, name, unit and title of each case, in this order."""
    rows = []
    for number, application_id in enumerate(application_ids, 1):
        facts = case_facts(context.connection, application_id)
        rows.append(
            {
                "application_id": application_id,
                "number": number,
                "name": facts.name,
                "unit_name": facts.unit_name,
                "target_title_text": title_words(facts.target_title),
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


def assemble(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """All cases that wait for a meeting of this committee, in the order in which they were queued."""
    filed = get_committee(context.connection, params["committee_id"])
    queued = [row["id"] for row in applications.queued(context.connection, filed["scope_titles"])]
    meeting_id = meetings.plan_meeting(
        context.connection, instance_id=context.instance_id, application_ids=queued, now=context.now, **params
    )
    for application_id in queued:
        applications.set_status(
            context.connection, application_id, "in_meeting", actor=acting(context), now=context.now
        )
    share = Share.parse(parameter(context.connection, "meeting.quorum", context.now))
    return {
        "meeting_id": meeting_id,
        "committee_size": filed["size"],
        "quorum_needed": quorum(filed["size"], share),
        "meeting_due": end_of_day(params["held_on"]),
        "candidates": _listed(context, queued),
    }


class CheckInParams(MeetingRef):
    attended = fields.Integer(required=True)


class CheckInResult(Schema):
    quorum_reached = fields.Boolean(required=True)
    counts = fields.List(fields.Dict(), allow_none=True)


def check_in(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    enough = meetings.check_in(context.connection, params["meeting_id"], params["attended"], context.now)
    context.note("checked_in", {"attended": params["attended"], "quorum_reached": enough})
    return {"quorum_reached": enough, "counts": blank_counts(context) if enough else None}


class PostponeParams(MeetingRef):
    held_on = fields.Date(required=True)


class PostponeResult(Schema):
    meeting_due = fields.AwareDateTime(required=True, default_timezone=None)


def postpone(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    meetings.postpone_meeting(context.connection, params["meeting_id"], params["held_on"], context.now)
    context.note("postponed", {"held_on": params["held_on"].isoformat()})
    return {"meeting_due": end_of_day(params["held_on"])}


class CountRow(Schema):
    number = fields.Integer(required=True)
    name = fields.String(required=True)
    present = fields.Integer(required=True)
    yes = fields.Integer(required=True)
    no = fields.Integer(required=True)
    abstain = fields.Integer(required=True)


class EnterParams(MeetingRef):
    entry = fields.String(required=True, validate=validate.OneOf(["first", "second"]))
    counts = fields.List(fields.Nested(CountRow), required=True)


class EnterResult(Schema):
    counts = fields.List(fields.Dict(), allow_none=True)
    counts_match = fields.Boolean(required=True)
    differences = fields.List(fields.Dict(), allow_none=True)


def enter_counts(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Keep one operator's counts and blank the sheet again, so that the other sees none of them."""
    listed = {row["number"]: row["application_id"] for row in context.variables["candidates"]}
    if sorted(row["number"] for row in params["counts"]) != sorted(listed):
        raise Refused(T("计票须逐人录入，名单与会议名单不一致。"), code="BAD_COUNTS")
    counts = {
        listed[row["number"]]: Counts(row["present"], row["yes"], row["no"], row["abstain"]) for row in params["counts"]
    }
    meeting_id, entry = params["meeting_id"], params["entry"]
    meetings.enter_counts(context.connection, meeting_id, entry, counts, operator=acting(context), now=context.now)
    blank = {"counts": blank_counts(context), "counts_match": False, "differences": None}
    if entry == "first":
        return blank
    differing = meetings.compare_counts(context.connection, meeting_id)
    if not differing:
        return {"counts": None, "counts_match": True, "differences": None}
    names = {row["number"]: row["name"] for row in context.variables["candidates"]}
    differences = [
        {"number": number, "name": names[number], "differing": "、".join(one.to("zh") for one in which)}
        for number, which in differing.items()
    ]
    context.note("counts_differ", {"candidates": sorted(differing)})
    return {**blank, "differences": differences}


def blank_counts(context: StepContext) -> list[dict[str, Any]]:
    """The counting sheet with names and without numbers."""
    return [{"number": row["number"], "name": row["name"]} for row in context.variables["candidates"]]


class RecountParams(MeetingRef):
    note = fields.String(required=True)


def recount(context: StepContext, params: dict[str, Any]) -> None:
    meetings.recount(context.connection, params["meeting_id"])
    context.note("recount", {"note": params["note"]})


class CaseParams(MeetingRef):
    application_id = fields.String(required=True)


class CountsResult(Schema):
    size = fields.Integer(required=True)
    present = fields.Integer(required=True)
    yes = fields.Integer(required=True)


def load_counts(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """What D08 asks for, of one case on which both operators agree."""
    size, counts = meetings.agreed_counts(context.connection, params["meeting_id"], params["application_id"])
    return {"size": size, "present": counts.present, "yes": counts.yes}


class ResultParams(CaseParams):
    result = fields.String(required=True, validate=validate.OneOf(sorted(OUTCOME)))


def record_result(context: StepContext, params: dict[str, Any]) -> None:
    meetings.record_result(
        context.connection, params["meeting_id"], params["application_id"], params["result"], now=context.now
    )


class CollectResult(Schema):
    results = fields.List(fields.Dict(), required=True)


def collect(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """The result sheet for the chair; it is taken out of the variables again once it is signed (R-102)."""
    named = {row["application_id"]: row for row in context.variables["candidates"]}
    rows = meetings.results(context.connection, params["meeting_id"])
    return {
        "results": [
            {
                **{key: named[row["application_id"]][key] for key in ("number", "name", "target_title_text")},
                **{key: row[key] for key in ("present", "yes", "no", "abstain")},
                "result_text": WORDS[row["result"]].to("zh"),
            }
            for row in rows
        ]
    }


class AnnounceParams(MeetingRef):
    signature = fields.String(required=True)
    seal_file = fields.List(fields.String(), required=True, validate=validate.Length(min=1))


def announce(context: StepContext, params: dict[str, Any]) -> None:
    meeting_id = params.pop("meeting_id")
    meetings.announce(context.connection, meeting_id, chair=acting(context), now=context.now, **params)


class MinutesParams(MeetingRef):
    discussion = fields.String(required=True)
    irregularities = fields.String(allow_none=True, load_default=None)


def sign_minutes(context: StepContext, params: dict[str, Any]) -> None:
    meeting_id = params.pop("meeting_id")
    meetings.sign_minutes(context.connection, meeting_id, recorder=acting(context), now=context.now, **params)


class SealResult(Schema):
    sheet_hash = fields.String(required=True)
    anyone_passed = fields.Boolean(required=True)
    item_application_ids = fields.List(fields.String(), required=True)
    notice_kind = fields.String(required=True)
    notice_scope = fields.String(required=True)
    publisher_group = fields.String(required=True)
    publisher_scope = fields.String(required=True)


def seal(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """The supervisor signs, the sheet is sealed, every case is told; who passed goes to the public notice."""
    meeting_id = params["meeting_id"]
    meetings.supervise(context.connection, meeting_id, supervisor=acting(context), now=context.now)
    sheet_hash = meetings.seal(context.connection, meeting_id, context.now)
    held_on = get_meeting(context.connection, meeting_id)["held_on"].isoformat()
    # Who withdrew after the list was made, or was disqualified, has ended: nothing more is said to such a case.
    rows = [row for row in meetings.results(context.connection, meeting_id) if not _has_ended(context, row)]
    passed = [row["application_id"] for row in rows if row["result"] == "passed"]
    for row in rows:
        application_id, result = row["application_id"], row["result"]
        applications.set_status(
            context.connection, application_id, STATUS[result], actor=acting(context), now=context.now
        )
        context.send(
            "ballot_result",
            correlation={"application_id": application_id},
            variables={"ballot_result": OUTCOME[result], "meeting_id": meeting_id, "meeting_date": held_on},
        )
        # Without a notice to wait for, who failed learns it when the sheet is sealed.
        if not passed and result == "failed":
            applications.set_status(
                context.connection, application_id, STATUS[result], now=context.now, result_public_at=context.now
            )
            context.send(
                "result_published",
                correlation={"application_id": application_id},
                variables={"result_published_at": local(context.now).isoformat()},
            )
    context.note("sealed", {"meeting_id": meeting_id, "sheet_hash": sheet_hash, "cases": len(rows)})
    return {
        "sheet_hash": sheet_hash,
        "anyone_passed": bool(passed),
        "item_application_ids": passed,
        "notice_kind": "result",
        "notice_scope": "province",
        "publisher_group": "committee_office",
        "publisher_scope": "province",
    }


def _has_ended(context: StepContext, row: RowMapping) -> bool:
    return applications.get_application(context.connection, row["application_id"])["status"] in applications.FINAL


HANDLERS = (
    Handler("committee.list", list_committees, Nothing, ListResult, T("列出评审委员会")),
    Handler("committee.assemble", remarked(assemble), AssembleParams, AssembleResult, T("列出上会名单")),
    Handler("committee.check_in", remarked(check_in), CheckInParams, CheckInResult, T("核对会议的法定人数")),
    Handler("committee.postpone", remarked(postpone), PostponeParams, PostponeResult, T("登记会议改期")),
    Handler("committee.enter_counts", remarked(enter_counts), EnterParams, EnterResult, T("登记并核对票数")),
    Handler("committee.recount", remarked(recount), RecountParams, Nothing, T("准备重录票数")),
    Handler("committee.load_counts", load_counts, CaseParams, CountsResult, T("取出一位申报人的票数")),
    Handler("committee.record_result", record_result, ResultParams, Nothing, T("登记表决结果")),
    Handler("committee.collect", collect, MeetingRef, CollectResult, T("汇总表决结果单")),
    Handler("committee.announce", remarked(announce), AnnounceParams, Nothing, T("登记宣布结果与签字")),
    Handler("committee.sign_minutes", remarked(sign_minutes), MinutesParams, Nothing, T("登记会议记录")),
    Handler("committee.seal", remarked(seal), MeetingRef, SealResult, T("封存结果单并通知各项申报")),
)
