"""The policy parameters an authority may set, each with its shipped value (the plan's and the regulations' default).

What a regulation fixes has a floor in `processes.rules.floors`; the rest is the province's to decide.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from forms.i18n import T, Text
from processes.rules.votes import Share
from processes.rules.workdays import MAX_WORKDAYS, end_of_day, local_day


@dataclass(frozen=True)
class Parameter:
    """`kind` says how a value is written: count (int ≥ 0), share ("2/3"), ratio (0..1), flag, close ("24:00"),
    month_day ("12-31"), instant (ISO 8601 with offset, or null), or choice (one of `choices`)."""

    name: str
    default: Any
    kind: str
    label: Text
    choices: tuple[str, ...] = ()

    def accepts(self, value: Any) -> bool:
        """Whether `value` is written as this kind wants it."""
        if self.kind == "flag":
            return isinstance(value, bool)
        if self.kind == "count":
            return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_WORKDAYS
        if self.kind == "ratio":
            return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
        if self.kind == "choice":
            return value in self.choices
        if self.kind == "instant" and value is None:
            return True
        return isinstance(value, str) and _reads(self.kind, value)


def _reads(kind: str, value: str) -> bool:
    try:
        if kind == "share":
            Share.parse(value)
        elif kind == "close":
            end_of_day(date(2026, 1, 1), value)
        elif kind == "month_day":
            date.fromisoformat(f"2024-{value}")
        elif kind == "instant":
            local_day(datetime.fromisoformat(value))
        else:
            return False
    except ValueError:
        return False
    return True


def _all() -> Iterable[Parameter]:
    kinds = {
        "quota": T("岗位数额"),
        "recommendation": T("申报推荐人选"),
        "works": T("代表作等评审材料"),
        "result": T("评审结果"),
        "appointment": T("拟聘人选"),
    }
    for kind, what in kinds.items():
        yield Parameter(f"publicity.{kind}.min_workdays", 5, "count", T("{what}公示的最短工作日数", what=what))
    yield Parameter("publicity.first_day_counts", False, "flag", T("公示发布当日是否计入期间"))
    yield Parameter("publicity.close", "24:00", "close", T("公示期最后一日的截止时刻"))
    yield Parameter("publicity.not_before", None, "instant", T("公示最早可以发布的时刻"))
    yield Parameter("publicity.names_days", 180, "count", T("公示期满后公众还能看到姓名的自然日数"))
    yield Parameter("correction.workdays", 5, "count", T("一次性告知补正的工作日数"))
    yield Parameter("correction.max_notices", 1, "count", T("补正通知的最多次数"))
    yield Parameter("objection.investigate_workdays", 10, "count", T("异议调查的工作日数"))
    yield Parameter("objection.extended", 30, "count", T("异议调查延长后的工作日总数"))
    yield Parameter("objection.require_real_name_for_reply", True, "flag", T("答复异议是否以实名为条件"))
    yield Parameter("recheck.window_workdays", 10, "count", T("申请复查的工作日数"))
    yield Parameter("recheck.answer_workdays", 20, "count", T("答复复查的工作日数"))
    yield Parameter("committee.senior.series.min", 25, "count", T("高级评委会（按系列组建）的最少人数"))
    yield Parameter("committee.senior.specialty.min", 11, "count", T("高级评委会（按专业组建）的最少人数"))
    yield Parameter("committee.intermediate.series.min", 15, "count", T("中级评委会（按系列组建）的最少人数"))
    yield Parameter("committee.intermediate.specialty.min", 7, "count", T("中级评委会（按专业组建）的最少人数"))
    yield Parameter("committee.junior.series.min", 7, "count", T("初级评委会（按系列组建）的最少人数"))
    yield Parameter("committee.junior.specialty.min", 7, "count", T("初级评委会（按专业组建）的最少人数"))
    yield Parameter("committee.odd", True, "flag", T("评委会人数须为单数"))
    yield Parameter("filing.max_years", 3, "count", T("评委会核准备案的最长年限"))
    yield Parameter("expert.max_term_years", 3, "count", T("评审专家任期的最长年限"))
    yield Parameter("expert.max_same_unit", 2, "count", T("同一单位评审专家的最多人数"))
    yield Parameter("expert.max_consecutive", 2, "count", T("评审专家连续参加评审的最多次数"))
    yield Parameter("expert.min_new_ratio", 0.33, "ratio", T("新任评审专家的最低比例"))
    yield Parameter("expert.min_external_ratio", 0.10, "ratio", T("外单位评审专家的最低比例"))
    yield Parameter("draw.reserve_ratio", 0.3, "ratio", T("候补专家的比例"))
    yield Parameter("draw.max_workdays_before_meeting", 10, "count", T("会前抽取专家的最早工作日数"))
    yield Parameter("meeting.quorum", "2/3", "share", T("评审会议的法定出席比例"))
    yield Parameter("vote.pass", "2/3", "share", T("表决通过的比例"))
    yield Parameter("vote.denominator", "present", "choice", T("表决比例的分母"), ("present", "size"))
    yield Parameter("recusal.counts_present", False, "flag", T("回避的专家是否计入出席人数"))
    yield Parameter("revote.allowed", False, "flag", T("是否允许未经作废的重新投票"))
    yield Parameter("kin_excludes_from_meeting", False, "flag", T("近亲属参评的专家是否回避整个会议"))
    yield Parameter("sanction.bar_years", 3, "count", T("失信人员不得申报的年数"))
    yield Parameter("credit.years", 3, "count", T("失信记录的保存年数"))
    yield Parameter("contract.min_years", 3, "count", T("聘用合同的最短年数"))
    yield Parameter("dismiss.notice_days", 30, "count", T("解聘前书面通知的自然日数"))
    yield Parameter("natural_period_rollover", True, "flag", T("自然日期间遇休息日是否顺延"))
    yield Parameter("confirmation.workdays", 10, "count", T("确认批复的工作日数"))
    yield Parameter(
        "assessment_basis",
        "count_since_prior_title",
        "choice",
        T("年度考核的计算口径"),
        ("count_since_prior_title", "last_n_consecutive"),
    )
    yield Parameter("assessment_count_pending_year", True, "flag", T("当年尚未考核的年度是否计入"))
    yield Parameter("years_basis", "title_held", "choice", T("任职年限的计算口径"), ("title_held", "appointed"))
    yield Parameter("cycle.cutoff_month_day", "12-31", "month_day", T("任职年限的截止月日"))
    yield Parameter("recommend_ratio", 1, "ratio", T("推荐人数与空缺岗位的比例"))
    yield Parameter("works.max", 3, "count", T("代表作的最多件数"))
    yield Parameter("hardship.years_reduction", 0, "count", T("艰苦边远和基层一线减免的年数"))
    yield Parameter("hardship.min_service_years", 10, "count", T("艰苦边远和基层一线的最短服务年数"))
    yield Parameter(
        "programme.month_due",
        "last_calendar_day",
        "choice",
        T("只写月份的期限以哪一天为准"),
        ("last_calendar_day", "last_workday"),
    )
    yield Parameter("posts.senior_share", 0.1, "ratio", T("高级岗位占专业技术岗位比例的提醒线"))
    yield Parameter("posts.intermediate_share", 0.3, "ratio", T("中级岗位占专业技术岗位比例的提醒线"))
    yield Parameter("show_vote_counts", False, "flag", T("是否向本人显示票数"))
    yield Parameter("tz", "Asia/Shanghai", "choice", T("日期所用的时区"), ("Asia/Shanghai",))


PARAMETERS: dict[str, Parameter] = {parameter.name: parameter for parameter in _all()}
