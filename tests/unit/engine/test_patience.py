"""The places at the database: whoever has waited is next."""

from __future__ import annotations

import threading
from contextlib import ExitStack

from engine.store import patience


def test_a_place_goes_to_who_waits_for_it_and_not_to_who_just_comes() -> None:
    gate = patience.Gate()
    order: list[str] = []

    def wait() -> None:
        patience.request()
        with gate.place():
            order.append("waited")

    with ExitStack() as held:
        for _ in range(patience.PLACES - 1):
            patience.request()
            held.enter_context(gate.place())
        patience.request()
        waiting = threading.Thread(target=wait)
        with gate.place():
            waiting.start()
            while waiting.is_alive() and not gate._places._line:
                pass
        patience.request()
        with gate.place():
            order.append("came")
        waiting.join()
    patience.no_request()
    assert order == ["waited", "came"]
