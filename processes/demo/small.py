"""The small demo: 6 units, 24 candidates, three committees. Everybody and everything in it is fictional."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

QINGHAI = timezone(timedelta(hours=8))
YEAR = 2026
HARDSHIP_REDUCTION = 1  # years waived in the demo; no figure is known for the province, the shipped value is 0
APPLY_FROM, APPLY_TO, CUTOFF = date(2026, 6, 1), date(2026, 6, 30), date(2026, 12, 31)

REGIONS: Mapping[str, tuple[str, str]] = {
    "xining": ("西宁市", "prefecture"),
    "haidong": ("海东市", "prefecture"),
    "haibei": ("海北藏族自治州", "prefecture"),
    "huangnan": ("黄南藏族自治州", "prefecture"),
    "hainan": ("海南藏族自治州", "prefecture"),
    "golog": ("果洛藏族自治州", "prefecture"),
    "yushu": ("玉树藏族自治州", "prefecture"),
    "haixi": ("海西蒙古族藏族自治州", "prefecture"),
    "provincial": ("省直单位", "provincial_direct"),
    "central": ("中央驻青单位", "central_in_qinghai"),
}


@dataclass(frozen=True)
class UnitRow:
    """`posts`: level -> (approved, occupied); empty without post management. `published`: the quota notice's close."""

    code: str
    name: str
    region: str
    kind: str = "public_institution"
    ownership: str = "public"
    civil_servant_law: bool = False
    hardship: bool = False
    posts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    published: datetime | None = datetime(2026, 6, 13, tzinfo=QINGHAI)


@dataclass(frozen=True)
class Candidate:
    """A fictional applicant. `title` with the day it was obtained; `grades` by year, 合格 unless said otherwise."""

    number: int
    name: str
    unit: str
    education: str = "bachelor"
    title: tuple[str, date] | None = None
    archives_from: date = date(2012, 7, 1)
    born: date = date(1988, 5, 20)
    grades: Mapping[int, str] = field(default_factory=dict)
    aid: tuple[date, date] | None = None
    retired_on: date | None = None
    employed_until: date | None = None
    penalty: tuple[str, date] | None = None
    barred_until: date | None = None
    note: str = ""

    @property
    def account(self) -> str:
        return f"c-{self.number:03d}"


UNITS: Sequence[UnitRow] = (
    UnitRow(
        "u01",
        "西宁演示区档案馆",
        "xining",
        posts={"full_senior": (1, 1), "deputy_senior": (3, 2), "intermediate": (6, 3), "junior": (8, 5)},
    ),
    UnitRow(
        "u02",
        "海东市河湟演示档案馆",
        "haidong",
        posts={"full_senior": (1, 0), "deputy_senior": (3, 3), "intermediate": (5, 4), "junior": (6, 4)},
    ),
    UnitRow("u03", "城北演示科技有限公司", "xining", kind="enterprise", ownership="non_public"),
    UnitRow(
        "u04",
        "果洛州阿尼玛卿演示档案馆",
        "golog",
        hardship=True,
        posts={"full_senior": (0, 0), "deputy_senior": (1, 0), "intermediate": (4, 2), "junior": (5, 3)},
        published=None,
    ),
    UnitRow(
        "u05",
        "玉树州三江源演示档案馆",
        "yushu",
        hardship=True,
        posts={"full_senior": (1, 0), "deputy_senior": (2, 1), "intermediate": (4, 2), "junior": (5, 2)},
    ),
    UnitRow(
        "u06",
        "海南州青海湖演示档案局",
        "hainan",
        civil_servant_law=True,
        posts={"full_senior": (0, 0), "deputy_senior": (1, 1), "intermediate": (3, 1), "junior": (4, 2)},
    ),
)

ARCHIVIST, ASSISTANT, ASSOCIATE = "archivist", "assistant_archivist", "associate_research_archivist"
DAY = date

