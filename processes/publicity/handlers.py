"""The service tasks of P06: parameters into rules and register rows, and messages to the cases that wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from marshmallow import Schema, fields

from engine.clock import local
from engine.errors import Refused
from engine.registry import Handler, StepContext
from forms.i18n import T
from processes.acting import acting, remarked
from processes.dates import instant
from processes.publicity.calendars import take_in
from processes.publicity.investigating import HANDLERS as INVESTIGATING
from processes.register import applications, meetings
from processes.register.cases import shown_posts, shown_row
from processes.register.investigations import must_be_redone
from processes.register.notice_items import drop_withdrawn, mark_told, untold
from processes.register.notice_tables import get_notice, notice_items
from processes.register.notices import (
    NoticeItem,
    QuotaItem,
    approve_notice,
    close_notice,
    draft_notice,
    publish_notice,
    recall_notice,
    write_notice,
)
from processes.register.objection_holds import carry_holds, carry_upheld, release_recalled
from processes.register.policies import calendar
from processes.register.units import LEVELS
from processes.rules.workdays import CalendarMissing, workday_deadline

SECOND_PERSON = {"unit_hr": "unit_leader"}  # who approves; elsewhere another member of the publisher's own group
TITLES = {
    "quota": "岗位数额公示",
    "recommendation": "申报推荐人选公示",
    "works": "代表作等评审材料公示",
    "result": "职称评审结果公示",
    "appointment": "拟聘人选公示",
}
BODY = "现将有关情况予以公示。公示期内如有异议，请通过下列方式如实反映；以单位名义反映的应加盖公章，以个人名义反映的提倡实名。"
WRITTEN = ("title", "body", "min_workdays", "contact_phone", "contact_email", "board_photo")


class NoticeRef(Schema):
    notice_id = fields.String(required=True)


class Nothing(Schema):
    pass


class OpenParams(Schema):
    kind = fields.String(required=True)
    scope = fields.String(required=True)
    publisher_group = fields.String(required=True)
    publisher_scope = fields.String(required=True)  # "unit:u01"; "province" where the group acts everywhere


class OpenResult(Schema):
    anyone_listed = fields.Boolean(required=True)
    publicity_outcome = fields.String(allow_none=True)
    notice_id = fields.String(allow_none=True)
    notice_items = fields.List(fields.Dict(), allow_none=True)
    approver_group = fields.String(allow_none=True)
    least_workdays = fields.Integer(allow_none=True)
    title = fields.String(allow_none=True)
    body = fields.String(allow_none=True)
    min_workdays = fields.Integer(allow_none=True)
    contact_phone = fields.String(allow_none=True)
    contact_email = fields.String(allow_none=True)
    return_note = fields.String(allow_none=True)


def open_notice(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """A draft over the items; after a recall the new draft starts with the old one's words.

    Where every case that was named has ended meanwhile there is no notice: an empty one would tell nobody anything.
    """
    named = context.variables.get("item_application_ids") or [context.variables.get("application_id")]
    items: dict[str, NoticeItem] = {
        application_id: applications.notice_item(context.connection, application_id)
        for application_id in named
        if application_id and not _has_ended(context, application_id)
    }
    if any(named) and not items:
        return _nobody(context, params["kind"])
    posts = [_post(row) for row in context.variables.get("quota_rows") or []] if params["kind"] == "quota" else []
    notice_id = draft_notice(
        context.connection, items=items, posts=posts, instance_id=context.instance_id, now=context.now, **params
    )
    least = get_notice(context.connection, notice_id)["min_workdays"]
    recalled = context.variables.get("notice_id") if context.variables.get("notice_recalled") else None
    before = get_notice(context.connection, recalled) if recalled else None
    return {
        "anyone_listed": True,
        "notice_id": notice_id,
        "notice_items": [*(shown_row(item) for item in items.values()), *(shown_posts(post) for post in posts)],
        "approver_group": SECOND_PERSON.get(params["publisher_group"], params["publisher_group"]),
        "least_workdays": least,
        "title": before["title"] if before else TITLES[params["kind"]],
        "body": before["body"] if before else BODY,
        "min_workdays": before["min_workdays"] if before else least,
        "contact_phone": before["contact_phone"] if before else None,
        "contact_email": before["contact_email"] if before else None,
        "return_note": before["recall_reason"] if before else None,
    }


def _nobody(context: StepContext, kind: str) -> dict[str, Any]:
    """An empty notice would tell nobody anything; who failed is told all the same (R-102)."""
    if kind == "result":
        _tell_who_failed(context)
    context.note("nobody_listed", {"kind": kind}, T("所列申报均已终止，不再公示。"))
    return {"anyone_listed": False, "publicity_outcome": "withdrawn"}


def _post(row: Mapping[str, Any]) -> QuotaItem:
    """One level of a unit's posts: the caller's row cut to what may be shown (R-150)."""
    approved, occupied = int(row["approved"]), int(row["occupied"])
    if row["level"] not in LEVELS:
        raise ValueError(f"no such level of posts: {row['level']!r}")
    return QuotaItem(row["level"], approved, occupied, int(row.get("vacant", approved - occupied)))


class KeepParams(NoticeRef):
    title = fields.String(required=True)
    body = fields.String(required=True)
    min_workdays = fields.Integer(required=True)
    contact_phone = fields.String(required=True)
    contact_email = fields.String(required=True)
    board_photo = fields.List(fields.String(), allow_none=True, load_default=None)


def keep_notice(context: StepContext, params: dict[str, Any]) -> None:
    """The preparer's words into the register; a window below the minimum is refused here already."""
    notice = get_notice(context.connection, params["notice_id"])
    photo = params.pop("board_photo") or []
    if notice["scope"] == "unit" and not photo:
        raise Refused(T("单位内公示须上传公示栏张贴照片。"), code="PHOTO_MISSING")
    write_notice(context.connection, board_photo=photo, prepared_by=acting(context), now=context.now, **params)


