"""The service tasks of P01: registration, the gate before phase 2, blocked streams, the first review, the report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import select

from engine.clock import local
from engine.errors import Refused
from engine.registry import Handler, StepContext
from forms.i18n import T
from processes.acting import acting, remarked
from processes.dates import instant
from processes.register import rollout, rollout_streams
from processes.register.rollout_summaries import overview
from processes.register.rollout_tables import get_phase, streams_of
from processes.register.units import region
from processes.rollout.shared import Nothing, ProgrammeRef, StreamRef, end_of
from processes.rollout.words import DOCUMENT

PLAN = (
    (1, "安排部署", "印发《实施方案》和《评审条件（试行）》\n向有关部门和档案人员宣传改革精神、政策规定和工作程序"),
    (2, "组织实施", "核定专业技术岗位结构比例、岗位数额和岗位层级\n开展首次评审：考核推荐、专家评审、择优聘用"),
    (3, "全面总结", "总结改革工作，对问题与不足提出对策建议\n书面报送省档案局和省人力资源社会保障厅"),
)


class PrepareResult(Schema):
    phases = fields.List(fields.Dict(), required=True)
    regions = fields.List(fields.Dict(), required=True)
    year = fields.Integer(required=True)


def prepare_programme(context: StepContext, _params: dict[str, Any]) -> Mapping[str, Any]:
    """The form's rows to begin with: the plan's three phases, and every region and department."""
    regions = context.connection.execute(select(region.c.code, region.c.name).order_by(region.c.kind, region.c.code))
    return {
        "phases": [{"no": no, "phase_name": name, "month": None, "tasks": tasks} for no, name, tasks in PLAN],
        "regions": [{"region_name": row.name, "responsible": None, "phone": None} for row in regions],
        "year": local(context.now).year,
    }


class PhaseRow(Schema):
    no = fields.Integer(required=True)
    phase_name = fields.String(required=True)
    month = fields.String(required=True)
    tasks = fields.String(required=True)


class RegionRow(Schema):
    region_name = fields.String(required=True)
    responsible = fields.String(required=True)
    phone = fields.String(required=True)


class RegisterParams(Schema):
    name = fields.String(required=True)
    year = fields.Integer(required=True)
    base_docs = fields.String(required=True)
    phases = fields.List(fields.Nested(PhaseRow), required=True)
    regions = fields.List(fields.Nested(RegionRow), required=True)
    confirmed = fields.Boolean(allow_none=True, load_default=False)


class RegisterResult(Schema):
    programme_id = fields.String(required=True)
    streams = fields.List(fields.Dict(), required=True)
    phase2_start_at = fields.AwareDateTime(required=True, default_timezone=None)
    phase3_start_at = fields.AwareDateTime(required=True, default_timezone=None)


def register(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Keep the programme. Telephones are sealed here and leave the variables with this step."""
    connection = context.connection
    names = {row.code: row.name for row in connection.execute(select(region.c.code, region.c.name))}
    codes = {name: code for code, name in names.items()}
    programme_id = rollout.register_programme(
        connection,
        context.keyring,
        name=params["name"],
        year=params["year"],
        base_docs=_lines(params["base_docs"]),
        phases=[
            rollout.NewPhase(row["no"], row["phase_name"], row["month"].strip(), _lines(row["tasks"]))
            for row in params["phases"]
        ],
        streams=[
            rollout.NewStream(codes[row["region_name"]], row["responsible"].strip(), row["phone"].strip())
            for row in params["regions"]
        ],
        instance_id=context.instance_id,
        by=acting(context),
        now=context.now,
        confirmed=bool(params["confirmed"]),
    )
    streams = streams_of(connection, programme_id)
    context.note("programme_registered", {"programme_id": programme_id, "streams": len(streams)})
    return {
        "programme_id": programme_id,
        "streams": [
            {"stream_id": row["id"], "region_code": row["region_code"], "region_name": names[row["region_code"]]}
            for row in streams
        ],
        "phase2_start_at": local(get_phase(connection, programme_id, 2)["starts_at"]),
        "phase3_start_at": local(get_phase(connection, programme_id, 3)["starts_at"]),
    }


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


class GateResult(Schema):
    gate_ready = fields.Boolean(required=True)
    gate_missing = fields.String(allow_none=True)


