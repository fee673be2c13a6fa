"""What each act does, for who tries a change out by hand."""

from __future__ import annotations

from collections.abc import Mapping

from forms.i18n import T, Text

WORDS: Mapping[str, Text] = {
    "case": T("准备一份申报（停在某个状态）"),
    "posts": T("改某个单位的岗位数"),
    "reserve": T("给申报预留一个岗位"),
    "policy": T("改一项政策参数"),
    "calendar": T("补一年的工作日历"),
    "passed": T("给申报记一次通过的表决"),
    "published": T("给申报办一次公示"),
    "certified": T("给申报确认并发证"),
    "investigators": T("指定调查人员"),
    "objection": T("有人提出异议"),
    "ended": T("申报撤回，从公示中去掉"),
    "extend": T("延长公示"),
    "recall": T("要求撤回公示"),
    "committee": T("取演示的评委会"),
    "opinions": T("分组并写好全部评审意见"),
    "interviews": T("记好全部答辩和实地考察"),
    "attend": T("评委签到"),
    "leave": T("评委离场"),
    "recuse": T("评委回避一份申报"),
    "ballots": T("评委投票"),
    "withdraw": T("没有流程的申报撤回"),
    "programme": T("准备一个改革方案"),
    "give_up_units": T("不再等某地未核定的单位"),
    "ask_unit": T("向一个单位布置岗位核定"),
}
