from __future__ import annotations

import pytest

from engine.errors import Invalid
from engine.identity import passwords


def test_a_hash_is_argon2id_with_the_parameters_we_promise() -> None:
    assert passwords.make_hash("correct horse battery").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_only_the_right_password_matches() -> None:
    hashed = passwords.make_hash("correct horse battery")
    assert passwords.verify("correct horse battery", hashed)
    assert not passwords.verify("correct horse batterY", hashed)
    assert not passwords.verify("", hashed)
    assert not passwords.verify("\ud800", hashed)


def test_nobody_and_a_broken_hash_never_match() -> None:
    assert not passwords.verify("correct horse battery", None)
    assert not passwords.verify("correct horse battery", "not a hash")


@pytest.mark.parametrize(
    "weak",
    [
        "short",
        "123456789",
        "1234567890",
        "QWERTYUIOP",
        "aaaaaaaaaaaa",
        "abababababab",
        "wang-u011",
        "x" * 257,
        "nul\x00nul\x00nul",
    ],
)
def test_weak_passwords_are_refused(weak: str) -> None:
    with pytest.raises(Invalid) as refused:
        passwords.make_hash(weak, username="wang-u01")
    assert "password" in refused.value.errors


@pytest.mark.parametrize(
    "good", ["demo-zhiping", "correct horse battery", "青海省档案馆职称评审", "wang-u01-und-noch-mehr"]
)
def test_long_ones_need_no_special_characters(good: str) -> None:
    assert passwords.weakness(good, username="wang-u01") is None


def test_one_time_passwords_pass_and_differ() -> None:
    made = {passwords.one_time() for _ in range(50)}
    assert len(made) == 50
    assert all(passwords.weakness(password) is None for password in made)