CANDIDATES: Sequence[Candidate] = (
    Candidate(1, "演示·李明", "u01", title=(ARCHIVIST, DAY(2021, 6, 30)), note="正常申报副研究馆员，各项条件都符合"),
    Candidate(2, "演示·王秀英", "u01", title=(ASSISTANT, DAY(2022, 5, 1)), note="申报馆员，条件符合"),
    Candidate(3, "演示·马文才", "u01", education="master", title=(ASSISTANT, DAY(2024, 12, 31)), note="硕士申报馆员"),
    Candidate(4, "演示·祁连花", "u01", title=(ARCHIVIST, DAY(2021, 12, 31)), note="刚满五年"),
    Candidate(5, "演示·才让卓玛", "u01", title=(ARCHIVIST, DAY(2022, 1, 1)), note="差一天，只满四年"),
    Candidate(6, "演示·赵一新", "u01", education="junior_college", archives_from=DAY(2025, 12, 31), note="申报管理员"),
    Candidate(7, "演示·陈可", "u01", education="master", archives_from=DAY(2026, 5, 6), note="硕士申报助理馆员"),
    Candidate(8, "演示·扎西多杰", "u02", title=(ARCHIVIST, DAY(2020, 3, 1)), note="岗位已满"),
    Candidate(
        9,
        "演示·周援",
        "u02",
        title=(ARCHIVIST, DAY(2020, 9, 1)),
        aid=(DAY(2025, 7, 1), DAY(2028, 6, 30)),
        note="援青，不占岗位数额",
    ),
    Candidate(
        10,
        "演示·吴志远",
        "u02",
        title=(ARCHIVIST, DAY(2022, 9, 1)),
        aid=(DAY(2025, 7, 1), DAY(2028, 6, 30)),
        note="援青但年限不足",
    ),
    Candidate(
        11,
        "演示·郑归",
        "u02",
        title=(ARCHIVIST, DAY(2020, 9, 1)),
        aid=(DAY(2023, 6, 1), DAY(2026, 5, 31)),
        note="援青期已满",
    ),
    Candidate(12, "演示·马占海", "u02", title=(ASSISTANT, DAY(2021, 4, 1)), note="申报馆员，只有一个空缺"),
    Candidate(13, "演示·冶金兰", "u02", title=(ASSISTANT, DAY(2021, 5, 1)), note="申报馆员，争同一个空缺"),
    Candidate(14, "演示·孙工", "u03", title=(ARCHIVIST, DAY(2020, 1, 15)), note="企业，不受岗位数额限制"),
    Candidate(15, "演示·韩档", "u03", title=(ASSISTANT, DAY(2021, 8, 1)), note="非公企业档案人员"),
    Candidate(16, "演示·华青加措", "u04", title=(ARCHIVIST, DAY(2020, 7, 1)), note="单位岗位数额尚未公示期满"),
    Candidate(
        17,
        "演示·巴图孟克·敖其尔",
        "u05",
        title=(ARCHIVIST, DAY(2022, 12, 31)),
        archives_from=DAY(2013, 9, 1),
        note="玉树基层服务满十年",
    ),
    Candidate(18, "演示·尕玛求培·索南", "u05", title=(ASSOCIATE, DAY(2020, 11, 1)), note="申报研究馆员"),
    Candidate(
        19,
        "演示·更登",
        "u05",
        title=(ARCHIVIST, DAY(2020, 6, 1)),
        penalty=("demerit", DAY(2026, 3, 1)),
        note="记过期内",
    ),
    Candidate(
        20, "演示·拉毛措", "u05", title=(ARCHIVIST, DAY(2020, 6, 1)), penalty=("warning", DAY(2026, 5, 1)), note="警告"
    ),
    Candidate(
        21,
        "演示·何为",
        "u05",
        title=(ARCHIVIST, DAY(2020, 6, 1)),
        barred_until=DAY(2026, 6, 20),
        note="失信惩戒期至六月二十日",
    ),
    Candidate(
        22,
        "演示·斗拉",
        "u01",
        title=(ARCHIVIST, DAY(2021, 6, 30)),
        grades={2023: "basically_qualified"},
        note="有一年基本合格",
    ),
    Candidate(23, "演示·娘吉加", "u06", title=(ARCHIVIST, DAY(2020, 6, 1)), note="参公单位"),
    Candidate(
        24,
        "演示·许老师",
        "u01",
        title=(ARCHIVIST, DAY(2015, 6, 1)),
        born=DAY(1966, 5, 1),
        retired_on=DAY(2026, 5, 1),
        employed_until=DAY(2026, 4, 30),
        note="已退休",
    ),
)

EXPERTS = 33


@dataclass(frozen=True)
class CommitteeRow:
    code: str
    name: str
    level: str
    size: int
    titles: tuple[str, ...]
    filing_no: str


COMMITTEES: Sequence[CommitteeRow] = (
    CommitteeRow(
        "senior",
        "青海省档案系列高级职称评审委员会（演示）",
        "senior",
        25,
        ("associate_research_archivist", "research_archivist"),
        "青人社备〔2024〕（演示）1号",
    ),
    CommitteeRow(
        "intermediate",
        "青海省档案系列中级职称评审委员会（演示）",
        "intermediate",
        15,
        ("archivist",),
        "青人社备〔2024〕（演示）2号",
    ),
    CommitteeRow(
        "junior",
        "青海省档案系列初级职称评审委员会（演示）",
        "junior",
        7,
        ("archives_clerk", "assistant_archivist"),
        "青人社备〔2024〕（演示）3号",
    ),
)
FILED_ON, VALID_UNTIL = date(2024, 3, 15), date(2027, 3, 14)

OFFICE_ACCOUNTS: Sequence[tuple[str, str, tuple[str, ...]]] = (
    ("admin", "演示 系统管理员", ("admin",)),
    ("process_owner", "演示 流程负责人甲", ("process_owner",)),
    ("process_owner2", "演示 流程负责人乙", ("process_owner",)),
    ("manager", "演示 管理者", ("manager",)),
    ("inspector", "演示 检查人员", ("inspector",)),
    ("archives_bureau", "演示 省档案局", ("archives_bureau",)),
    ("provincial_hrss", "演示 省人社厅甲", ("provincial_hrss",)),
    ("provincial_hrss2", "演示 省人社厅乙", ("provincial_hrss",)),
    ("committee_office", "演示 评审办甲", ("committee_office",)),
    ("committee_office2", "演示 评审办乙", ("committee_office",)),
    ("committee_office3", "演示 评审办丙", ("committee_office",)),  # answers rechecks: the other two handle cases
    ("supervisor", "演示 监督员", ("supervisor",)),
    ("chair", "演示 主任委员", ("chair",)),
    ("vice_chair", "演示 副主任委员", ("vice_chair",)),
    ("investigator", "演示 调查人员", ("investigator",)),
)
UNIT_ACCOUNTS: Sequence[tuple[str, str, str]] = (
    ("hr", "人事", "unit_hr"),
    ("panel", "考核推荐小组", "unit_panel"),
    ("leader", "负责人", "unit_leader"),
    ("discipline", "纪检监督", "unit_supervisor"),
)
