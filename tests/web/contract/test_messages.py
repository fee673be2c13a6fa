"""Messages from outside and between instances."""

from __future__ import annotations

from tests.web.office import Office


def test_a_correlation_finds_the_one_it_means(office: Office) -> None:
    one, two = (office.owner.start("receiver", number=number) for number in (1, 2))
    sent = {"name": "news", "correlation": {"number": 2}, "variables": {"headline": "rain"}}
    assert office.owner.post("messages", sent) == {"delivered": 1}
    assert office.ann.tasks(one) == {}
    assert set(office.ann.tasks(two)) == {"read_news"}
    assert office.owner.variables(two) == {"number": 2, "headline": "rain"}
    assert office.owner.variables(one) == {"number": 1}


def test_nobody_waiting_is_404(office: Office) -> None:
    office.owner.start("receiver", number=1)
    for sent in (
        {"name": "news", "correlation": {"number": 9}},
        {"name": "news", "correlation": {"number": "1"}},
        {"name": "news", "correlation": {"other": 1}},
        {"name": "nonsense", "correlation": {"number": 1}},
        {"name": "news", "businessKey": "no such key"},
        {"name": "news", "correlation": {"number": 9}, "all": True},
    ):
        office.owner.post("messages", sent, expect=404)


def test_a_message_says_whom_it_means(office: Office) -> None:
    office.owner.start("receiver", number=1)
    office.owner.post("messages", {"name": "news"}, expect=422)
    office.owner.post("messages", {"correlation": {"number": 1}}, expect=422)


def test_a_business_key_finds_its_instance(office: Office) -> None:
    one, two = (office.owner.start("receiver", business_key=f"M-{number}", number=7) for number in (1, 2))
    assert office.owner.post("messages", {"name": "news", "businessKey": "M-2"}) == {"delivered": 1}
    assert office.ann.tasks(one) == {}
    assert set(office.ann.tasks(two)) == {"read_news"}


def test_one_receiver_or_all(office: Office) -> None:
    instances = [office.owner.start("receiver", number=5) for _ in range(3)]
    sent = {"name": "news", "correlation": {"number": 5}}
    assert office.owner.post("messages", sent) == {"delivered": 1}
    assert sum(bool(office.ann.tasks(instance)) for instance in instances) == 1
    assert office.owner.post("messages", {**sent, "all": True}) == {"delivered": 2}
    assert all(office.ann.tasks(instance) for instance in instances)
    office.owner.post("messages", {**sent, "all": True}, expect=404)


def test_a_kept_message_waits_for_the_next_to_wait(office: Office) -> None:
    sent = {"name": "news", "correlation": {"number": 8}, "variables": {"headline": "old"}, "keep": True}
    assert office.owner.post("messages", sent) == {"delivered": 0}
    instance, other = office.owner.start("receiver", number=8), office.owner.start("receiver", number=9)
    office.settle()
    assert set(office.ann.tasks(instance)) == {"read_news"}
    assert office.ann.tasks(other) == {}
    assert office.owner.variables(instance)["headline"] == "old"
    again = office.owner.start("receiver", number=8)
    office.settle()
    assert office.ann.tasks(again) == {}  # it was delivered once


def test_keeping_delivers_at_once_where_somebody_waits(office: Office) -> None:
    instance = office.owner.start("receiver", number=8)
    sent = {"name": "news", "correlation": {"number": 8}, "keep": True}
    assert office.owner.post("messages", sent) == {"delivered": 1}
    assert set(office.ann.tasks(instance)) == {"read_news"}
    again = office.owner.start("receiver", number=8)
    office.settle()
    assert office.ann.tasks(again) == {}


def test_instances_send_messages_to_each_other(office: Office) -> None:
    waiting = [office.owner.start("receiver", number=number) for number in (1, 2)]
    sender = office.owner.start("sender", number=2, name="Golmud")
    assert office.owner.look(sender)["state"] == "completed"
    office.settle()
    assert office.ann.tasks(waiting[0]) == {}
    assert set(office.ann.tasks(waiting[1])) == {"read_news"}
    assert office.owner.variables(waiting[1])["headline"] == "from Golmud"


def test_pools_of_one_file_are_processes_that_send_messages(office: Office) -> None:
    bureau = office.owner.start("bureau", number=3)
    office.owner.start("citizen", number=3, wish="a map")
    office.settle()
    assert set(office.ann.tasks(bureau)) == {"grant"}
    assert office.owner.variables(bureau)["wish"] == "a map"


def test_variables_are_correlated_where_the_diagram_declares_nothing(office: Office) -> None:
    one, two = (office.owner.start("by_variables", city=city, year=2026) for city in ("Xining", "Golmud"))
    sent = {"name": "word", "correlation": {"city": "Golmud", "year": 2026}}
    assert office.owner.post("messages", sent) == {"delivered": 1}
    assert office.owner.look(one)["state"] == "active"
    assert office.owner.look(two)["state"] == "completed"


def test_who_may_not_publish_is_403(office: Office) -> None:
    office.owner.start("receiver", number=1)
    for name in ("ann", "eve", "manager"):
        office.program(name).post("messages", {"name": "news", "correlation": {"number": 1}}, expect=403)
