"""R-150: numbers of persons are found in what somebody typed, and other numbers are left alone."""

from __future__ import annotations

import pytest

from processes.rules.privacy import personal_number


@pytest.mark.parametrize(
    "text",
    [
        "身份证号99000019880520001X。",
        "证号 990000198805200011",
        "请拨打13900001234反映",
        "手机：139 0000 1234",
        "手机：139-0000-1234",
    ],
)
def test_numbers_of_persons_are_found(text: str) -> None:
    assert personal_number(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "现将拟推荐人选予以公示，2026年7月6日至7月13日。",
        "青人社备〔2024〕1号",
        "联系电话 0971-6120001",
        "统一社会信用代码 12990000DEMO000001",
        "编号2026092212345678901234567890",
        "",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert personal_number(text) is None
