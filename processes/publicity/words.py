"""The closed lists of objections in words, for pages and replies."""

from __future__ import annotations

from forms.i18n import T, Text

GROUND_WORDS: dict[str, Text] = {
    "education": T("学历不实"),
    "seniority": T("资历不符"),
    "false_performance": T("业绩造假"),
    "plagiarism": T("代表作抄袭"),
    "procedure": T("程序违规"),
    "recusal": T("应回避而未回避"),
    "post": T("岗位问题"),
    "other": T("其他问题"),
}
STATUS_WORDS: dict[str, Text] = {
    "received": T("已收到"),
    "investigating": T("正在调查"),
    "concluded": T("已有结论"),
}
FINDING_WORDS: dict[str, Text] = {
    "proven": T("属实"),
    "partly_proven": T("部分属实"),
    "unfounded": T("不属实"),
    "unverifiable": T("无法核实"),
}
PROPOSAL_WORDS: dict[str, Text] = {
    "cancel": T("取消"),
    "redo": T("退回重做"),
    "continue": T("继续"),
}
OUTCOME_WORDS: dict[str, Text] = {
    "upheld": T("异议成立"),
    "redo": T("异议成立，退回重做"),
    "not_upheld": T("异议不成立"),
}
VIA_WORDS: dict[str, Text] = {"online": T("网上提交"), "paper": T("书面"), "phone": T("电话")}
