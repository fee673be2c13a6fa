"""The board's figures, each with the cases it counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from forms.i18n import T, Text
from processes.register.rollout_tables import RECIPIENTS, UNIT_SETTLED
from processes.rollout.board import OVERDUE, WAIVED, BoardCase, Figure, StreamShown, UnitShown
from processes.rollout.words import RECIPIENT


def figures(instance_id: str | None, streams: Sequence[StreamShown]) -> tuple[Figure, ...]:
    """What the board counts: streams late, escalated, waived and not finished, units by whether they are verified, summaries received."""

    def of_streams(key: str, label: Text, chosen: Iterable[StreamShown]) -> Figure:
        return Figure(key, label, tuple(BoardCase(Text(s.region), instance_id, None, s.id) for s in chosen))

    def of_units(key: str, label: Text, settled: bool) -> Figure:
        return Figure(
            key,
            label,
            tuple(
                _unit(stream, one)
                for stream in streams
                for one in stream.units
                if (one.status in UNIT_SETTLED) == settled
            ),
        )

    return (
        of_streams("late", T("逾期的地区和部门"), (s for s in streams if any(p.state == OVERDUE for p in s.phases))),
        of_streams("escalated", T("已上报的地区和部门"), (s for s in streams if _escalated(s))),
        of_streams("waived", T("不再等待的地区和部门"), (s for s in streams if s.phases[-1].state == WAIVED)),
        of_streams("unfinished", T("总结工作尚未完成的地区和部门"), (s for s in streams if not s.finished)),
        of_units("units_settled", T("岗位核定已完成的单位"), True),
        of_units("units_open", T("岗位核定未完成的单位"), False),
        *(
            of_streams(
                f"received_{who}",
                T("{who}已接收总结的地区和部门", who=RECIPIENT[who]),
                (s for s in streams if who in s.received),
            )
            for who in RECIPIENTS
        ),
    )


def _escalated(stream: StreamShown) -> bool:
    """Reported upwards for a phase that is still late."""
    return any(
        line.level in RECIPIENTS for phase in stream.phases if phase.state == OVERDUE for line in phase.escalated
    )


def _unit(stream: StreamShown, one: UnitShown) -> BoardCase:
    label = T("{unit}：{status}", unit=one.name, status=one.status_words)
    return BoardCase(label, one.instance_id, None, stream.id)
