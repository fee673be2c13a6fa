"""The office of the contract tests: all diagrams of `diagrams/` deployed as one release, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.office import Office, Prepared, opened, prepare

DIAGRAMS = Path(__file__).parent / "diagrams"


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def prepared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    files = {path.name: path.read_bytes() for path in sorted(DIAGRAMS.iterdir())}
    return prepare(request.param, tmp_path_factory.mktemp("contract"), files)


@pytest.fixture
def office(prepared: Prepared, tmp_path: Path) -> Iterator[Office]:
    with opened(prepared, tmp_path) as office:
        yield office
