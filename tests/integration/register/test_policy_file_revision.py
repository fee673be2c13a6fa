"""Documents that were published before they could have files are kept, with what they rest on, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import MetaData, insert, select

from engine.store import migrate, revisions
from engine.store.unit_of_work import Store
from processes import office
from processes.register.document_tables import policy_document
from tests.postgres import server
from web.cli.common import MIGRATIONS

NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    office.registry()
    name = None if request.param == "sqlite" else server().create()
    store = Store(f"sqlite:///{tmp_path}/before.db" if name is None else server().url(name))
    yield store
    store.close()
    if name is not None:
        server().drop(name)


def test_what_was_published_is_kept(empty: Store) -> None:
    with empty.transaction() as connection:
        command.upgrade(migrate.configuration(connection, MIGRATIONS), "office_0007")
        old = MetaData()
        old.reflect(connection)
        at = NOON.replace(tzinfo=None) if connection.dialect.name == "sqlite" else NOON
        common = {"issuers": ["甲"], "level": "provincial", "issued_year": 2020, "summary": "要点", "clauses": []}
        common |= {"fictional": False, "status": "published", "published_by": "owner", "published_at": at}
        for document_id, parent in (("d-1", None), ("d-2", "d-1"), ("d-3", "d-2")):
            row = {"id": document_id, "doc_no": document_id, "title": "题", "parent_id": parent, **common}
            connection.execute(insert(old.tables["policy_document"]).values(**row))
    with empty.transaction() as connection:
        migrate.upgrade(connection, MIGRATIONS)
    with empty.snapshot() as connection:
        assert revisions.is_current(connection, MIGRATIONS)
        c = policy_document.c
        rows = connection.execute(select(c.id, c.parent_id, c.file_id, c.published_at).order_by(c.id)).all()
    assert [tuple(row) for row in rows] == [
        ("d-1", None, None, NOON),
        ("d-2", "d-1", None, NOON),
        ("d-3", "d-2", None, NOON),
    ]