class ReviewParams(NoticeRef):
    decision = fields.String(required=True)
    note = fields.String(allow_none=True, load_default=None)


class ReviewResult(Schema):
    notice_approved = fields.Boolean(required=True)
    return_note = fields.String(allow_none=True)
    calendar_year = fields.Integer(allow_none=True)


def review_notice(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """The second person's decision; says already which year's calendar publishing would miss."""
    if params["decision"] != "approve":
        return {"notice_approved": False, "return_note": params["note"], "calendar_year": None}
    approve_notice(context.connection, params["notice_id"], approved_by=acting(context))
    notice = get_notice(context.connection, params["notice_id"])
    missing = None
    try:
        workday_deadline(calendar(context.connection), context.now, notice["min_workdays"])
    except CalendarMissing as gone:
        missing = gone.year
    return {"notice_approved": True, "return_note": None, "calendar_year": missing}


class PublishResult(Schema):
    anyone_listed = fields.Boolean(required=True)
    publicity_outcome = fields.String(allow_none=True)
    published_at = fields.AwareDateTime(default_timezone=None)
    closes_at = fields.AwareDateTime(default_timezone=None)


def publish(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Open the window. Raises `Refused` `CALENDAR_MISSING` for the boundary event. With a result, all its cases may know now.

    Who has ended since the draft was made is not published; where that is everybody, nothing is.
    """
    notice_id = params["notice_id"]
    notice = get_notice(context.connection, notice_id)
    listed = len(notice_items(context.connection, notice_id))
    if drop_withdrawn(context.connection, notice_id) == 0 and listed:
        return _nobody(context, notice["kind"])
    actor = context.actor.username if context.actor else None
    closes_at = publish_notice(context.connection, notice_id, actor=actor, now=context.now)
    carry_upheld(context.connection, notice_id, context.now)
    items = notice_items(context.connection, notice_id)
    if notice["kind"] == "result":
        for item in items:
            if item["outcome"] is None:
                _make_public(context, item["application_id"], "result_publicity")
        _tell_who_failed(context)
    context.note(
        "notice_published",
        {"notice_id": notice_id, "closes_at": closes_at.isoformat(), "items": len(items)},
        T("公示已发布，{closes} 截止。", closes=instant(closes_at)),
    )
    carry_holds(context.connection, notice_id, context.now)
    return {
        "anyone_listed": True,
        "publicity_outcome": None,
        "published_at": local(context.now),
        "closes_at": closes_at,
    }


def _has_ended(context: StepContext, application_id: str) -> bool:
    """Withdrawn or disqualified meanwhile: such a case is neither shown nor told anything."""
    return applications.get_application(context.connection, application_id)["status"] in applications.FINAL


def _tell_who_failed(context: StepContext) -> None:
    """Who failed stands on no notice, and learns it at the same moment as everybody else (R-102)."""
    meeting_id = context.variables.get("meeting_id")
    for application_id in meetings.failed(context.connection, meeting_id) if meeting_id else []:
        _make_public(context, application_id, "voted_failed")


def _make_public(context: StepContext, application_id: str, status: str) -> None:
    """Once: published again after a recall, the result is news to nobody. A second message would wait for the case, and a
    vote that is held again after a recheck would be public before its notice (R-102)."""
    row = applications.get_application(context.connection, application_id)
    if row["status"] in applications.FINAL:
        return
    if status == "voted_failed" and row["status"] != status:
        return  # waits for another vote after a recheck: this result is of the past
    if row["result_public_at"] is not None:
        if status == "result_publicity":
            applications.set_status(context.connection, application_id, status, now=context.now)
        return
    applications.set_status(
        context.connection,
        application_id,
        status,
        actor=context.actor.username if context.actor else None,
        now=context.now,
        result_public_at=context.now,
    )
    context.send(
        "result_published",
        correlation={"application_id": application_id},
        variables={"result_published_at": local(context.now).isoformat()},
    )


class Day(Schema):
    day = fields.Date(required=True)


class ImportParams(Schema):
    year = fields.Integer(required=True)
    rest_days = fields.List(fields.Nested(Day), allow_none=True, load_default=None)
    work_days = fields.List(fields.Nested(Day), allow_none=True, load_default=None)
    source_doc = fields.String(required=True)


class ImportResult(Schema):
    calendar_version = fields.Integer(required=True)


def import_year(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    rest: list[date] = [row["day"] for row in params["rest_days"] or []]
    work: list[date] = [row["day"] for row in params["work_days"] or []]
    version, _ = take_in(
        context.connection,
        params["year"],
        rest=rest,
        work=work,
        source_doc=params["source_doc"],
        actor=acting(context),
        now=context.now,
    )
    return {"calendar_version": version}


class RereadResult(Schema):
    closes_at = fields.AwareDateTime(required=True, default_timezone=None)
    window_closed = fields.Boolean(required=True)


def reread_window(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """The end as it stands now: an extension or an imported calendar may have moved it while the timer ran."""
    closes_at = get_notice(context.connection, params["notice_id"])["closes_at"]
    return {"closes_at": local(closes_at), "window_closed": context.now >= closes_at}


class RecallParams(NoticeRef):
    decision = fields.String(required=True)
    reason = fields.String(required=True)


class RecallResult(Schema):
    notice_recalled = fields.Boolean(required=True)


def settle_recall(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    recalled = params["decision"] == "recall"
    if not recalled and must_be_redone(context.connection, params["notice_id"]):
        raise Refused(T("异议调查已认定这份公示有误，只能撤回，更正后重新公示。"), code="MUST_RECALL")
    if recalled:
        _recall(context, params["notice_id"], params["reason"])
    data = {"notice_id": params["notice_id"], "reason": params["reason"]}
    context.note("notice_recalled" if recalled else "recall_declined", data)
    return {"notice_recalled": recalled}


def _recall(context: StepContext, notice_id: str, reason: str) -> None:
    recall_notice(context.connection, notice_id, reason=reason, now=context.now)
    release_recalled(context.connection, notice_id, context.now)


class CloseResult(Schema):
    closed_effective_at = fields.AwareDateTime(required=True, default_timezone=None)
    items_held = fields.Boolean(required=True)
    notice_recalled = fields.Boolean(required=True)
    publicity_outcome = fields.String(allow_none=True)


def close(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Close with effect from the due instant, once; tell every case that nobody holds."""
    at = close_notice(context.connection, params["notice_id"], context.now)
    context.note("notice_closed", {"notice_id": params["notice_id"], "effective_at": at.isoformat()})
    return {"closed_effective_at": local(at), **_tell(context, params["notice_id"])}


class SettleResult(Schema):
    items_held = fields.Boolean(required=True)
    notice_recalled = fields.Boolean(required=True)
    publicity_outcome = fields.String(allow_none=True)


def settle_items(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """An objection was concluded after the close: tell its case, or begin anew where the notice itself was wrong."""
    notice_id = params["notice_id"]
    if must_be_redone(context.connection, notice_id):
        reason = T("异议调查认定这份公示有误，须更正后重新公示。").to("zh")
        _recall(context, notice_id, reason)
        context.note("notice_recalled", {"notice_id": notice_id, "reason": reason})
        return {"items_held": False, "notice_recalled": True, "publicity_outcome": None}
    return _tell(context, notice_id)


def _tell(context: StepContext, notice_id: str) -> dict[str, Any]:
    notice = get_notice(context.connection, notice_id)
    for item in untold(context.connection, notice_id):
        mark_told(context.connection, item["id"], context.now)
        # A withdrawn case has ended; the calling process reads its one outcome from the variable below.
        if notice["kind"] == "result" and item["outcome"] != "withdrawn":
            context.send(
                "publicity_closed",
                correlation={"application_id": item["application_id"]},
                variables={"publicity_outcome": item["outcome"], "notice_id": notice_id},
            )
    items = notice_items(context.connection, notice_id)
    outcomes = {item["outcome"] for item in items}
    # A caller with one item, or with the posts of one unit, reads one outcome; a batch's cases are told one by one.
    single = outcomes.pop() if len(items) == 1 else "clear"
    if notice["kind"] == "quota" and "upheld" in outcomes:
        single = "upheld"
    held = any(item["hold"] for item in items)
    return {"items_held": held, "notice_recalled": False, "publicity_outcome": single}


def _its_own(handler: Handler) -> Handler:
    """A step knows the notices of its own instance alone: no other one may approve, publish, recall or close them."""
    if not issubclass(handler.params, NoticeRef):
        return handler

    def call(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any] | None:
        if get_notice(context.connection, params["notice_id"])["instance_id"] != context.instance_id:
            raise Refused(T("这份公示不由这个流程办理。"), code="ANOTHER_NOTICE")
        return handler.call(context, params)

    return replace(handler, call=call)


_PUBLISHING = (
    Handler("publicity.open_notice", open_notice, OpenParams, OpenResult, T("列出公示对象，编制公示草稿")),
    Handler("publicity.keep_notice", remarked(keep_notice), KeepParams, Nothing, T("保存公示稿")),
    Handler("publicity.review_notice", remarked(review_notice), ReviewParams, ReviewResult, T("登记公示的复核意见")),
    Handler("publicity.publish_notice", publish, NoticeRef, PublishResult, T("发布公示并计算截止时间")),
    Handler("publicity.import_calendar", remarked(import_year), ImportParams, ImportResult, T("导入一年的工作日历")),
    Handler("publicity.reread_window", reread_window, NoticeRef, RereadResult, T("重读公示的截止时间")),
    Handler("publicity.settle_recall", remarked(settle_recall), RecallParams, RecallResult, T("登记撤回公示的决定")),
    Handler("publicity.close_notice", close, NoticeRef, CloseResult, T("关闭公示并通知各项申报")),
    Handler("publicity.settle_items", settle_items, NoticeRef, SettleResult, T("通知已有结论的申报")),
)
HANDLERS = (*(_its_own(handler) for handler in _PUBLISHING), *INVESTIGATING)
