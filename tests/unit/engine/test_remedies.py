"""Every code that a check can give has a sentence that says what to do."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from engine.remedies import OTHER, REMEDIES, of

ROOT = Path(__file__).parents[3]
CALLS = {"error", "warn", "say", "Problem", "FormProblem", "_problem", "_Refusal", "_refused", "_wrong"}
CODE = re.compile(r"[A-Z][A-Z_]{2,}")


@cache
def codes() -> dict[str, str]:
    """Code -> where a finding with it is made."""
    found: dict[str, str] = {}
    for folder in ("engine/bpmn", "engine/commands", "engine/scenarios", "engine/studio", "forms"):
        for path in sorted((ROOT / folder).glob("*.py")):
            source = path.read_text("utf-8")
            if "Problem" not in source and "Findings" not in source:
                continue
            for node in ast.walk(ast.parse(source)):
                if not isinstance(node, ast.Call):
                    continue
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                given = [*node.args, *(k.value for k in node.keywords if k.arg == "code")]
                texts = [a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str)]
                for text in texts if name in CALLS else ():
                    if CODE.fullmatch(text):
                        found.setdefault(text, f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


def test_every_code_has_a_remedy() -> None:
    found = codes()
    assert len(found) > 100
    assert {code: place for code, place in found.items() if code not in REMEDIES} == {}


def test_no_remedy_is_for_nothing() -> None:
    elsewhere = {"RELEASE_UNREADABLE", "HANDLER_MISSING", "HANDLER_ELSEWHERE"}  # raised when a release is built
    assert {code for code in REMEDIES if code not in codes()} - elsewhere == set()


def test_remedies_say_what_to_do_in_both_languages() -> None:
    for text in {*REMEDIES.values(), OTHER}:
        assert str(text).endswith("。")
        assert text.to("en") != str(text)
    assert of("A_RULE_OF_SOMEBODY") is OTHER
