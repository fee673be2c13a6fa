"""D01, D03, D04 and D05 over every combination of their inputs: always one answer, and the right one."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bpmn.decision import evaluate
from engine.bpmn.dmn import Decision
from engine.bpmn.feel import Feel
from processes.register.application_tables import IDENTITIES
from processes.rules.channels import CHANNELS

TABLES = Path(__file__).resolve().parents[3] / "processes" / "candidate"
NOW = datetime(2026, 6, 20, tzinfo=UTC)
FLAG = (True, False)


@cache
def table(key: str) -> tuple[Decision, Feel]:
    return Decision.parse((TABLES / f"{key}.dmn").read_bytes())[key], Feel()


def decide(key: str, **given_: Any) -> dict[str, Any]:
    decision, feel = table(key)
    result: dict[str, Any] = evaluate(decision, given_, feel, {}, NOW).result
    return result


STANDINGS = ("employed", "retired", "not_employed")


def test_scope_in_every_case() -> None:
    for law, who, where, agency in product(FLAG, IDENTITIES, STANDINGS, FLAG):
        told = decide(
            "D01_scope", civil_servant_law_unit=law, identity_status=who, standing=where, through_agency=agency
        )
        excluded = law or who in ("civil_servant", "teacher", "retired") or where != "employed"
        excluded = excluded or (who == "freelance" and not agency)
        assert told["in_scope"] is not excluded
        assert (told["code"] is None) is not excluded
        if law:
            assert told["code"] == "CIVIL_SERVANT_LAW_UNIT"


@settings(deadline=None, max_examples=40)
@given(st.booleans(), st.booleans(), st.integers(0, 9), st.integers(0, 9))
def test_conduct_in_every_case(barred: bool, penalty: bool, counted: int, needed: int) -> None:
    told = decide(
        "D03_conduct",
        barred=barred,
        penalty_in_force=penalty,
        assessments_counted=counted,
        assessments_needed=needed,
    )
    assert told["passed"] is (not barred and not penalty and counted >= needed)


def test_a_channel_has_one_answer_in_every_case() -> None:
    for channel, senior, evidence, aid, hardship in product(CHANNELS, FLAG, FLAG, FLAG, FLAG):
        told = decide(
            "D04_channel",
            channel=channel,
            senior_target=senior,
            has_evidence=evidence,
            aid_active=aid,
            hardship_met=hardship,
        )
        assert (told["code"] is None) is told["accepted"]
        assert not told["years_exempt"] or (channel == "exceptional" and senior)
        exempt = channel in ("introduced_high_level", "urgently_needed", "aid_qinghai")
        assert told["quota_exempt"] is (exempt and told["accepted"])


@pytest.mark.parametrize(
    ("managed", "exempt", "vacant", "outcome"),
    [
        (True, False, 1, "pass_reserve"),
        (True, False, 7, "pass_reserve"),
        (True, False, 0, "reject_quota_full"),
        (True, True, 0, "pass_exempt"),
        (True, True, 3, "pass_exempt"),
        (False, False, 0, "pass_no_quota"),
        (False, True, 2, "pass_no_quota"),
    ],
)
def test_quota(managed: bool, exempt: bool, vacant: int, outcome: str) -> None:
    assert decide("D05_quota", post_managed=managed, exempt=exempt, vacant=vacant) == {"outcome": outcome}


def test_no_table_asks_for_papers_studies_languages_or_computers() -> None:
    """R-04 and R-14: what must not gate is no input of any gate."""
    forbidden = ("paper", "major", "english", "foreign", "computer", "hukou", "household", "ownership")
    for key in ("D01_scope", "D02_education_years", "D03_conduct"):
        decision, _ = table(key)
        asked = " ".join(column.expression for column in decision.inputs)
        assert not [word for word in forbidden if word in asked]
