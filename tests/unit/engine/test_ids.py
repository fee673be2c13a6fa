"""Ids that sort by time: UUIDs of version 7 whose first 48 bits are the milliseconds since 1970."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from engine.store.metadata import ordered_id

NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)


def test_an_ordered_id_is_a_uuid_that_sorts_by_time_and_is_hard_to_guess() -> None:
    ids = [ordered_id(NOON + timedelta(milliseconds=number)) for number in range(100)]
    assert ids == sorted(ids)
    for number, each in enumerate(ids):
        read = uuid.UUID(each)
        assert (read.version, read.variant) == (7, uuid.RFC_4122)
        assert read.int >> 80 == int(NOON.timestamp() * 1000) + number
    same = {ordered_id(NOON) for _ in range(1000)}
    assert len(same) == 1000
