"""The office that is attacked: one honest process that must go on working. On SQLite, where the text travels through the
same program; what reaches a database as text is also tried on PostgreSQL (`both`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.hostile.slots import HONEST
from tests.web.office import Office, Prepared, opened, prepare


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare("sqlite", tmp_path_factory.mktemp("hostile"), HONEST)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def prepared_both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    if request.param == "sqlite":
        return request.getfixturevalue("prepared")
    return prepare(request.param, tmp_path_factory.mktemp("hostile"), HONEST)


@pytest.fixture
def office(prepared: Prepared, tmp_path: Path) -> Iterator[Office]:
    with opened(prepared, tmp_path) as office:
        yield office


@pytest.fixture
def both(prepared_both: Prepared, tmp_path: Path) -> Iterator[Office]:
    with opened(prepared_both, tmp_path) as office:
        yield office
