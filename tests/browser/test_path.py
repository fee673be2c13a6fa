"""A newcomer plays one candidate from the application to the appointment, through the pages alone (S01).

The same walk as docs/walk.md: whoever changes one changes the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from playwright.sync_api import Page

from engine.config import Settings
from engine.engine import Engine
from processes.office import registry
from processes.register.committee_tables import review_meeting
from tests.browser.people import FILE, Office, Person
from tests.live import Live
from tests.process.province import Province
from tests.process.sitting import Sitting
from tests.process.test_s01_whole_path import hands

pytestmark = pytest.mark.browser
WHO = "演示·李明"
NOTICE = {
    "公示标题": "副研究馆员推荐人选公示",
    "公示正文": "现将拟推荐人选予以公示，如有异议请在公示期内反映。",
    "联系电话": "0971-6120001",
    "联系邮箱": "office@example.cn",
}


def test_from_application_to_appointment(visit: Callable[..., Page], live: Live) -> None:
    office = Office(visit)
    candidate, admin = office["c-001"], office["admin"]
    admin.moves_the_clock("2026-06-20")
    apply(candidate)
    recommend(office)
    publish_recommendation(office)
    endorse_and_review(office)
    plan_meeting(office)
    with in_the_room(live) as sitting:
        hold_meeting(office, sitting)
        sign_result(office, sitting)
        publish_result(office, sitting)
    confirm(office)
    publish_appointment(office)
    appoint(office)
    look_back(office)


def apply(candidate: Person) -> None:
    candidate.goes_to("/me")
    candidate.sees("您还没有申报")
    candidate.follows("开始申报职称")
    candidate.presses("发起")
    candidate.sees("填写申报表", "2026年6月30日（周二）24:00", "西宁演示区档案馆")
    candidate.fills({"申报职称": "副研究馆员", "申报类型": "工匠型", "申报渠道": "正常申报", "本人身份": "事业单位"})
    candidate.fills({"个人总结": "从事档案整理、数字化和修复工作十四年。"})
    candidate.fills({"做了什么": "完成三万卷档案数字化", "日期": "2025-10-01"}, row="业绩 1")
    candidate.fills({"种类": "标准规范", "名称": "档案数字化作业规范", "成果文件": FILE}, row="代表作 1")
    candidate.adds("代表作")
    candidate.fills({"种类": "修复成果", "名称": "藏文木刻档案修复"}, row="代表作 2")
    candidate.fills({"我同意为职称评审处理我的学历、考核、业绩等个人信息，并知悉其用途、范围和保存期限": "是"})
    candidate.submits()
    candidate.follows("去办这件事")
    candidate.fills({"我已阅读并作出以上承诺": "是"})
    candidate.submits()
    candidate.goes_to("/me")
    candidate.sees("申报副研究馆员", "单位正在核对材料并考核。", "由单位人事办理“核实申报材料”。")


def recommend(office: Office) -> None:
    office["hr-u01"].opens("核实申报材料", WHO)
    office["hr-u01"].sees("副研究馆员", "档案数字化作业规范", "藏文木刻档案修复")
    office["hr-u01"].fills(
        {
            "已对照原件核实": ("学历", "职称证书", "年度考核", "业绩", "代表作", "工作经历"),
            "核实结论": "全部属实",
            "我对核实结果负责": "是",
        }
    )
    office["hr-u01"].submits()
    votes = {"民主测评同意票": "9", "民主测评反对票": "1", "民主测评弃权票": "0"}
    office["panel-u01"].does("小组考核评议", {"品德": "合格", **votes, "考核意见": "一致同意推荐。"}, WHO)
    office["leader-u01"].opens("决定是否推荐", WHO)
    office["leader-u01"].sees("一致同意推荐。", "同意 9 票，反对 1 票，弃权 0 票")
    office["leader-u01"].fills({"决定": "推荐"})
    office["leader-u01"].submits()


def publish_recommendation(office: Office) -> None:
    office["admin"].moves_the_clock("2026-07-06", hours=1)
    office["hr-u01"].does("编制公示", {**NOTICE, "公示栏张贴照片": FILE}, WHO)
    office["leader-u01"].does("复核公示", {"复核结论": "同意发布"}, WHO)
    office["leader-u01"].sees("2026年7月13日（周一）24:00")
    office["admin"].moves_the_clock("2026-07-13")
    office["hr-u01"].has_nothing_to_do(WHO)
    office["admin"].moves_the_clock("2026-07-14")


def endorse_and_review(office: Office) -> None:
    office["hr-u01"].does("报送推荐意见", {"公示期异议及处理情况": "无", "盖章的推荐意见": FILE}, WHO)
    office["region-xining"].does("主管部门审核", {"审核意见": "同意"}, WHO)
    office["admin"].moves_the_clock("2026-08-14")
    review_materials(office["committee_office"])
    office["admin"].moves_the_clock("2026-09-04")
    office["committee_office"].does(
        "形成审核结论", {"审核意见": "代表作真实，有行业领先水平。", "审核结论": "合格"}, WHO
    )


def review_materials(clerk: Person) -> None:
    clerk.opens("审核申报材料", WHO)
    clerk.sees("一致同意推荐。", "完成三万卷档案数字化")
    for number in range(7):
        clerk.chooses(f"checklist[{number}].result", "符合")
    clerk.fills({"审核结论": "受理"})
    clerk.submits()


def plan_meeting(office: Office) -> None:
    office["admin"].moves_the_clock("2026-09-21")
    clerk = office["committee_office"]
    clerk.goes_to("/work")
    clerk.follows("发起：评审会议与表决")
    clerk.presses("发起")
    clerk.fills(
        {
            "评审委员会": "青海省档案系列高级职称评审委员会（演示）",
            "会议日期": "2026-09-22",
            "会议地点": "西宁演示会议中心",
            "会议方式": "现场",
        }
    )
    clerk.submits()


def hold_meeting(office: Office, sitting: Sitting) -> None:
    """On paper. What happens in the room itself (the experts' opinions, who has come) is done beside the browser."""
    clerk, other, chair = office["committee_office"], office["committee_office2"], office["chair"]
    sitting.arrange()
    step(clerk, sitting, "group_arrangement", {"分组已核对，没有须回避的专家审阅有关申报": "是"})
    sitting.write_opinions()
    step(clerk, sitting, "write_group_opinion", {"小组意见已全部交齐": "是"})
    office["admin"].moves_the_clock("2026-09-22", hours=8)
    sitting.arrive(21)
    opens(clerk, sitting, "check_in")
    clerk.sees(WHO, "法定到会人数 17 人")
    clerk.fills({"到会情况": "法定人数已到，可以开会"})
    clerk.submits()
    opens(chair, sitting, "open_session")
    chair.fills({"现在": "宣布开会"})
    chair.fills({"表决方式": "纸质投票，由两人分别录入票数", "已宣布会议纪律，会议封闭进行": "是"})
    chair.submits()
    step(clerk, sitting, "confirm_recusals", {"已逐一询问在场专家，须回避的都已登记": "是"})
    for person, element in ((clerk, "enter_counts_first"), (other, "enter_counts_second")):
        counts = {"出席人数": "21", "同意": "17", "不同意": "3", "弃权（含未交票）": "1"}
        step(person, sitting, element, counts)


def opens(person: Person, sitting: Sitting, element: str) -> None:
    """This meeting's task: the demo holds another meeting with the same steps."""
    person.goes_to(f"/tasks/{sitting.stage.task(sitting.instance, element).id}")


def step(person: Person, sitting: Sitting, element: str, answers: dict[str, str | tuple[str, ...]]) -> None:
    opens(person, sitting, element)
    person.fills(answers)
    person.submits()


@contextmanager
def in_the_room(live: Live) -> Iterator[Sitting]:
    """The meeting in the demo's own database."""
    engine = Engine(Settings.from_environment(live.environment), registry())
    try:
        province = Province(engine)
        today = review_meeting.c.held_on == date(2026, 9, 22)
        yield Sitting(province, province.rows(review_meeting, today)[0]["instance_id"], hands(province))
    finally:
        engine.stop()


def sign_result(office: Office, sitting: Sitting) -> None:
    chair, clerk = office["chair"], office["committee_office"]
    opens(chair, sitting, "announce_and_sign")
    chair.sees(WHO, "17", "通过")
    chair.fills({"签名": "演示 主任委员", "加盖评委会印章的结果单": FILE})
    chair.submits()
    office["c-001"].goes_to("/me")
    office["c-001"].sees_not("表决通过")  # nobody is told before the notice
    step(clerk, sitting, "sign_minutes", {"评议经过": "逐一介绍、评议并表决。", "签名": "演示 评审办甲"})
    step(office["supervisor"], sitting, "countersign_minutes", {"签名": "演示 监督员"})


def publish_result(office: Office, sitting: Sitting) -> None:
    office["admin"].moves_the_clock("2026-09-28", hours=7)
    words = {**NOTICE, "公示标题": "高级职称评审结果公示"}
    step(office["committee_office"], sitting, "prepare_notice", words)
    step(office["committee_office2"], sitting, "approve_notice", {"复核结论": "同意发布"})
    office["committee_office2"].sees("2026年10月10日（周六）24:00")
    office["c-001"].goes_to("/me")
    office["c-001"].sees("评审结果已经公示。")
    office["admin"].moves_the_clock("2026-10-10")
    office["committee_office"].has_nothing_to_do(WHO)
    office["admin"].moves_the_clock("2026-10-11")


def confirm(office: Office) -> None:
    office["committee_office"].does("报请确认", {"与公示内容一致，可以报请确认": "是"}, WHO)
    office["admin"].moves_the_clock("2026-10-19")
    office["provincial_hrss"].does(
        "批复确认", {"意见": "批复", "批复文号": "青人社职〔2026〕9号", "批复日期": "2026-10-19"}, WHO
    )
    office["admin"].moves_the_clock("2026-10-26")
    office["committee_office"].does("核对信息并发证", {"姓名与证件信息已核对无误": "是"}, WHO)


def publish_appointment(office: Office) -> None:
    office["admin"].moves_the_clock("2026-11-02", hours=1)
    office["hr-u01"].does("编制公示", {**NOTICE, "公示标题": "拟聘人员公示", "公示栏张贴照片": FILE}, WHO)
    office["leader-u01"].does("复核公示", {"复核结论": "同意发布"}, WHO)
    office["leader-u01"].sees("2026年11月9日（周一）24:00")
    office["admin"].moves_the_clock("2026-11-10")


def appoint(office: Office) -> None:
    hr = office["hr-u01"]
    hr.opens("签订聘用合同", WHO)
    offered = hr.page.get_by_label("聘用的岗位等级").locator("option")
    assert offered.all_inner_texts() == ["请选择", "5级", "6级", "7级"]
    hr.fills({"聘用的岗位等级": "7级", "合同开始日期": "2026-11-10", "合同结束日期": "2029-11-09"})
    hr.submits()
    office["region-xining"].does("聘用备案", {"备案意见": "同意备案"}, WHO)


def look_back(office: Office) -> None:
    """The candidate's own page tells the whole way, and anybody can check the certificate."""
    candidate = office["c-001"]
    candidate.goes_to("/me")
    candidate.sees("已聘用", "单位已聘任您到相应岗位。", "2026年10月26日（周一）")
    lines = candidate.page.locator(".zp-timeline time")
    assert lines.count() >= 14
    said = candidate.page.locator(".zp-certificate-box").inner_text()
    number, code = re.findall(r"[A-Za-z0-9]{8,}", said)[:2]
    anybody = office.anybody()
    anybody.goes_to("/certificates")
    anybody.page.get_by_label("证书编号").fill(number)
    anybody.page.get_by_label("校验码").fill(code)
    anybody.presses("核验")
    anybody.sees("证书有效", WHO, "副研究馆员", "2026年9月22日", "2026年10月26日")
