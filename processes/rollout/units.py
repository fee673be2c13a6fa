"""The service tasks of P03: one unit's posts from the declaration to the published quota."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from engine.errors import Refused
from engine.registry import Handler, StepContext
from forms.i18n import T
from processes.acting import acting, remarked
from processes.register import rollout_units as units
from processes.register.units import get_unit
from processes.rollout.shared import Nothing, StreamRef


class UnitRef(StreamRef):
    unit_code = fields.String(required=True)


class OpenResult(Schema):
    posts = fields.List(fields.Dict(), required=True)
    post_managed = fields.String(required=True)


def open_verification(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Ties this instance to the unit's row; the posts known so far begin the form. Raises Refused (NOT_ASKED_FOR) where
    another instance verifies this unit already, NotFound where nobody asked."""
    connection, stream_id, code = context.connection, params["stream_id"], params["unit_code"]
    if units.verification(connection, stream_id, code)["instance_id"] not in (None, context.instance_id):
        raise Refused(T("这个单位的岗位已经在核定，不能另行发起。"), code="NOT_ASKED_FOR")
    units.set_verification(connection, stream_id, code, instance_id=context.instance_id)
    managed = get_unit(connection, code)["post_managed"]
    return {
        "posts": units.known_posts(connection, code, units.year_of(connection, stream_id)),
        "post_managed": "yes" if managed else "no",
    }


def declare_no_posts(context: StepContext, params: dict[str, Any]) -> None:
    """A unit without post management declares that, and is done (R-41)."""
    connection, stream_id, code = context.connection, params["stream_id"], params["unit_code"]
    if get_unit(connection, code)["post_managed"]:
        raise Refused(
            T("台账上本单位实行岗位管理。如确已不实行，请先由属地主管部门更正单位信息。"), code="POST_MANAGED"
        )
    units.set_verification(connection, stream_id, code, status="no_posts", settled_at=context.now)
    context.send("unit_verified", correlation={"stream_id": stream_id})


class PostRow(Schema):
    level_name = fields.String(required=True)
    approved = fields.Integer(required=True, validate=validate.Range(min=0))
    occupied = fields.Integer(required=True, validate=validate.Range(min=0))


class DeclareParams(UnitRef):
    posts = fields.List(fields.Nested(PostRow), required=True)
    special_posts = fields.Integer(allow_none=True, load_default=None)
    approval_doc = fields.List(fields.String(), required=True)


class DeclareResult(Schema):
    verified_posts = fields.List(fields.Dict(), required=True)
    ratio_warnings = fields.List(fields.String(), required=True)


def ratio_check(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Keep the declaration and compare its structure with the control shares: only a warning to the authority."""
    connection, stream_id, code = context.connection, params["stream_id"], params["unit_code"]
    rows = units.check_posts(params["posts"])
    units.set_verification(
        connection,
        stream_id,
        code,
        declared=rows,
        special_posts=params["special_posts"] or 0,
        approval_doc=params["approval_doc"],
    )
    units.progress(connection, stream_id, code, "verifying")
    return {
        "verified_posts": params["posts"],
        "ratio_warnings": [str(told) for told in units.ratio_warnings(connection, rows, context.now)],
    }


class ReviewParams(UnitRef):
    decision = fields.String(required=True)
    reason = fields.String(allow_none=True, load_default=None)
    posts = fields.List(fields.Nested(PostRow), required=True)


class ReviewResult(Schema):
    posts_approved = fields.Boolean(required=True)
    return_reason = fields.String(allow_none=True)
    quota_rows = fields.List(fields.Dict(), allow_none=True)


def review_posts(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """The authority's decision; what it corrected is what will be published."""
    connection, stream_id, code = context.connection, params["stream_id"], params["unit_code"]
    if params["decision"] != "approve":
        reason = (params["reason"] or "").strip()
        if not reason:
            raise Refused(T("退回时请写明理由。"), code="REASON_MISSING")
        units.return_posts(connection, stream_id, code)
        return {"posts_approved": False, "return_reason": reason, "quota_rows": None}
    rows = units.check_posts(params["posts"])
    units.set_verification(connection, stream_id, code, declared=rows, verified_by=acting(context))
    units.progress(connection, stream_id, code, "publicising")
    return {"posts_approved": True, "return_reason": None, "quota_rows": rows}


class ReopenResult(Schema):
    return_reason = fields.String(required=True)


def reopen_declaration(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """An objection against the published posts was upheld: declare them again."""
    units.progress(context.connection, params["stream_id"], params["unit_code"], "declaring")
    return {"return_reason": str(T("岗位数额公示期间有异议成立，请更正后重新申报。"))}


class ActivateParams(UnitRef):
    notice_id = fields.String(required=True)


def activate_quota(context: StepContext, params: dict[str, Any]) -> None:
    """The published posts become the year's quota (R-42), and the region is answered."""
    units.activate_quota(context.connection, params["stream_id"], params["unit_code"], params["notice_id"], context.now)
    context.send("unit_verified", correlation={"stream_id": params["stream_id"]})


HANDLERS = (
    Handler("rollout.open_verification", open_verification, UnitRef, OpenResult, T("取出单位现有岗位")),
    Handler("rollout.declare_no_posts", remarked(declare_no_posts), UnitRef, Nothing, T("登记不实行岗位管理")),
    Handler("rollout.ratio_check", remarked(ratio_check), DeclareParams, DeclareResult, T("核对岗位结构比例")),
    Handler("rollout.review_posts", remarked(review_posts), ReviewParams, ReviewResult, T("登记岗位核定意见")),
    Handler("rollout.reopen_declaration", reopen_declaration, UnitRef, ReopenResult, T("登记异议成立，重新申报")),
    Handler("rollout.activate_quota", activate_quota, ActivateParams, Nothing, T("启用岗位数额并答复")),
)
