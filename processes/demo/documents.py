"""The demo's policy documents: those that the reform plan names, and five that are made up and say so.

Summaries and clauses are our own words, with the plan's numbering as anchors; the day of issue stands only where it is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from engine.commands.step import Step
from processes.plan import CLAUSES
from processes.register.documents import NewDocument, publish_document, retire_document

HRSS_MINISTRY, ARCHIVES_NATIONAL = "人力资源社会保障部", "国家档案局"
HRSS, ARCHIVES = "青海省人力资源和社会保障厅", "青海省档案局"
DEMO_HRSS, DEMO_ARCHIVES = f"{HRSS}（演示）", f"{ARCHIVES}（演示）"
PLAN = "实施方案（附件1）"
RETIRED = ("青演示档发〔2022〕5号", date(2026, 5, 11), "由青演示档发〔2026〕1号替代（演示）")

NAMED: Sequence[NewDocument] = (
    NewDocument(
        "青办发〔2018〕24号",
        "关于深化职称制度改革的实施意见",
        ("中共青海省委办公厅", "青海省人民政府办公厅"),
        "provincial",
        2018,
        "全省各系列职称制度改革的总依据：健全层级、完善标准、创新评价方式、与用人制度衔接。",
    ),
    NewDocument(
        "青人才〔2019〕8号",
        "青海省分类推进人才评价机制改革实施方案",
        ("青海省人才工作领导小组",),
        "provincial",
        2019,
        "按职业属性和岗位要求分类评价人才，突出品德、能力和业绩。",
    ),
    NewDocument(
        "人力资源社会保障部令第40号",
        "职称评审管理暂行规定",
        (HRSS_MINISTRY,),
        "national",
        2019,
        "规定评审委员会核准备案、申报审核、评审会议与表决、公示、监督的基本程序，是本省评审程序的底线。",
        effective_on=date(2019, 9, 1),
    ),
    NewDocument(
        "人社部发〔2020〕20号",
        "关于深化档案专业技术人员职称制度改革的指导意见",
        (HRSS_MINISTRY, ARCHIVES_NATIONAL),
        "national",
        2020,
        "确定档案系列的职称层级和名称、与岗位等级的对应关系，附国家基本标准；各省标准不得低于它。",
    ),
    NewDocument(
        "中华人民共和国公务员法",
        "中华人民共和国公务员法",
        ("全国人民代表大会常务委员会",),
        "national",
        2018,
        "公务员和参照本法管理的工作人员不参加专业技术职称评审（方案第二部分引用）。",
        effective_on=date(2019, 6, 1),
    ),
    NewDocument(
        PLAN,
        "青海省深化档案专业人员职称制度改革实施方案",
        (HRSS, ARCHIVES),
        "provincial",
        2020,
        "本省档案系列职称改革的总方案：范围、层级、标准、评价机制、公开公示、聘用衔接和三个阶段的安排。以下各条为摘要，以印发的文本为准。",
        parent_no="人社部发〔2020〕20号",
        clauses=[
            {"anchor": one.number, "title": one.title.to("zh"), "text": one.text.to("zh")} for one in CLAUSES.values()
        ],
    ),
    NewDocument(
        "评审条件（试行）",
        "青海省档案系列专业技术职务任职资格评审条件（试行）",
        (HRSS, ARCHIVES),
        "provincial",
        2020,
        "各级职称的学历、年限、业绩和代表作要求。本系统未收录其文本；“标准公开”一页是系统现行采用的数据。",
        parent_no=PLAN,
    ),
)

FICTIONAL: Sequence[NewDocument] = (
    NewDocument(
        RETIRED[0],
        "2022年度全省档案系列职称评审工作通知（演示）",
        (DEMO_ARCHIVES,),
        "provincial",
        2022,
        "虚构文件，供演示。上一轮评审的安排，已由 2026 年的通知替代。",
        issued_on=date(2022, 4, 18),
        effective_on=date(2022, 4, 18),
        parent_no=PLAN,
        fictional=True,
    ),
    NewDocument(
        "青演示岗核〔2026〕1号",
        "2026年度事业单位专业技术岗位数额核定结果（演示）",
        (DEMO_HRSS,),
        "provincial",
        2026,
        "虚构文件，供演示。六个演示单位各层级岗位的核定数，申报推荐在空缺岗位内进行。",
        issued_on=date(2026, 5, 6),
        effective_on=date(2026, 5, 6),
        parent_no=PLAN,
        fictional=True,
    ),
    NewDocument(
        "青演示人社发〔2026〕2号",
        "艰苦边远和基层一线申报年限适当放宽的规定（演示）",
        (DEMO_HRSS, DEMO_ARCHIVES),
        "provincial",
        2026,
        "虚构文件，供演示。在艰苦边远地区和基层一线服务满规定年限的，申报所需任职年限减少一年。",
        issued_on=date(2026, 5, 8),
        effective_on=date(2026, 6, 1),
        parent_no=PLAN,
        clauses=[
            {
                "anchor": "第一条",
                "title": "适用",
                "text": "在艰苦边远地区或者基层一线服务满十年，现仍在岗的档案专业人员。",
            },
            {
                "anchor": "第二条",
                "title": "放宽",
                "text": "申报中级、高级职称所需任现职年限减少一年；品德、考核要求不变。",
            },
        ],
        fictional=True,
    ),
    NewDocument(
        "青演示档发〔2026〕1号",
        "关于做好2026年度全省档案系列职称评审工作的通知（演示）",
        (DEMO_ARCHIVES, DEMO_HRSS),
        "provincial",
        2026,
        "虚构文件，供演示。个人申报 6月1日至30日，年限计算到 12月31日；单位考核推荐、材料审核、评审会议和结果公示的时间安排。",
        issued_on=date(2026, 5, 11),
        effective_on=date(2026, 5, 11),
        parent_no=PLAN,
        clauses=[
            {
                "anchor": "第一条",
                "title": "申报",
                "text": "6月1日至6月30日网上申报，代表作不超过三件，不需要论文和外语、计算机成绩。",
            },
            {
                "anchor": "第二条",
                "title": "推荐",
                "text": "单位于7月31日前完成考核推荐，推荐人选在单位内公示不少于五个工作日。",
            },
            {
                "anchor": "第三条",
                "title": "评审与公示",
                "text": "9月下旬召开评审会议；评审结果面向全省公示不少于五个工作日。",
            },
        ],
        fictional=True,
    ),
    NewDocument(
        "青演示档发〔2026〕3号",
        "档案系列职称评审公示与异议处理办法（演示）",
        (DEMO_ARCHIVES, DEMO_HRSS),
        "provincial",
        2026,
        "虚构文件，供演示。公示多久、怎么提异议、谁来核实、多久答复。",
        issued_on=date(2026, 5, 18),
        effective_on=date(2026, 6, 1),
        parent_no=PLAN,
        clauses=[
            {
                "anchor": "第一条",
                "title": "期限",
                "text": "公示期不少于五个工作日，发布当日不算，到最后一个工作日 24:00 为止。",
            },
            {
                "anchor": "第二条",
                "title": "异议",
                "text": "任何人都可以提出异议，实名、匿名均可；期内提出的，只暂缓被提出的那一项。",
            },
            {
                "anchor": "第三条",
                "title": "核实",
                "text": "由调查人员在十个工作日内核实，情况复杂的可以延长；实名的给予答复。",
            },
            {"anchor": "第四条", "title": "逾期", "text": "公示期满后收到的，作为举报线索处理。"},
        ],
        fictional=True,
    ),
)


def load(step: Step) -> int:
    """Publish all of them in the name of the archives bureau; how many. Belongs to the demo's one transaction."""
    by = "archives_bureau"
    ids = {one.doc_no: publish_document(step.connection, one, by=by, now=step.now) for one in (*NAMED, *FICTIONAL)}
    number, repealed_on, reason = RETIRED
    retire_document(step.connection, ids[number], repealed_on=repealed_on, reason=reason, by=by, now=step.now)
    return len(ids)
