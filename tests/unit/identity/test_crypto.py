from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.identity.crypto import Keyring, Unreadable

SECRET = "s" * 40
NUMBER = "63010119900307123X"
KEYRING = Keyring(SECRET)


def sealed(keyring: Keyring = KEYRING) -> bytes:
    return keyring.encrypt(NUMBER, table="person", row="p1", column="id_number")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_was_locked_opens(value: str) -> None:
    kept = KEYRING.encrypt(value, table="t", row="r", column="c")
    assert KEYRING.decrypt(kept, table="t", row="r", column="c") == value


def test_the_value_cannot_be_read_in_the_row_and_never_looks_the_same() -> None:
    assert NUMBER.encode() not in sealed()
    assert sealed() != sealed()


@pytest.mark.parametrize(
    "place",
    [
        {"table": "other", "row": "p1", "column": "id_number"},
        {"table": "person", "row": "p2", "column": "id_number"},
        {"table": "person", "row": "p1", "column": "phone"},
    ],
)
def test_a_value_moved_to_another_place_does_not_open(place: dict[str, str]) -> None:
    with pytest.raises(Unreadable):
        KEYRING.decrypt(sealed(), **place)


def test_every_changed_byte_is_noticed() -> None:
    kept = sealed()
    for index in range(len(kept)):
        changed = kept[:index] + bytes([kept[index] ^ 1]) + kept[index + 1 :]
        with pytest.raises(Unreadable):
            KEYRING.decrypt(changed, table="person", row="p1", column="id_number")


@pytest.mark.parametrize("rubbish", [b"", b"\x01", b"\x01" * 16, b"plain text of any length"])
def test_rubbish_does_not_open(rubbish: bytes) -> None:
    with pytest.raises(Unreadable):
        KEYRING.decrypt(rubbish, table="person", row="p1", column="id_number")


def test_another_installation_opens_nothing() -> None:
    with pytest.raises(Unreadable):
        Keyring("t" * 40).decrypt(sealed(), table="person", row="p1", column="id_number")


def test_after_a_change_of_the_secret_the_old_rows_still_open_and_are_still_found() -> None:
    after = Keyring(f"{'n' * 40},{SECRET}")
    assert after.decrypt(sealed(), table="person", row="p1", column="id_number") == NUMBER
    assert after.encrypt(NUMBER, table="t", row="r", column="c")[1:5] != sealed()[1:5]
    assert KEYRING.index(NUMBER, purpose="id_number") in after.indexes(NUMBER, purpose="id_number")


def test_the_blind_index_is_equal_for_equal_values_and_apart_by_purpose() -> None:
    index = KEYRING.index(NUMBER, purpose="id_number")
    assert index == Keyring(SECRET).index(NUMBER, purpose="id_number")
    assert index != KEYRING.index(NUMBER, purpose="phone")
    assert index != KEYRING.index(NUMBER[:-1] + "1", purpose="id_number")
    assert NUMBER not in index


def test_sealed_text_is_bound_to_purpose_and_owner() -> None:
    text = KEYRING.seal(b"form", purpose="kept form", bound_to="alice")
    assert KEYRING.unseal(text, purpose="kept form", bound_to="alice") == b"form"
    for purpose, owner in (("kept form", "bob"), ("other", "alice")):
        with pytest.raises(Unreadable):
            KEYRING.unseal(text, purpose=purpose, bound_to=owner)
    for rubbish in ("", "!", "AAAA", "ä"):
        with pytest.raises(Unreadable):
            KEYRING.unseal(rubbish, purpose="kept form", bound_to="alice")


@pytest.mark.parametrize("secret", ["", "short", ",", f"short,{SECRET}"])
def test_a_weak_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="secret key"):
        Keyring(secret)
