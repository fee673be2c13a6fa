"""What was folded once must be unfolded for ever: the dictionaries may grow in number, never change."""

from __future__ import annotations

import hashlib

import pytest

from engine.store import packed
from engine.store.packed import fold, unfold

KNOWN = {1: "ffe68a36c3a67a3b"}


def test_no_dictionary_changed() -> None:
    assert {number: hashlib.sha256(text).hexdigest()[:16] for number, text in packed._DICTIONARIES.items()} == KNOWN


@pytest.mark.parametrize("text", [b"", b"x", "审核".encode() * 1000, bytes(range(256))])
def test_the_very_bytes_come_back(text: bytes) -> None:
    assert unfold(fold(text)) == text


@pytest.mark.parametrize("folded", [b"", b"\x01", b"\x01nothing", b"\x63" + fold(b"x")[1:], fold(b"some text")[:-1]])
def test_anything_else_is_refused(folded: bytes) -> None:
    with pytest.raises(ValueError, match="not folded"):
        unfold(folded)


def test_whatever_byte_is_damaged_is_an_error_of_its_own_or_another_text() -> None:
    """A damaged length that asks for all memory there is, too: who verifies a history goes on to the next."""
    whole = fold(b'{"kind":"completed","actor":"ann"}')
    for place in range(len(whole)):
        for byte in range(256):
            try:
                unfold(whole[:place] + bytes([byte]) + whole[place + 1 :])
            except ValueError:
                continue


def test_nothing_can_be_hung_on_behind() -> None:
    with pytest.raises(ValueError, match="not folded"):
        unfold(fold(b"some text") + b"more")


def test_a_line_of_history_takes_little_room() -> None:
    line = (
        b'{"actor":"wang","at":"2026-07-01T01:02:03.456789+00:00","data":{},"definition_key":"p","element_id":"e","kind":'
        b'"entered","name":"n","revision":2,"seq":6,"stream":"x","task_id":"y","text":null}'
    )
    assert len(fold(line)) < len(line) / 2
