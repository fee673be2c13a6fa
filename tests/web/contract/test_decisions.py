"""Decision tables, in a process and on their own."""

from __future__ import annotations

from tests.web.office import Office


def evaluate(office: Office, key: str, *, expect: int = 200, **variables: object) -> dict[str, object]:
    return office.ann.post(f"decision-definitions/key/{key}/evaluate", {"variables": variables}, expect=expect)


def test_results_go_to_their_variables(office: Office) -> None:
    found = office.owner.variables(office.owner.start("decided", size=4, kind="film"))
    assert found["fee_result"] == {"amount": 5, "row_id": "small"}
    assert found["flags_result"] == [{"flag": "seen"}]


def test_no_rule_is_null(office: Office) -> None:
    found = office.owner.variables(office.owner.start("decided", size=0, kind="film"))
    assert found["fee_result"] is None
    assert evaluate(office, "fee", size=0, kind="film")["result"] is None


def test_a_table_answers_with_an_object(office: Office) -> None:
    for size, kind, result in (
        (1, "paper", {"amount": 5, "row_id": "small"}),
        (10, "film", {"amount": 5, "row_id": "small"}),
        (10, "disk", None),
        (11, "paper", {"amount": 22, "row_id": "large"}),
        (11, "disk", None),
        (10.5, "paper", {"amount": 21, "row_id": "large"}),
    ):
        answer = evaluate(office, "fee", size=size, kind=kind)
        assert answer["result"] == result
        assert len(answer["matchedRules"]) == (0 if result is None else 1)  # type: ignore[arg-type]


def test_collecting_answers_with_a_list(office: Office) -> None:
    assert evaluate(office, "flags", size=3)["result"] == [{"flag": "seen"}]
    assert evaluate(office, "flags", size=30)["result"] == [{"flag": "seen"}, {"flag": "big"}]


def test_two_rules_of_a_unique_table_are_an_error(office: Office) -> None:
    assert evaluate(office, "overlap", size=2)["result"] == {"flag": "low"}
    assert evaluate(office, "overlap", size=12)["result"] == {"flag": "middle"}
    evaluate(office, "overlap", expect=422, size=7)


def test_values_of_the_wrong_kind_are_refused(office: Office) -> None:
    for size in ("7", [7], {"a": 7}, True):
        refused = evaluate(office, "fee", expect=422, size=size, kind="film")
        assert "size" in str(refused["detail"])


def test_values_of_the_wrong_kind_in_a_process_are_an_incident(office: Office) -> None:
    seen = office.owner.look(office.owner.start("decided", size="7", kind="film"))
    assert seen["state"] == "incident"
    assert seen["incidents"][0]["elementId"] == "fee_task"


def test_an_unknown_table_is_404(office: Office) -> None:
    evaluate(office, "nothing", expect=404)
    evaluate(office, "tables", expect=404)
