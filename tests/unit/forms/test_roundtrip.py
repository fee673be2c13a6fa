"""For any form and any valid answers: page -> browser -> submission -> kept values, and nothing else gets through."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from forms.html import render_fields
from forms.submission import pairs_of, parse_submission

KEYS = st.sampled_from("abcdefgh")
OPTIONS = [{"label": f"选项{n}", "value": value} for n, value in enumerate(["x", "y z", 3, 4.5, True])]
VALUES = [option["value"] for option in OPTIONS]
WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf", "Zs", "Zl", "Zp")), min_size=1, max_size=12).filter(
    lambda s: s == s.strip()
)
NUMBERS = st.integers(-(10**12), 10**12) | st.integers(-(10**8), 10**8).map(lambda n: n / 100 if n % 100 else n // 100)
DATES = st.dates().filter(lambda d: 1900 <= d.year <= 2200).map(str)
TIMES = st.times().map(lambda t: t.replace(microsecond=0).isoformat())
INSTANTS = st.builds(lambda d, t: f"{d}T{t[:5]}:00+08:00", DATES, TIMES)


def leaf(kind: str, answer: Any, blank: Any = None, **more: Any) -> tuple[dict[str, Any], Any]:
    return {"type": kind, "label": "标签", **more}, st.just(blank) | answer


LEAVES = [
    leaf("textfield", WORDS),
    leaf("textarea", st.lists(WORDS, min_size=1, max_size=3).map("\n".join)),
    leaf("number", NUMBERS),
    leaf("datetime", DATES, subtype="date"),
    leaf("datetime", TIMES, subtype="time"),
    leaf("datetime", INSTANTS, subtype="datetime"),
    leaf("checkbox", st.booleans(), False),
    leaf("radio", st.sampled_from(VALUES), values=OPTIONS),
    leaf("select", st.sampled_from(VALUES), values=OPTIONS),
    leaf(
        "checklist",
        st.sets(st.sampled_from(VALUES)).map(lambda chosen: [v for v in VALUES if v in chosen]),
        [],
        values=OPTIONS,
    ),
    leaf(
        "filepicker",
        st.lists(st.text("0123456789abcdef", min_size=8, max_size=8), unique=True, max_size=3),
        [],
        multiple=True,
    ),
]


@st.composite
def scopes(draw: st.DrawFn, depth: int = 2) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Components with distinct keys, and answers that are valid for them."""
    components, answers = [], {}
    for key in sorted(draw(st.sets(KEYS, min_size=1, max_size=5))):
        kind = draw(st.integers(0, 5)) if depth else 5
        if kind == 0:
            inner, value = draw(scopes(depth - 1))
            components.append({"type": "group", "path": key, "label": "组", "components": inner})
            answers[key] = value
        elif kind == 1:
            inner, value = draw(scopes(depth - 1))
            inner.append({"type": "textfield", "key": "name", "label": "名", "validate": {"required": True}})
            names = draw(st.lists(WORDS, max_size=3))
            components.append({"type": "dynamiclist", "path": key, "label": "表", "components": inner})
            answers[key] = [{**value, "name": name} for name in names]
        else:
            component, values = draw(st.sampled_from(LEAVES))
            components.append({**component, "key": key})
            answers[key] = draw(values)
    return components, answers


@settings(max_examples=60, deadline=None)
@given(scopes())
def test_valid_answers_come_back(form: Any, check: Any, feel: Any, browse: Any, drawn: Any) -> None:
    components, answers = drawn
    definition = form(*components)
    accept = lambda ids: dict.fromkeys(ids)  # noqa: E731
    assert check(definition, answers, attachments=accept) == answers

    data, _ = parse_submission(definition, pairs_of(definition, answers))
    assert check(definition, data, attachments=accept) == answers

    page = render_fields(definition, values=data, feel=feel, context={})
    sent, _ = parse_submission(definition, browse(str(page)).pairs)
    assert check(definition, sent, attachments=accept) == answers


@settings(max_examples=40, deadline=None)
@given(scopes(), st.text(min_size=1, max_size=10).filter(lambda key: key not in "abcdefgh"), st.data())
def test_undeclared_keys_are_always_refused(form: Any, check: Any, drawn: Any, key: str, data: Any) -> None:
    components, answers = drawn
    holders = [answers, *[v for v in answers.values() if isinstance(v, dict)]]
    holders += [row for v in answers.values() if isinstance(v, list) for row in v if isinstance(row, dict)]
    data.draw(st.sampled_from(holders))[key] = 1
    refusal = check(form(*components), answers, attachments=lambda ids: dict.fromkeys(ids))
    assert type(refusal).__name__ == "Refusal"
    assert any(path.endswith(key[:100]) for path in refusal)


@settings(max_examples=40, deadline=None)
@given(scopes(), st.data())
def test_hidden_is_never_kept(form: Any, check: Any, drawn: Any, data: Any) -> None:
    components, answers = drawn
    hidden = data.draw(st.sets(st.sampled_from(sorted(answers))))
    for component in components:
        if component.get("key", component.get("path")) in hidden:
            component["conditional"] = {"hide": "=true"}
    kept = check(form(*components), answers, attachments=lambda ids: dict.fromkeys(ids))
    assert kept == {key: value for key, value in answers.items() if key not in hidden}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(scopes(), st.dictionaries(KEYS, JSON, max_size=6))
def test_no_submission_breaks_it(form: Any, check: Any, feel: Any, drawn: Any, sent: Any) -> None:
    definition = form(*drawn[0])
    check(definition, sent)
    assert render_fields(definition, values=sent, feel=feel, context={})
