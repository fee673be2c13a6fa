"""The real office with a public notice in it, seen by somebody without an account. SQLite: what differs between the databases
is tested below the web."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine as Connections
from sqlalchemy import event, select
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from engine.clock import FixedClock
from engine.config import Settings
from engine.engine import Engine
from engine.store.unit_of_work import Store
from processes import demo, office
from processes.register.application_tables import application
from processes.register.notices import NoticeItem, QuotaItem, approve_notice, draft_notice, publish_notice, write_notice
from tests.conftest import MakeEngine
from tests.process.province import MORNING, Province
from tests.process.stage import PIXEL
from web.app import create_app

PUBLISHED = datetime.fromisoformat("2026-06-01T10:00:00+08:00")  # a Monday: five working days end on the 8th at 24:00
CLOSES = datetime.fromisoformat("2026-06-09T00:00:00+08:00")
LEE = NoticeItem(
    "演示·李明", "西宁演示区档案馆", "archivist", "associate_research_archivist", "normal", ("档案数字化作业规范",)
)
HOSTILE = NoticeItem(
    "<script>alert(1)</script>", "=cmd|' /C calc'!A0", None, "archivist", "aid_qinghai", ('"><img src=x onerror=1>',)
)


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo province with one case in it, loaded once, to be copied."""
    path = tmp_path_factory.mktemp("public") / "province.db"
    store = Store(f"sqlite:///{path}")
    store.create_schema()
    store.close()
    settings = Settings(f"sqlite:///{path}", path.parent, "test-" * 10)
    engine = Engine(settings, office.registry(), clock=FixedClock(datetime.fromisoformat(MORNING)))
    list(demo.load(engine))
    province = Province(engine)
    for candidate in ("c-001", "c-004"):
        province.apply(candidate)
    engine.stop()
    return path


@pytest.fixture
def province(loaded: Path, make_engine: MakeEngine, tmp_path: Path) -> Province:
    shutil.copy(loaded, tmp_path / "province.db")
    engine = make_engine(
        f"sqlite:///{tmp_path / 'province.db'}", office.registry(), attachments_url=str(tmp_path / "f")
    )
    assert isinstance(engine.clock, FixedClock)
    engine.clock.set(PUBLISHED)
    return Province(engine)


class Wall:
    """Real time, for paces and pages."""

    def __init__(self) -> None:
        self.at = PUBLISHED

    def now(self) -> datetime:
        return self.at

    def pass_(self, **time: float) -> None:
        self.at += timedelta(**time)


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def app(province: Province, wall: Wall) -> Flask:
    return create_app(province.engine, wall=wall)


Publish = Callable[..., str]


@pytest.fixture
def publish(province: Province) -> Publish:
    """Publish a notice at the clock's present; answers its id."""

    def make(
        *items: NoticeItem,
        kind: str = "result",
        scope: str = "province",
        title: str = "2026 年度评审结果公示",
        **more: Any,
    ) -> str:
        now = province.now
        with province.engine.store.transaction() as connection:
            ids = connection.scalars(select(application.c.id).order_by(application.c.id)).all()
            notice_id = draft_notice(
                connection,
                kind=kind,
                scope=scope,
                publisher_group="committee_office" if scope == "province" else "unit_hr",
                publisher_scope="province" if scope == "province" else "unit:u01",
                items=dict(zip(ids, items or (LEE,), strict=False)) if kind != "quota" else {},
                posts=(QuotaItem("deputy_senior", 3, 2, 1),) if kind == "quota" else (),
                instance_id="no-such-instance",
                now=now,
            )
            write_notice(
                connection,
                notice_id,
                title=title,
                body="现将评审结果予以公示。\n如有异议请反映。",
                min_workdays=5,
                contact_phone="0971-6120000",
                contact_email="pingshen@example.cn",
                board_photo=[],
                prepared_by="committee_office",
                now=now,
                **more,
            )
            approve_notice(connection, notice_id, approved_by="committee_office2")
            publish_notice(connection, notice_id, actor="committee_office2", now=now)
        return notice_id

    return make


@dataclass
class Visitor:
    """A browser of somebody without an account and without scripts."""

    client: FlaskClient
    wall: Wall
    page: str = ""
    status: int = 0
    answer: TestResponse | None = None
    seen: list[str] = field(default_factory=list)

    def open(self, path: str, **arguments: Any) -> str:
        return self._took(self.client.get(path, **arguments))

    def hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        assert found, f"no hidden field {name}"
        return found[1]

    def objection(self, notice_id: str, *files: tuple[str, bytes], wait: float = 10, **typed: Any) -> str:
        """Send the form that stands on the page now, with what is `typed` over honest answers."""
        self.wall.pass_(seconds=wait)
        sent: dict[str, Any] = {
            "page": self.hidden("page"),
            "item": "1",
            "grounds": ["education"],
            "text": "其学历证书的编号与学校公布的名单不一致，请核实。",
            "real_name": "no",
            **typed,
        }
        for name in ("kept", "late"):
            if f'name="{name}"' in self.page and name not in sent:
                sent[name] = self.hidden(name)
        fields = MultiDict(sent)
        for name, content in files:
            fields.add("evidence", (BytesIO(content), name))
        path = f"/public/notices/{notice_id}/objection"
        return self._took(self.client.post(path, data=fields, content_type="multipart/form-data"))

    def _took(self, answer: TestResponse) -> str:
        self.answer, self.page, self.status = answer, answer.text, answer.status_code
        return self.page

    @property
    def location(self) -> str:
        assert self.answer is not None
        return self.answer.headers["Location"]


@pytest.fixture
def visitor(app: Flask, wall: Wall) -> Visitor:
    return Visitor(app.test_client(), wall)


PICTURE = PIXEL


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every SQL statement run since the test asked."""
    ran: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        ran.append(statement)

    event.listen(Connections, "before_cursor_execute", note)
    yield ran
    event.remove(Connections, "before_cursor_execute", note)
