"""The service tasks of a paper vote: two people enter the counts, the program compares, a person orders a recount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from engine.errors import Refused
from engine.registry import Handler, StepContext
from forms.i18n import T
from processes.acting import acting, remarked
from processes.committee.handlers_common import CaseRef, MeetingRef, Nothing, has_ended
from processes.register import meetings
from processes.register.meetings import Counts


class SheetResult(Schema):
    counts = fields.List(fields.Dict(), required=True)


def prepare_sheet(context: StepContext, _params: dict[str, Any]) -> Mapping[str, Any]:
    return {"counts": blank_counts(context)}


def blank_counts(context: StepContext) -> list[dict[str, Any]]:
    """The counting sheet with names and without numbers; who has withdrawn is not counted any more."""
    return [
        {"number": row["number"], "name": row["name"]}
        for row in context.variables["candidates"]
        if not has_ended(context, row["application_id"])
    ]


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
    if not set(listed).issuperset(row["number"] for row in params["counts"]):
        raise Refused(T("计票须逐人录入，名单与会议名单不一致。"), code="BAD_COUNTS")
    counts = {
        listed[row["number"]]: Counts(row["present"], row["yes"], row["no"], row["abstain"])
        for row in params["counts"]
        if not has_ended(context, listed[row["number"]])  # withdrawn since the sheet was made
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


class RecountParams(MeetingRef):
    note = fields.String(required=True)


def recount(context: StepContext, params: dict[str, Any]) -> None:
    meetings.recount(context.connection, params["meeting_id"])
    context.note("recount", {"note": params["note"]})


class CountsResult(Schema):
    size = fields.Integer(required=True)
    present = fields.Integer(required=True)
    yes = fields.Integer(required=True)


def load_counts(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """What D08 asks for, of one case on which both operators agree."""
    size, counts = meetings.agreed_counts(context.connection, params["meeting_id"], params["application_id"])
    return {"size": size, "present": counts.present, "yes": counts.yes}


HANDLERS = (
    Handler("committee.blank_counts", remarked(prepare_sheet), MeetingRef, SheetResult, T("准备计票单")),
    Handler("committee.enter_counts", remarked(enter_counts), EnterParams, EnterResult, T("登记并核对票数")),
    Handler("committee.recount", remarked(recount), RecountParams, Nothing, T("准备重录票数")),
    Handler("committee.load_counts", load_counts, CaseRef, CountsResult, T("取出一位申报人的票数")),
)
