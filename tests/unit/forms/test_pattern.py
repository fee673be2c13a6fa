"""Our patterns agree with `re` where both speak, and never take long."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.pattern import MAX_TEXT, BadPattern, Pattern

ATOMS = st.sampled_from(
    ["a", "b", ".", r"\d", r"\w", "[ab]", "[^a]", "[a-c1-3]", "(?:a|b)", "(ab|a)", "^", "$", r"\.", "中"]
)


@st.composite
def patterns(draw: st.DrawFn) -> str:
    pieces = []
    for _ in range(draw(st.integers(1, 6))):
        atom = draw(ATOMS)
        again = "" if atom in "^$" else draw(st.sampled_from(["", "", "?", "*", "+", "{2}", "{1,3}", "{2,}", "*?"]))
        pieces.append(atom + again)
        if draw(st.integers(0, 5)) == 0:
            pieces.append("|")
    return "".join(pieces)


@settings(deadline=None)
@given(patterns(), st.text("ab1.中 \n", max_size=12))
def test_agrees_with_re(pattern: str, text: str) -> None:
    if text.endswith("\n"):
        text += "a"  # Python's $ also matches before a last line break; JavaScript's, and ours, does not
    assert Pattern(pattern).found_in(text) == bool(re.search(pattern, text, re.ASCII))


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*$", "(a|aa)+$", "(.*)*b", "([a-z]+)*=", "(a?){60}a{60}", "((a*)*)*$"]
)
def test_patterns_that_stop_other_engines_are_quick(pattern: str) -> None:
    compiled = Pattern(pattern)
    start = time.process_time()
    compiled.found_in("a" * (MAX_TEXT - 1) + "!")
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        ")",
        "[",
        "[]",
        "a**",
        "*a",
        "{2}",
        "a{2,1}",
        "a{x}",
        "a{1",
        r"\1",
        r"(a)\1",
        "(?=a)",
        "(?P<x>a)",
        "[b-a]",
        r"\u12",
        r"\q",
        "a" * 501,
        "a{201}",
        "(a{90}){90}",
        "((){9999}){9999}",
        "(" * 30 + ")" * 30,
    ],
)
def test_refuses(pattern: str) -> None:
    with pytest.raises(BadPattern):
        Pattern(pattern)


@settings(deadline=None)
@given(st.text("ab()[]{}|?*+^$.\\d-,12", max_size=15))
def test_any_text_is_a_pattern_or_is_refused(pattern: str) -> None:
    try:
        Pattern(pattern).found_in("ab12")
    except BadPattern as bad:
        assert bad.text.to("en")  # noqa: PT017
