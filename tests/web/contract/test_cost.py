"""What one completion asks of the database, counted: a statement more on every step of every case is not noticed otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from tests.web.office import Office

MOST = 12  # statements, authentication and idempotency key included


@contextmanager
def counted(office: Office) -> Iterator[list[str]]:
    """The statements of the block, and `COMMIT` for each commit."""
    database = office.engine.store.dialect.engine
    asked: list[str] = []

    def statement(_connection: object, _cursor: object, text: str, *_: object) -> None:
        if "FROM setting" not in text:  # the clock of trials stands in a row; an office's does not
            asked.append(text)

    def commit(_connection: object) -> None:
        asked.append("COMMIT")

    event.listen(database, "before_cursor_execute", statement)
    event.listen(database, "commit", commit)
    try:
        yield asked
    finally:
        event.remove(database, "before_cursor_execute", statement)
        event.remove(database, "commit", commit)


def test_a_completion_asks_little_of_the_database(office: Office) -> None:
    ann = office.ann
    ann.complete(ann.start("simple"), "check")  # whatever is read once has been read
    path = f"/api/v1/tasks/{ann.task(ann.start('simple'), 'check')}/complete"
    with counted(office) as asked:
        answer = ann.raw("POST", path, json={"variables": {"x": 1}}, headers={"Idempotency-Key": "once"})
    assert answer.status_code == 200
    assert asked.count("COMMIT") == 1
    assert len(asked) - 1 <= MOST, asked
    again = ann.raw("POST", path, json={"variables": {"x": 1}}, headers={"Idempotency-Key": "once"})
    assert again.get_data() == answer.get_data()