def check_gate(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Whether phase 1 has issued what phase 2 rests on (R-140)."""
    missing = rollout.gate(context.connection, params["programme_id"])
    return {"gate_ready": not missing, "gate_missing": "、".join(str(DOCUMENT[kind]) for kind in missing) or None}


class LateParams(ProgrammeRef):
    decision = fields.String(required=True)
    reason = fields.String(allow_none=True, load_default=None)
    until = fields.Date(allow_none=True, load_default=None)


class LateResult(Schema):
    gate_ready = fields.Boolean(required=True)
    gate_wait_until = fields.AwareDateTime(allow_none=True, default_timezone=None)


def keep_late_start(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Start phase 2 although something is missing, for a reason, or wait until a day."""
    connection, programme_id = context.connection, params["programme_id"]
    if params["decision"] == "start_now":
        reason = (params["reason"] or "").strip()
        if not reason:
            raise Refused(T("先开始第二阶段须写明理由。"), code="REASON_MISSING")
        rollout.start_late(connection, programme_id, reason=reason, by=acting(context))
        context.note("late_start", {"reason": reason})
        return {"gate_ready": True, "gate_wait_until": None}
    until = end_of(params["until"])
    rollout.hold_gate(connection, programme_id, until, context.now)
    return {"gate_ready": False, "gate_wait_until": local(until)}


class PhaseParams(ProgrammeRef):
    phase_no = fields.Integer(required=True)


class PhaseResult(Schema):
    stream_ask_at = fields.AwareDateTime(required=True, default_timezone=None)


def open_phase(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """The phase has begun. Streams are asked about at its end."""
    connection, programme_id, no = context.connection, params["programme_id"], params["phase_no"]
    rollout.open_phase(connection, programme_id, no, context.now)
    context.note("phase_opened", {"no": no})
    return {"stream_ask_at": local(get_phase(connection, programme_id, no)["due_at"])}


class LookResult(Schema):
    is_blocked = fields.Boolean(required=True)
    stream_ask_at = fields.AwareDateTime(required=True, default_timezone=None)
    blocked_facts = fields.String(allow_none=True)


def look_at_stream(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Whether the stream's phase has ended without it, and what it still waits for."""
    connection, stream_id = context.connection, params["stream_id"]
    if not rollout_streams.is_blocked(connection, stream_id, context.now):
        at = rollout_streams.next_question(connection, stream_id)
        return {"is_blocked": False, "stream_ask_at": local(at), "blocked_facts": None}
    open_units = len(rollout_streams.unsettled_units(connection, stream_id))
    facts = (
        T("还有 {n} 个单位没有核定岗位。", n=open_units)
        if open_units
        else T("各单位的岗位都已核定，本地区（部门）的报告或总结还没有完成。")
    )
    return {"is_blocked": True, "stream_ask_at": local(context.now), "blocked_facts": str(facts)}


class WaiverParams(StreamRef):
    kind = fields.String(required=True)
    reason = fields.String(required=True)
    until = fields.Date(allow_none=True, load_default=None)


class WaiverResult(Schema):
    given_up = fields.Boolean(required=True)
    stream_ask_at = fields.AwareDateTime(required=True, default_timezone=None)


def keep_waiver(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """What was decided of a blocked stream; units that are waited for no longer let the stream's own work go on."""
    connection, stream_id, kind = context.connection, params["stream_id"], params["kind"]
    until = end_of(params["until"]) if params["until"] is not None and kind != "stream" else None
    rollout_streams.decide(
        connection,
        stream_id,
        kind=kind,
        reason=params["reason"],
        until=until,
        by=acting(context),
        now=context.now,
    )
    if kind == "units":
        context.send("unit_verified", correlation={"stream_id": stream_id})
    context.note("stream_decided", {"stream_id": stream_id, "decision": kind, "reason": params["reason"]})
    at = rollout_streams.next_question(connection, stream_id)
    return {"given_up": kind == "stream", "stream_ask_at": local(at)}


class CycleResult(Schema):
    cycle_due_at = fields.AwareDateTime(required=True, default_timezone=None)


def open_review_cycle(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """The first review of the year; it is to be complete when phase 2 ends, or when its last application could be made."""
    connection, programme_id = context.connection, params["programme_id"]
    apply_to = rollout.open_cycle(connection, programme_id, context.now)
    due_at: datetime = get_phase(connection, programme_id, 2)["due_at"]
    return {"cycle_due_at": local(max(due_at, end_of(apply_to)))}


def close_review_cycle(context: StepContext, params: dict[str, Any]) -> None:
    """Tell every stream that the first review is complete; who does not wait yet finds it when it does."""
    streams = rollout.close_cycle(context.connection, params["programme_id"], by=acting(context), now=context.now)
    for stream_id in streams:
        context.send("review_cycle_closed", correlation={"stream_id": stream_id})
    context.note("review_cycle_closed", {"streams": len(streams)}, T("首次评审于 {at} 结束。", at=instant(context.now)))


class ReportParams(ProgrammeRef):
    achievements = fields.String(required=True)
    problems = fields.String(required=True)
    countermeasures = fields.String(required=True)
    file = fields.List(fields.String(), allow_none=True, load_default=None)


def keep_report(context: StepContext, params: dict[str, Any]) -> None:
    """The province's own summary, with the figures and the waivers' reasons as they stand."""
    programme_id = params.pop("programme_id")
    rollout.write_report(
        context.connection,
        programme_id,
        stats=overview(context.connection, programme_id),
        by=acting(context),
        now=context.now,
        **{**params, "file": params["file"] or []},
    )


class OverviewResult(Schema):
    stream_states = fields.List(fields.Dict(), required=True)
    summaries_received = fields.Integer(required=True)
    summaries_waived = fields.Integer(required=True)


def list_streams(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """What the report is written from: every stream with its state, and why it was not waited for."""
    words = {"done": T("已接收"), "waived": T("不再等待")}
    seen = overview(context.connection, params["programme_id"])
    return {
        "stream_states": [{**row, "state": str(words.get(row["state"], T("未完成")))} for row in seen["streams"]],
        "summaries_received": seen["received"],
        "summaries_waived": seen["waived"],
    }


class SettleParams(ProgrammeRef):
    accepted = fields.String(required=True)
    remarks = fields.String(allow_none=True, load_default=None)


class SettleResult(Schema):
    programme_accepted = fields.Boolean(required=True)
    returned_because = fields.String(allow_none=True)


def settle_programme(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    accepted = params["accepted"] == "yes"
    rollout.settle_report(
        context.connection,
        params["programme_id"],
        accepted=accepted,
        remarks=params["remarks"],
        by=acting(context),
        now=context.now,
    )
    return {"programme_accepted": accepted, "returned_because": None if accepted else params["remarks"]}


HANDLERS = (
    Handler("rollout.prepare_programme", prepare_programme, Nothing, PrepareResult, T("列出阶段、地区和部门")),
    Handler("rollout.register", remarked(register), RegisterParams, RegisterResult, T("登记改革方案，算出期限")),
    Handler("rollout.check_gate", check_gate, ProgrammeRef, GateResult, T("查看第一阶段必办事项")),
    Handler("rollout.keep_late_start", remarked(keep_late_start), LateParams, LateResult, T("登记等待或先开始的决定")),
    Handler("rollout.open_phase", open_phase, PhaseParams, PhaseResult, T("登记阶段开始")),
    Handler("rollout.look_at_stream", look_at_stream, StreamRef, LookResult, T("看这一路是否受阻")),
    Handler("rollout.keep_waiver", remarked(keep_waiver), WaiverParams, WaiverResult, T("登记等待或放行的决定")),
    Handler("rollout.open_review_cycle", open_review_cycle, ProgrammeRef, CycleResult, T("开始首次评审")),
    Handler("rollout.close_review_cycle", remarked(close_review_cycle), ProgrammeRef, Nothing, T("告知首次评审结束")),
    Handler("rollout.list_streams", list_streams, ProgrammeRef, OverviewResult, T("列出各地区和部门的总结情况")),
    Handler("rollout.keep_report", remarked(keep_report), ReportParams, Nothing, T("保存总报告")),
    Handler("rollout.settle_programme", remarked(settle_programme), SettleParams, SettleResult, T("登记验收意见")),
)
