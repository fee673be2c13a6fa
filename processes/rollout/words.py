"""The codes of a programme in words."""

from __future__ import annotations

from collections.abc import Mapping

from forms.i18n import T, Text

ESCALATED_TO: Mapping[str, Text] = {
    "remind": T("提醒经办人"),
    "remind_lead": T("提醒经办人和负责人"),
    "overdue": T("已逾期，告知管理者"),
    "archives_bureau": T("已上报省档案局"),
    "provincial_hrss": T("已上报省人社厅"),
}
UNIT_STATUS: Mapping[str, Text] = {
    "declaring": T("等待单位申报岗位"),
    "verifying": T("等待主管部门核定"),
    "publicising": T("岗位数额公示中"),
    "verified": T("已核定并公示"),
    "no_posts": T("不实行岗位管理"),
    "waived": T("经省人社厅同意不再等待"),
}
DECIDED: Mapping[str, Text] = {
    "wait": T("继续等待"),
    "units": T("不再等待未核定的单位"),
    "stream": T("不再等待这一路"),
}
RECIPIENT: Mapping[str, Text] = {"archives_bureau": T("省档案局"), "provincial_hrss": T("省人社厅")}
DOCUMENT: Mapping[str, Text] = {"plan": T("实施方案"), "conditions": T("评审条件"), "other": T("其他文件")}
