"""The service tasks of P12 after the vote: the result sheet, the signatures, the seal, and what each case is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from engine.clock import local
from engine.errors import Refused
from engine.registry import Handler, StepContext
from forms.i18n import T
from processes.acting import acting, remarked
from processes.committee.handlers_common import MeetingRef, Nothing, has_ended
from processes.register import applications, meetings
from processes.register.committee_tables import get_meeting

OUTCOME = {"passed": "passed", "failed": "failed"}  # what a case is told; any other is deferred
STATUS = {"passed": "voted_passed", "failed": "voted_failed"}
WORDS = {
    "passed": T("通过"),
    "failed": T("未通过"),
    "no_quorum": T("出席不足，留待下次会议"),
    "deferred": T("投票作废，留待下次会议"),
}


class CollectResult(Schema):
    results = fields.List(fields.Dict(), required=True)
    result_options = fields.List(fields.Dict(), required=True)


def collect(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """The result sheet for the chair; it is taken out of the variables again once it is sealed (R-102).

    Who was present and handed no slip in stands with the abstentions: neither agrees (R-71).
    """
    named = {row["application_id"]: row for row in context.variables["candidates"]}
    results, options = [], []
    for row in meetings.results(context.connection, params["meeting_id"]):
        case = named[row["application_id"]]
        voted = row["result"] in OUTCOME
        results.append(
            {
                **{key: case[key] for key in ("number", "name", "target_title_text")},
                **{key: row[key] for key in ("present", "yes", "no")},
                "abstain": row["eligible"] - row["yes"] - row["no"] if voted else row["abstain"],
                "result_text": WORDS[row["result"]].to("zh"),
            }
        )
        if voted and not has_ended(context, row["application_id"]):
            options.append({"value": case["number"], "label": f"{case['number']}　{case['name']}"})
    return {"results": results, "result_options": options}


class AnnounceParams(MeetingRef):
    announcement = fields.String(required=True, validate=validate.OneOf(["sign", "void"]))
    void_number = fields.Integer(allow_none=True, load_default=None)
    signature = fields.String(allow_none=True, load_default=None)
    seal_file = fields.List(fields.String(), allow_none=True, load_default=None)


class AnnounceResult(Schema):
    void_asked = fields.Boolean(required=True)
    cases_to_vote = fields.List(fields.Dict(), required=True)


def announce(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """The chair signs, or names the one case whose vote is to be void: it alone is taken up again."""
    if params["announcement"] == "void":
        named = [row for row in context.variables["candidates"] if row["number"] == params["void_number"]]
        if not named:
            raise Refused(T("请选定提请作废的是哪一位。"), code="NOBODY_NAMED")
        return {"void_asked": True, "cases_to_vote": named}
    if not params["signature"] or not params["seal_file"]:
        raise Refused(T("请签名，并上传加盖评委会印章的结果单。"), code="UNSIGNED")
    meetings.announce(
        context.connection,
        params["meeting_id"],
        chair=acting(context),
        signature=params["signature"],
        seal_file=params["seal_file"],
        now=context.now,
    )
    return {"void_asked": False, "cases_to_vote": []}


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
    rows = [
        row for row in meetings.results(context.connection, meeting_id) if not has_ended(context, row["application_id"])
    ]
    passed = [row["application_id"] for row in rows if row["result"] == "passed"]
    for row in rows:
        application_id, result = row["application_id"], row["result"]
        applications.set_status(
            context.connection,
            application_id,
            STATUS.get(result, "deferred_no_quorum"),
            actor=acting(context),
            now=context.now,
        )
        context.send(
            "ballot_result",
            correlation={"application_id": application_id},
            variables={
                "ballot_result": OUTCOME.get(result, "deferred"),
                "meeting_id": meeting_id,
                "meeting_date": held_on,
            },
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


HANDLERS = (
    Handler("committee.collect", collect, MeetingRef, CollectResult, T("汇总表决结果单")),
    Handler("committee.announce", remarked(announce), AnnounceParams, AnnounceResult, T("登记宣布结果与签字")),
    Handler("committee.sign_minutes", remarked(sign_minutes), MinutesParams, Nothing, T("登记会议记录")),
    Handler("committee.seal", remarked(seal), MeetingRef, SealResult, T("封存结果单并通知各项申报")),
)
