"""Settings: the environment, the command line, and a key that is made once and kept."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from engine.config import KEY_FILE, Settings
from engine.errors import Refused


def test_defaults_need_nothing_but_a_folder(tmp_path: Path) -> None:
    settings = Settings.from_environment({"ZHIPING_DATA_DIR": str(tmp_path / "new")})
    assert settings.database_url == f"sqlite:///{tmp_path / 'new' / 'zhiping.db'}"
    assert (settings.host, settings.port, settings.clock, settings.four_eyes) == ("127.0.0.1", 8000, "system", True)
    assert settings.attachments_url == str(tmp_path / "new" / "attachments")


def test_the_key_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    environment = {"ZHIPING_DATA_DIR": str(tmp_path)}
    first, second = (Settings.from_environment(environment) for _ in range(2))
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) == 64
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert first.key_for("a") != first.key_for("b")


def test_the_command_line_wins(tmp_path: Path) -> None:
    environment = {"ZHIPING_DATA_DIR": str(tmp_path), "ZHIPING_PORT": "1", "ZHIPING_FOUR_EYES": "on"}
    settings = Settings.from_environment(environment, {"port": "2", "four_eyes": "off"})
    assert (settings.port, settings.four_eyes) == (2, False)


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "0"), ("PORT", "x"), ("PORT", "１"), ("CLOCK", "sundial"), ("FOUR_EYES", "yes"), ("SECRET_KEY", "short")],
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(Refused) as refused:
        Settings.from_environment({"ZHIPING_DATA_DIR": str(tmp_path), f"ZHIPING_{name}": value})
    assert refused.value.code == "SETTING_INVALID"
    assert f"ZHIPING_{name}" in str(refused.value)
