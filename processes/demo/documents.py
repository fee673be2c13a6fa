"""The demo's policy documents: those that the reform plan names, and five that are made up and say so.

Summaries and clauses are our own words, with the plan's numbering as anchors; the day of issue stands only where it is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from engine.commands.step import Step
from processes.register.documents import NewDocument, publish_document, retire_document

HRSS_MINISTRY, ARCHIVES_NATIONAL = "人力资源社会保障部", "国家档案局"
HRSS, ARCHIVES = "青海省人力资源和社会保障厅", "青海省档案局"
DEMO_HRSS, DEMO_ARCHIVES = f"{HRSS}（演示）", f"{ARCHIVES}（演示）"
PLAN = "实施方案（附件1）"
RETIRED = ("青演示档发〔2022〕5号", date(2026, 5, 11), "由青演示档发〔2026〕1号替代（演示）")

PLAN_CLAUSES = (
    (
        "一（二）",
        "基本原则",
        "遵循档案人员成长规律；以品德、能力、业绩为重点科学评价；评价与使用相结合，发挥用人单位主体作用。",
    ),
    (
        "二",
        "改革范围",
        "适用于省内企事业单位、非公经济组织、社会团体和其他组织中从事档案工作的专业人员；院校档案教学教师不在其内。"
        "公务员和参照公务员法管理单位的工作人员不参加评审。",
    ),
    ("三（一）1", "职称层级", "设初级、中级、高级。初级分管理员、助理馆员，中级为馆员，高级分副研究馆员、研究馆员。"),
    (
        "三（一）2",
        "职称与岗位等级对应",
        "研究馆员对应一至四级，副研究馆员五至七级，馆员八至十级，助理馆员十一至十二级。",
    ),
    ("三（二）1", "评审条件", "由省人社厅、省档案局依据国家基本标准制定并动态调整；品德放在首位，学术不端零容忍。"),
    ("三（二）2", "分类评价", "“工匠型”人员重在实际操作和解决问题，“学术型”人员重在研究水平和应用效果。"),
    (
        "三（二）3",
        "代表作制度",
        "论文不作限制性条件；标准规范、修复成果、创意产品、发明专利、技术方案、研究报告等都可作代表作，并须经审核。"
        "所学专业不作限制；职称外语和计算机考试不作硬性要求。",
    ),
    (
        "三（二）4",
        "倾斜政策",
        "贡献重大的可破格申报高级职称；引进的高层次人才、急需紧缺人才和援青人员申报不受岗位数额限制，仍须单位考核推荐并按程序评审；"
        "长期在艰苦边远地区和基层一线的，适当放宽学历、论文等要求。",
    ),
    ("三（三）1", "评价方式", "以同行专家评审为基础，个人总结、述职、面试答辩、成果展示等方式结合使用。"),
    (
        "三（三）2",
        "同行专家评审",
        "省人社厅统筹管理，省档案局具体实施；高级评委会报省人社厅核准备案；专家遴选坚持随机、回避、轮换；"
        "政策公开、标准公开、程序公开、结果公开。",
    ),
    ("三（三）3", "申报渠道", "不受户籍、所有制、身份、档案、人事关系限制；非公组织人员按属地申报，待遇相同。"),
    (
        "三（四）1",
        "公开与公示",
        "代表作等评审材料和评审结果要公示；岗位数额、推荐人选、评审结果及时公布，接受社会监督。",
    ),
    (
        "三（四）2",
        "诚信与惩戒",
        "申报须承诺诚信；造假经查实取消资格，三年内不得申报；违规取得的职称一律撤销；出具虚假证明的单位和经办人要追究责任。",
    ),
    ("三（四）3", "优化服务", "推进网上申报、评审和查询验证，减少表格和纸质证明，简化流程。"),
    (
        "三（五）1",
        "以用促评",
        "评审结果是岗位聘用的重要依据；实行岗位管理的在结构比例内申报，其他单位可以评聘分开、择优聘任。",
    ),
    ("三（五）2", "聘后管理", "结合年度和聘期考核，不能履行职责或考核不合格的，按规定调整岗位、低聘或者解聘。"),
    ("三（五）3", "退出机制", "打破聘任终身制，推行任期制和动态调整。"),
    ("四", "改革步骤", "2020年12月安排部署；2021年2月核定岗位、开展首次评审；2021年3月全面总结并上报两部门。"),
    ("五", "工作要求", "加强领导，周密部署，做好宣传，广泛听取档案人员、单位和公众的意见。"),
)

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
        clauses=[{"anchor": anchor, "title": title, "text": text} for anchor, title, text in PLAN_CLAUSES],
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
