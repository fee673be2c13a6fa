"""The service tasks of P18: a stream's summary, sent to two recipients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from engine.registry import Handler, StepContext
from forms.i18n import T
from processes.acting import acting, remarked
from processes.register import rollout_streams as streams
from processes.register import rollout_summaries as summaries
from processes.register.rollout_tables import get_stream
from processes.rollout.shared import Nothing, StreamRef
from processes.rollout.words import RECIPIENT


class OpenResult(Schema):
    stats = fields.Dict(required=True)
    task_due = fields.Date(required=True)
    returned_because = fields.String(allow_none=True)


def open_summary(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """The stream sums up; the figures of the register begin its form."""
    connection, stream_id = context.connection, params["stream_id"]
    streams.enter(connection, stream_id, 3, context.now)
    return {
        "stats": summaries.statistics(connection, stream_id),
        "task_due": streams.task_due(connection, get_stream(connection, stream_id)["programme_id"], 3),
        "returned_because": None,
    }


class SummaryParams(StreamRef):
    done = fields.String(required=True)
    problems = fields.List(fields.Dict(), allow_none=True, load_default=None)
    suggestions = fields.String(allow_none=True, load_default=None)
    file = fields.List(fields.String(), allow_none=True, load_default=None)


def keep_summary(context: StepContext, params: dict[str, Any]) -> None:
    stream_id = params.pop("stream_id")
    summaries.write_summary(
        context.connection,
        stream_id,
        by=acting(context),
        now=context.now,
        **{**params, "problems": params["problems"] or [], "file": params["file"] or []},
    )


def send_summary(context: StepContext, params: dict[str, Any]) -> None:
    summaries.send(context.connection, params["stream_id"], by=acting(context), now=context.now)


class ReceiptParams(StreamRef):
    recipient = fields.String(required=True)
    decision = fields.String(required=True)
    reason = fields.String(allow_none=True, load_default=None)


def record_receipt(context: StepContext, params: dict[str, Any]) -> None:
    summaries.answer(
        context.connection,
        params["stream_id"],
        params["recipient"],
        received=params["decision"] == "receive",
        reason=params["reason"],
        by=acting(context),
        now=context.now,
    )


class SettleResult(Schema):
    summary_complete = fields.Boolean(required=True)
    returned_because = fields.String(allow_none=True)


def settle_summary(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Both have answered: received by both ends the stream's work, a return from either sends it back with the reasons."""
    rows = summaries.answers(context.connection, params["stream_id"])
    returned = [row for row in rows if row["received_at"] is None]
    if not returned:
        streams.end(context.connection, params["stream_id"], 3, context.now)
    told = [f"{RECIPIENT[row['recipient']]}：{row['return_reason']}" for row in returned]
    return {"summary_complete": not returned, "returned_because": "\n".join(told) or None}


HANDLERS = (
    Handler("rollout.open_summary", open_summary, StreamRef, OpenResult, T("取出总结所用的统计数字")),
    Handler("rollout.keep_summary", remarked(keep_summary), SummaryParams, Nothing, T("保存工作总结")),
    Handler("rollout.send_summary", remarked(send_summary), StreamRef, Nothing, T("同时报送省档案局和省人社厅")),
    Handler("rollout.record_receipt", remarked(record_receipt), ReceiptParams, Nothing, T("登记总结的接收意见")),
    Handler("rollout.settle_summary", settle_summary, StreamRef, SettleResult, T("看总结是否两家都已接收")),
)
