"""What each status of an application means to the applicant, and what comes next. Its name stands in `processes.candidate.words`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from forms.i18n import T, Text


@dataclass(frozen=True)
class Status:
    """`kind`: active, good, stopped; `plain`: what it means for the applicant; `following`: what comes next, if anything."""

    kind: str
    plain: Text
    following: Text | None = None


STATUSES: dict[str, Status] = {
    "draft": Status("active", T("申报表还没有提交。"), T("填完并提交后，由单位人事审核材料。")),
    "submitted_to_unit": Status("active", T("申报表已交到您的单位。"), T("单位人事核对材料，再由考核推荐小组评议。")),
    "unit_review": Status("active", T("单位正在核对材料并考核。"), T("单位决定是否推荐；推荐的要在单位公示。")),
    "unit_publicity": Status("active", T("单位已决定推荐，在单位内公示。"), T("公示期满没有异议，单位报送推荐材料。")),
    "unit_objection_hold": Status("active", T("公示期间收到异议，正在核查。"), T("核查结束后，按结论继续或停止。")),
    "recommended": Status("active", T("单位已推荐，材料已报送。"), T("主管部门签署意见，评审办事机构审核材料。")),
    "material_review": Status("active", T("评审办事机构正在审核材料。"), T("材料齐全的受理；有缺的一次性告知补正。")),
    "correction_pending": Status(
        "active",
        T("材料有需要补正的地方，已一次性列出。"),
        T("请在期限内补正；逾期不补视为放弃申报。"),
    ),
    "accepted": Status("active", T("材料已受理。"), T("审核代表作，然后等待评审会议。")),
    "work_audit": Status("active", T("代表作正在审核。"), T("审核通过的，等待评审会议。")),
    "queued_for_meeting": Status("active", T("已具备上会条件，等待评审会议。"), T("会议表决后公示评审结果。")),
    "in_meeting": Status("active", T("已列入评审会议的名单。"), T("会议表决后公布结果，到时在这里可以看到。")),
    "deferred_no_quorum": Status(
        "active",
        T("这次会议没有形成有效的表决结果（出席人数不足，或者投票作废），您的申报顺延。"),
        T("等待下一次评审会议，不用重新申报。"),
    ),
    "voted_passed": Status("good", T("评审会议表决通过。"), T("评审结果公示；期满无异议的，报请确认。")),
    "voted_failed": Status(
        "stopped",
        T("评审会议表决没有通过。"),
        T("认为程序、回避、材料或计票有误的，可以在复查期内申请复查；已经申请的，等待书面答复。"),
    ),
    "result_publicity": Status("active", T("评审结果已经公示。"), T("公示期满没有异议，报请确认并发证。")),
    "result_objection_hold": Status(
        "active", T("结果公示期间收到异议，正在核查。"), T("核查结束后，按结论确认或取消。")
    ),
    "confirmed": Status("good", T("评审结果已经确认。"), T("制发电子职称证书。")),
    "certified": Status("good", T("电子职称证书已发。"), T("单位按岗位择优聘用。")),
    "appointed": Status("good", T("单位已聘任您到相应岗位。")),
    "certified_not_appointed": Status(
        "good", T("证书有效，暂时没有聘任到岗位。"), T("单位有岗位时再择优聘用，证书一直有效。")
    ),
    "ineligible": Status("stopped", T("经人工核对，不符合申报条件。")),
    "quota_rejected": Status("stopped", T("单位没有空缺的岗位数额，本次不能推荐。")),
    "unit_not_recommended": Status("stopped", T("单位没有推荐。")),
    "deemed_withdrawn": Status("stopped", T("期限内没有补正材料，按规定视为放弃本次申报。")),
    "withdrawn": Status("stopped", T("申报已撤回。")),
    "work_audit_failed": Status("stopped", T("代表作审核没有通过。")),
    "disqualified": Status("stopped", T("本次申报资格已取消。")),
    "revoked": Status("stopped", T("职称和证书已撤销。")),
    "expired_draft": Status("stopped", T("申报期已过，申报表没有提交。")),
    "material_rejected": Status("stopped", T("材料审核没有受理。")),
    "not_endorsed": Status("stopped", T("主管部门没有同意申报。")),
}


def word(words: Mapping[str, Text], code: str | None) -> str:
    """A code of the register in words; as it is where nobody has a word for it, empty for None."""
    if code is None:
        return ""
    found = words.get(code)
    return str(found) if found is not None else code
