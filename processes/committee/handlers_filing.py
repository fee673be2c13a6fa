"""The service tasks of P10 and P11: a committee is filed as approved, and its list of members is locked. No name passes through here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import func, select

from engine.errors import Refused
from engine.registry import Handler, StepContext
from forms.i18n import T, Text
from processes.acting import acting, remarked
from processes.committee.handlers_common import Nothing, committee_options
from processes.register.cases import title_words
from processes.register.committee_tables import committee, get_committee
from processes.register.committees import file_committee
from processes.register.expert_tables import committee_member

LEVELS: Mapping[str, Text] = {"senior": T("高级"), "intermediate": T("中级"), "junior": T("初级")}
BASES: Mapping[str, Text] = {"series": T("按系列"), "specialty": T("按专业")}


class FrameParams(Schema):
    level = fields.String(required=True, validate=validate.OneOf(sorted(LEVELS)))
    basis = fields.String(required=True, validate=validate.OneOf(sorted(BASES)))
    scope_titles = fields.List(fields.String(), required=True, validate=validate.Length(min=1))


class FrameResult(Schema):
    level_text = fields.String(required=True)
    basis_text = fields.String(required=True)
    scope_text = fields.String(required=True)


def put_in_words(_context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """What is applied for, as the approver reads it."""
    return {
        "level_text": LEVELS[params["level"]].to("zh"),
        "basis_text": BASES[params["basis"]].to("zh"),
        "scope_text": "、".join(title_words(title) for title in params["scope_titles"]),
    }


class FileParams(FrameParams):
    name = fields.String(required=True)
    organizer = fields.String(required=True)
    size = fields.Integer(required=True)
    min_size_waiver_doc = fields.String(allow_none=True, load_default=None)
    filing_no = fields.String(required=True)
    filed_on = fields.Date(required=True)
    valid_until = fields.Date(required=True)


class FileResult(Schema):
    committee_id = fields.String(required=True)


def file_approved(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Keep the committee as filed. What the rules do not allow is refused in words to whoever approves (R-61, R-63).

    Raises `Refused`: `FILING_NO_TAKEN`, and as `file_committee`.
    """
    taken = select(committee.c.id).where(committee.c.filing_no == params["filing_no"])
    if context.connection.execute(taken).first() is not None:
        raise Refused(T("备案号 {number} 已经用过，请核对。", number=params["filing_no"]), code="FILING_NO_TAKEN")
    committee_id = file_committee(context.connection, code=params["filing_no"], now=context.now, **params)
    context.note("committee_filed", {"filing_no": params["filing_no"], "by": acting(context)})
    return {"committee_id": committee_id}


class OptionsResult(Schema):
    committee_options = fields.List(fields.Dict(), required=True)


def list_options(context: StepContext, _params: dict[str, Any]) -> Mapping[str, Any]:
    options = committee_options(context)
    if not options:
        raise Refused(T("还没有核准备案的评审委员会，不能抽取专家。"), code="NO_COMMITTEE")
    return {"committee_options": options}


class DrawParams(Schema):
    committee_id = fields.String(required=True)
    draw_outcome = fields.String(required=True, validate=validate.OneOf(["locked", "exhausted", "voided"]))
    draw_reason = fields.String(allow_none=True, load_default=None)


def confirm_draw(context: StepContext, params: dict[str, Any]) -> None:
    """A list is locked only when the register holds as many members as the committee has seats, a chair among them.

    Raises `Refused` `MEMBERS_MISSING`, saying in counts what is missing.
    """
    filed = get_committee(context.connection, params["committee_id"])
    seats = select(func.count()).where(
        committee_member.c.committee_id == filed["id"], committee_member.c.seat == "member"
    )
    members = context.connection.execute(seats).scalar_one()
    chairs = context.connection.execute(seats.where(committee_member.c.role == "chair")).scalar_one()
    if params["draw_outcome"] == "locked" and (members != filed["size"] or chairs != 1):
        raise Refused(
            T(
                "登记处现有委员 {members} 名，其中主任委员 {chairs} 名；应有 {size} 名，其中主任委员 1 名。名单补齐后才能锁定。",
                members=members,
                chairs=chairs,
                size=filed["size"],
            ),
            code="MEMBERS_MISSING",
        )
    noted = {"outcome": params["draw_outcome"], "members": members}
    context.note("draw", {**noted, "reason": params["draw_reason"]} if params["draw_reason"] else noted)


HANDLERS = (
    Handler("committee.frame", remarked(put_in_words), FrameParams, FrameResult, T("整理备案申请")),
    Handler("committee.file", remarked(file_approved), FileParams, FileResult, T("登记核准备案")),
    Handler("committee.options", list_options, Nothing, OptionsResult, T("列出评审委员会")),
    Handler("committee.confirm_draw", remarked(confirm_draw), DrawParams, Nothing, T("登记抽取结果")),
)
