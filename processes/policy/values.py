"""The values of parameters as people write and read them, and the parameters sorted into areas."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from engine.clock import SHANGHAI, local
from engine.errors import Refused
from forms.i18n import T, Text
from processes.register.parameters import PARAMETERS, Parameter
from processes.rules.floors import FLOORS

AREAS: tuple[tuple[Text, tuple[str, ...]], ...] = (
    (T("公示"), ("publicity",)),
    (T("补正、异议和复查"), ("correction", "objection", "recheck")),
    (T("评委会和专家"), ("committee", "filing", "expert", "draw")),
    (T("评审会议和表决"), ("meeting", "vote", "recusal", "revote", "kin_excludes_from_meeting", "show_vote_counts")),
    (T("申报条件"), ("assessment_basis", "assessment_count_pending_year", "years_basis", "cycle", "hardship", "works")),
    (T("推荐、确认和聘任"), ("recommend_ratio", "confirmation", "contract", "dismiss")),
    (T("诚信"), ("sanction", "credit")),
    (T("日期的算法"), ("natural_period_rollover", "tz")),
    (T("改革方案"), ("programme",)),
)
OTHERS = T("其他")

CHOICES: Mapping[str, Text] = {
    "present": T("出席会议的人数"),
    "size": T("评委会的总人数"),
    "count_since_prior_title": T("取得现职称以来合格的年度数"),
    "last_n_consecutive": T("最近连续若干年度都合格"),
    "title_held": T("自取得现职称之日起"),
    "appointed": T("自聘任之日起"),
    "Asia/Shanghai": T("北京时间"),
    "last_calendar_day": T("当月最后一日"),
    "last_workday": T("当月最后一个工作日"),
}

HINTS: Mapping[str, Text] = {
    "count": T("填整数，例如 5。"),
    "share": T("填分数，例如 2/3。"),
    "ratio": T("填 0 到 1 之间的小数，例如 0.33。"),
    "flag": T("选“是”或“否”。"),
    "close": T("填时刻，例如 24:00（到当日结束）或 18:00。"),
    "month_day": T("填月和日，例如 12-31。"),
    "instant": T("填日期，例如 2026-09-28，也可加时刻，例如 2026-09-28 09:00；留空表示不限。"),
    "choice": T("从列出的几种中选一种。"),
}


def areas() -> list[tuple[Text, list[Parameter]]]:
    """Every parameter in its area, in the order they are declared; those of no area last."""
    found = [
        (title, [one for one in PARAMETERS.values() if one.name in heads or one.name.partition(".")[0] in heads])
        for title, heads in AREAS
    ]
    placed = {one.name for _, members in found for one in members}
    left = [one for one in PARAMETERS.values() if one.name not in placed]
    return [*found, *([(OTHERS, left)] if left else [])]


def read(known: Parameter, text: str) -> Any:
    """The value that somebody typed. Raises `Refused` (`BAD_VALUE`) with what is expected."""
    typed = text.strip()
    try:
        value = _read(known.kind, typed)
    except ValueError:
        value = typed
    if not known.accepts(value):
        raise Refused(T("“{text}”不能用。{hint}", text=typed, hint=HINTS[known.kind]), code="BAD_VALUE")
    return value


def _read(kind: str, typed: str) -> Any:
    if kind == "count":
        return int(typed)
    if kind == "ratio":
        return float(typed)
    if kind == "flag":
        return {"yes": True, "no": False}.get(typed, typed)
    if kind == "instant":
        if not typed:
            return None
        at = datetime.fromisoformat(typed)
        return (at if at.tzinfo else at.replace(tzinfo=SHANGHAI)).isoformat()
    return typed


def written(known: Parameter, value: Any) -> str:
    """The value as its field holds it; `read` of it gives the value back."""
    if known.kind == "flag":
        return "yes" if value else "no"
    if value is None:
        return ""
    if known.kind == "instant":
        at = local(datetime.fromisoformat(value))
        return at.date().isoformat() if at.time() == time(0) else f"{at:%Y-%m-%d %H:%M}"
    return str(value)


def told(known: Parameter, value: Any) -> Text:
    """The value in words."""
    if known.kind == "flag":
        return T("是") if value else T("否")
    if value is None:
        return T("不限")
    if known.kind == "choice":
        return CHOICES.get(value, T("{value}", value=str(value)))
    if known.kind == "month_day":
        month, day = str(value).split("-")
        return T("{month} 月 {day} 日", month=int(month), day=int(day))
    return T("{value}", value=written(known, value))


def floor_told(known: Parameter) -> Text | None:
    """What the regulation leaves no choice about, with where it stands; None where it leaves all."""
    floor = FLOORS.get(known.name)
    if floor is None:
        return None
    bound, source = told(known, floor.bound), floor.source
    if known.kind == "share":
        return T("不得低于 {bound}（{source}）", bound=bound, source=source)
    if known.kind == "count":
        more, less = floor.holds(floor.bound + 1), floor.holds(floor.bound - 1)
        if more and not less:
            return T("不得少于 {bound}（{source}）", bound=bound, source=source)
        if less and not more:
            return T("不得多于 {bound}（{source}）", bound=bound, source=source)
    return T("只能是“{bound}”（{source}）", bound=bound, source=source)
