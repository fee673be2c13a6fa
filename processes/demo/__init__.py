"""The demo province: loaded once into an empty database, through commands, for trying out and for the browser tests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, select

from engine.clock import FixedClock
from engine.commands.deploy import Deploy
from engine.commands.step import Step
from engine.engine import Engine
from engine.errors import Refused
from engine.history import OFFICE
from engine.identity.accounts import CreateAccount
from engine.identity.crypto import Keyring
from engine.identity.passwords import DEMO_PASSWORD, make_hash
from engine.queries.reading import Reading
from engine.registry import Membership
from engine.store.metadata import new_id
from engine.store.row_clock import RowClock
from engine.store.tables import definition
from forms.i18n import T
from processes.demo import committee as seats
from processes.demo import documents, rollout, small, stages
from processes.demo.candidates import add_candidate
from processes.register import units
from processes.register.application_tables import review_cycle
from processes.register.committees import file_committee
from processes.register.policies import set_parameter

ENDINGS = (".bpmn", ".dmn", ".form", ".test.yaml")


def load(engine: Engine, at: datetime | None = None, size: str = "small", *, staged: bool = False) -> Iterator[str]:
    """Fill an empty database; yields what is to be told. A database that holds the demo keeps its data and its owners'
    changes; only shipped files that it has never seen (after an update of the program) become a new release.

    `at` (aware) sets a clock that stands still. `staged` also plays a case to each stage, so that every page has something
    to show. Raises Refused (NO_SUCH_DEMO) for a size that is not there.
    """
    if size != "small":
        raise Refused(T("这个版本只带小型示范（small）。"), code="NO_SUCH_DEMO")
    files = shipped_files(engine)
    if engine.ask(IsLoaded()):
        unseen = engine.ask(UnseenFiles(files))
        if unseen:
            engine.run(Deploy(files=unseen, actor=None, comment=str(T("随系统提供")), play=False))
            yield str(T("示范数据已经在数据库中；启用了随系统更新的 {n} 个流程文件。", n=len(unseen)))
        else:
            yield str(T("示范数据已经在数据库中，没有改动。"))
    else:
        if at is not None and isinstance(engine.clock, RowClock | FixedClock):
            engine.clock.set(at)
        accounts = engine.run(LoadDemo(files))
        yield str(
            T(
                "示范省份已装入：{units} 个单位，{candidates} 名申报人，{accounts} 个账户。",
                units=len(small.UNITS),
                candidates=len(small.CANDIDATES),
                accounts=accounts,
            )
        )
        if staged:
            played = stages.play(engine)
            yield str(T("另有 {n} 份在途的演示申报，分别停在不同的环节（申报人 c-101 起）。", n=played))
    yield str(T("所有示范账户的密码都是 {password}。", password=DEMO_PASSWORD))
    for line in (
        T("申报人：c-001 至 c-{last:03d}", last=len(small.CANDIDATES)),
        T("单位：hr-u01、panel-u01、leader-u01、discipline-u01，直到 u06"),
        T("主管部门：region-xining、region-haidong 等十个"),
        T(
            "评审：committee_office、committee_office2、committee_office3、chair、vice_chair、supervisor、expert-01 至 expert-33"
        ),
        T("省级：provincial_hrss、provincial_hrss2、archives_bureau、investigator"),
        T("系统：admin、process_owner、process_owner2、manager、inspector"),
    ):
        yield f"  {line}"


def shipped_files(engine: Engine) -> dict[str, bytes]:
    """The files of the shipped release by name."""
    return {
        path.name: path.read_bytes()
        for folder in engine.registry.shipped
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name.endswith(ENDINGS)
    }


@dataclass(frozen=True)
class IsLoaded:
    """Whether the register holds any unit."""

    def answer(self, reading: Reading) -> bool:
        return reading.connection.execute(select(units.unit.c.code).limit(1)).first() is not None


@dataclass(frozen=True)
class UnseenFiles:
    """Those of `files` whose content was never deployed here: what an update of the program has brought."""

    files: Mapping[str, bytes] = field(repr=False)

    def answer(self, reading: Reading) -> dict[str, bytes]:
        seen = set(reading.connection.scalars(select(definition.c.sha256)))
        return {name: raw for name, raw in self.files.items() if hashlib.sha256(raw).hexdigest() not in seen}


@dataclass(frozen=True)
class LoadDemo:
    """The shipped release, the accounts, and the register of the small demo, all in one transaction or not at all.

    Answers how many accounts were made."""

    files: Mapping[str, bytes] = field(repr=False)

    def execute(self, step: Step) -> int:
        Deploy(files=self.files, actor=None, comment=str(T("随系统提供"))).execute(step)
        hashed = make_hash(DEMO_PASSWORD)  # one hash for all: making a hundred would only cost time
        accounts = list(demo_accounts())
        for username, name, memberships in accounts:
            CreateAccount(
                username=username, name=name, actor=None, memberships=memberships, password_hash=hashed
            ).execute(step)
        fill_register(step)
        return len(accounts)


def fill_register(step: Step) -> None:
    """All rows of the small demo but its accounts; scenario tests of diagrams stand on them too."""
    keyring = Keyring(step.engine.settings.secret_key)
    for code, (name, kind) in small.REGIONS.items():
        step.connection.execute(insert(units.region).values(code=code, name=name, kind=kind))
    for number, row in enumerate(small.UNITS, 1):
        _add_unit(step, number, row)
    for candidate in small.CANDIDATES:
        add_candidate(step, keyring, candidate)
    for committee in small.COMMITTEES:
        file_committee(
            step.connection,
            code=committee.code,
            name=committee.name,
            level=committee.level,
            basis="series",
            organizer="青海省档案局（演示）",
            size=committee.size,
            scope_titles=committee.titles,
            filing_no=committee.filing_no,
            filed_on=small.FILED_ON,
            valid_until=small.VALID_UNTIL,
            now=step.now,
        )
    seats.load(step)
    step.connection.execute(
        insert(review_cycle).values(
            id=new_id(),
            year=small.YEAR,
            name=f"{small.YEAR} 年度档案系列职称评审（演示）",
            apply_from=small.APPLY_FROM,
            apply_to=small.APPLY_TO,
            cutoff_date=small.CUTOFF,
            status="open",
        )
    )
    set_parameter(
        step.connection,
        "hardship.years_reduction",
        small.HARDSHIP_REDUCTION,
        effective_from=step.now,
        source_doc="演示文件：艰苦边远和基层一线适当放宽年限",
        actor="process_owner",
        now=step.now,
    )
    documents.load(step)
    rollout.load(step)
    step.record(OFFICE, "demo_loaded", data={"units": len(small.UNITS), "candidates": len(small.CANDIDATES)})


def demo_accounts() -> Iterator[tuple[str, str, tuple[Membership, ...]]]:
    """(username, name, memberships) of everybody in the demo."""
    for username, name, groups in small.OFFICE_ACCOUNTS:
        yield username, name, tuple(Membership(group) for group in groups)
    for code, (name, _) in small.REGIONS.items():
        yield f"region-{code}", f"演示 {name}主管部门", (Membership("local_authority", f"region:{code}"),)
    for unit in small.UNITS:
        for prefix, role, group in small.UNIT_ACCOUNTS:
            yield f"{prefix}-{unit.code}", f"{unit.name} {role}", (Membership(group, f"unit:{unit.code}"),)
    for number in range(1, small.EXPERTS + 1):
        yield f"expert-{number:02d}", seats.NAMES[number - 1], (Membership("expert"),)
    for candidate in small.CANDIDATES:
        yield candidate.account, candidate.name, (Membership("candidate"),)


def _add_unit(step: Step, number: int, row: small.UnitRow) -> None:
    step.connection.execute(
        insert(units.unit).values(
            code=row.code,
            name=row.name,
            uscc=f"12990000DEMO{number:06d}",
            region_code=row.region,
            kind=row.kind,
            ownership=row.ownership,
            post_managed=bool(row.posts),
            civil_servant_law=row.civil_servant_law,
            hardship=row.hardship,
            created_at=step.now,
        )
    )
    for level, (approved, occupied) in row.posts.items():
        step.connection.execute(
            insert(units.post_quota).values(
                id=new_id(),
                unit_code=row.code,
                year=small.YEAR,
                post_level=level,
                approved=approved,
                occupied=occupied,
                reserved=0,
                special_occupied=0,
                approval_doc="青演示岗核〔2026〕1号",
                notice_closed_at=row.published,
                version=1,
            )
        )
