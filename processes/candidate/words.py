"""The words of this family: codes of the register as people read them, findings as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from forms.i18n import T, Text

TITLE: Mapping[str, Text] = {
    "archives_clerk": T("管理员"),
    "assistant_archivist": T("助理馆员"),
    "archivist": T("馆员"),
    "associate_research_archivist": T("副研究馆员"),
    "research_archivist": T("研究馆员"),
}
EDUCATION: Mapping[str, Text] = {
    "doctor": T("博士"),
    "master": T("硕士"),
    "bachelor": T("本科（学士）"),
    "junior_college": T("大专"),
    "high_school_equiv": T("中专、职高、技校"),
}
TRACK: Mapping[str, Text] = {"artisan": T("工匠型"), "academic": T("学术型")}
CHANNEL: Mapping[str, Text] = {
    "normal": T("正常申报"),
    "exceptional": T("破格"),
    "introduced_high_level": T("引进的高层次人才"),
    "urgently_needed": T("急需紧缺人才"),
    "aid_qinghai": T("援青"),
    "hardship_grassroots": T("艰苦边远和基层一线"),
    "high_education_recognition": T("在青高学历认定"),
}
LEVEL: Mapping[str, Text] = {
    "full_senior": T("正高级"),
    "deputy_senior": T("副高级"),
    "intermediate": T("中级"),
    "junior": T("初级"),
}
GRADE: Mapping[str, Text] = {
    "excellent": T("优秀"),
    "qualified": T("合格"),
    "basically_qualified": T("基本合格"),
    "unqualified": T("不合格"),
    "undetermined": T("不确定等次"),
}
ETHICS: Mapping[str, Text] = {"pass": T("合格"), "fail": T("不合格")}
WORK_KIND: Mapping[str, Text] = {
    "standard": T("标准规范"),
    "restoration": T("修复成果"),
    "creative_product": T("创意产品"),
    "patent": T("发明专利"),
    "technical_plan": T("技术方案"),
    "research_report": T("研究报告"),
    "project": T("项目"),
    "compilation": T("编研成果"),
    "monograph": T("专著"),
    "paper": T("论文"),
    "other": T("其他"),
}
STATUS: Mapping[str, Text] = {
    "draft": T("填写中"),
    "submitted_to_unit": T("已提交单位"),
    "unit_review": T("单位考核中"),
    "unit_publicity": T("推荐公示中"),
    "unit_objection_hold": T("推荐公示有异议，待核实"),
    "recommended": T("单位已推荐"),
    "material_review": T("材料审核中"),
    "correction_pending": T("待补正材料"),
    "accepted": T("材料已受理"),
    "work_audit": T("代表作审核中"),
    "queued_for_meeting": T("等待评审会议"),
    "in_meeting": T("评审会议中"),
    "deferred_no_quorum": T("留待下次会议"),
    "voted_passed": T("表决通过"),
    "voted_failed": T("评审未通过"),
    "result_publicity": T("评审结果公示中"),
    "result_objection_hold": T("评审结果有异议，待核实"),
    "confirmed": T("已确认"),
    "certified": T("已发证"),
    "appointed": T("已聘用"),
    "certified_not_appointed": T("已发证，待聘用"),
    "expired_draft": T("逾期未提交"),
    "ineligible": T("不符合申报条件"),
    "quota_rejected": T("岗位无空缺"),
    "unit_not_recommended": T("单位未推荐"),
    "not_endorsed": T("主管部门不同意"),
    "material_rejected": T("材料不符合条件"),
    "deemed_withdrawn": T("视为放弃申报"),
    "withdrawn": T("已撤回"),
    "work_audit_failed": T("代表作审核未通过"),
    "disqualified": T("已取消评审资格"),
    "revoked": T("职称已撤销"),
}
UNDER_REVIEW = T("评审中")  # what anybody reads between the vote and the public notice

GATE: Mapping[str, Text] = {
    "scope": T("申报范围"),
    "conduct": T("品德与考核"),
    "channel": T("申报渠道"),
    "years": T("学历与年限"),
}
PLEDGE = T(
    "本人承诺：所填内容和所交材料真实、准确、完整，代表作由本人完成或为本人主要贡献，不存在抄袭、剽窃、伪造。"
    "如有弄虚作假，一经查实，愿意接受取消评审资格、三年内不得申报、撤销所得职称、记入诚信档案等处理。"
)
CONSENT = T("同意为职称评审处理本人的学历、考核、业绩等个人信息，并知悉其用途、范围和保存期限。")


def sentence(finding: Mapping[str, Any]) -> Text:
    """One finding of the judgement in words, with what is needed and what there is."""
    code, facts = finding["code"], finding.get("facts", {})
    plain = {
        "CIVIL_SERVANT_LAW_UNIT": T("所在单位参照公务员法管理，其工作人员不参加职称评审；以台账为准，与本人填写无关。"),
        "CIVIL_SERVANT": T("公务员不参加职称评审。"),
        "TEACHER": T("各类院校从事档案教学的教师不在此次范围，应参加教师系列评审。"),
        "RETIRED": T("已经退休的人员不得申报。"),
        "NOT_EMPLOYED": T("申报人应在岗，台账中没有在岗的记录。"),
        "AGENCY_NEEDED": T("自由职业者须经人事代理机构申报，请填写代理机构。"),
        "EXCEPTIONAL_NOT_SENIOR": T("破格只能申报高级职称。"),
        "EVIDENCE_MISSING": T("所选渠道须有证明材料。"),
        "AID_ENDED": T("援青期已满或没有援青记录，不能走援青渠道。"),
        "HARDSHIP_NOT_MET": T("单位不在艰苦边远地区或者基层服务年限不够，不能走这一渠道。"),
        "RECOGNITION_CLOSED": T("在青高学历认定尚未开通，请选择其他渠道。"),
        "TABLE": T("按现行学历年限表不符合条件。"),
    }
    if code in plain:
        return plain[code]
    if code == "INTEGRITY_BAR":
        return T("失信惩戒期至 {until}（含当日），期内不得申报。", until=facts["until"])
    if code == "PENALTY":
        return T("处分期至 {until}（含当日），期内不得申报。", until=facts["until"])
    if code == "ASSESSMENTS":
        return T("年度考核合格以上需满 {needed} 年，实际 {counted} 年。", **facts)
    if code == "NO_ROW":
        return T("以{education}学历申报{target}，没有按年限申报的途径。", **_named(facts))
    if code == "PRIOR_TITLE":
        if facts.get("actual") is None:
            return T("申报{target}须先取得{needed}职称，现无职称。", **_named(facts))
        return T("申报{target}须先取得{needed}职称，现为{actual}。", **_named(facts))
    if code == "YEARS_PRIOR":
        return T("任现职称需满 {needed} 年，实际 {actual} 年。", **facts)
    if code == "YEARS_ARCHIVES":
        return T("从事档案工作需满 {needed} 年，实际 {actual} 年。", **facts)
    raise KeyError(code)


def sentences(findings: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Rows for the forms that show the judgement, in the language of the context."""
    return [{"what": str(GATE[finding["gate"]]), "text": str(sentence(finding))} for finding in findings]


def _named(facts: Mapping[str, Any]) -> dict[str, Any]:
    words = {**TITLE, **EDUCATION}
    return {key: words.get(value, value) if isinstance(value, str) else value for key, value in facts.items()}
