"""A service that breaks down in every way it can: tried again after 1, 4 and 16 seconds by one key, then a person is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from marshmallow import Schema, fields
from structlog.testing import capture_logs

from engine.commands.retry_incident import RetryIncident
from engine.engine import Engine
from engine.queries.incidents import IncidentList
from engine.registry import Handler, Registry, StepContext
from forms.i18n import T
from tests.conftest import NOON, MakeEngine
from tests.integration.engine.conftest import FINISH, OWNER, START, add_people, bpmn, deploy, flow, look, start
from tests.integration.engine.test_messages import service

pytestmark = pytest.mark.fault

AN_HOUR = NOON + timedelta(hours=1)


class Nothing(Schema):
    pass


class Counted(Schema):
    count = fields.Integer(required=True)


class Unspeakable(Exception):
    """Cannot even be told."""

    def __repr__(self) -> str:
        raise ValueError

    __str__ = __repr__


def breaks(error: BaseException) -> Callable[[], Any]:
    def act() -> Any:
        raise error

    return act


class Outside:
    """A platform: `acts` one after the other, then it answers. It writes down by which key it was asked, and when."""

    def __init__(self) -> None:
        self.acts: list[Callable[[], Any]] = []
        self.asked: list[tuple[str, datetime]] = []
        self.now: Callable[[], datetime] = lambda: NOON

    def act(self, key: str) -> Any:
        self.asked.append((key, self.now()))
        return self.acts.pop(0)() if self.acts else {"count": len(self.asked)}

    def serve(self, context: StepContext, params: dict[str, Any]) -> Any:
        return self.act(context.key)

    def mail(self, context: StepContext, params: dict[str, Any]) -> None:
        context.effect("mail", context.key, {"to": "ann"})

    def send(self, key: str, payload: Mapping[str, Any]) -> None:
        self.act(key)

    def pauses(self) -> list[float]:
        return [(later - earlier).total_seconds() for (_, earlier), (_, later) in pairwise(self.asked)]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What fails is logged with its traceback, which takes longer to draw than the rest of a test."""
    with capture_logs():
        yield


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def engine(database_url: str, make_engine: MakeEngine, outside: Outside) -> Engine:
    registry = Registry(groups={"clerks": T("科员")})
    registry.add_handlers(
        [
            Handler("serve", outside.serve, Nothing, Counted, T("办理")),
            Handler("mail", outside.mail, Nothing, Nothing, T("发信")),
        ]
    )
    engine = make_engine(database_url, registry)
    engine.senders["mail"] = outside.send
    outside.now = engine.now
    add_people(engine)
    for topic in ("serve", "mail"):
        deploy(engine, bpmn(f"p_{topic}", START + service(topic) + FINISH + flow("begin", "serve", "finish")))
    return engine


UNFORESEEN = {
    "no answer": ConnectionError("refused"),
    "too slow": TimeoutError(),
    "a mistake": KeyError("count"),
    "too deep": RecursionError(),
    "no memory": MemoryError(),
    "the end of the program": SystemExit(3),
    "unspeakable": Unspeakable(),
}


@pytest.mark.parametrize("topic", ["serve", "mail"])
def test_what_fails_twice_is_done_at_the_third_try_by_the_same_key(
    engine: Engine, outside: Outside, topic: str
) -> None:
    outside.acts = [breaks(ConnectionError()), breaks(TimeoutError())]
    one = start(engine, f"p_{topic}")
    engine.work(until=AN_HOUR)
    assert look(engine, one).instance.state == "completed"
    assert len({key for key, _ in outside.asked}) == 1
    first, second = outside.pauses()
    assert 0.8 <= first <= 1.2
    assert 3.2 <= second <= 4.8
    other = start(engine, f"p_{topic}")
    engine.work()
    assert look(engine, other).instance.state == "completed"
    assert len({key for key, _ in outside.asked}) == 2


@pytest.mark.parametrize(
    ("topic", "what"),
    [*(("serve", what) for what in UNFORESEEN), ("mail", "no answer"), ("mail", "the end of the program")],
)
def test_after_three_tries_more_a_person_is_asked_whose_try_works(
    engine: Engine, outside: Outside, topic: str, what: str
) -> None:
    outside.acts = [breaks(UNFORESEEN[what])] * 4
    one = start(engine, f"p_{topic}")
    engine.work(until=AN_HOUR)
    (found,) = engine.ask(IncidentList(OWNER)).items
    assert (found.state, found.attempts) == ("open", 4)
    assert [base * 0.8 <= pause <= base * 1.2 for base, pause in zip((1, 4, 16), outside.pauses(), strict=True)] == [
        True
    ] * 3
    engine.run(RetryIncident(found.id, OWNER))
    engine.work()
    assert look(engine, one).instance.state == "completed"
    assert engine.ask(IncidentList(OWNER)).total == 0
    assert len(outside.asked) == 5
    assert len({key for key, _ in outside.asked}) == 1


@pytest.mark.parametrize(
    "answer", ["text", 7, [1], {"count": "many"}, {}, {"count": 1, "more": 2}, {"count": object()}, True, 0]
)
def test_an_answer_of_the_wrong_type_is_for_a_person_at_once(engine: Engine, outside: Outside, answer: Any) -> None:
    """Asking again would bring the same; and nothing of it becomes a variable."""
    outside.acts = [lambda: answer]
    one = start(engine, "p_serve")
    engine.work(until=AN_HOUR)
    (found,) = engine.ask(IncidentList(OWNER)).items
    assert (found.state, found.attempts, found.code) == ("open", 1, "RESULT_INVALID")
    assert look(engine, one).variables == {}
    engine.run(RetryIncident(found.id, OWNER))
    assert look(engine, one).variables == {"count": 2}
