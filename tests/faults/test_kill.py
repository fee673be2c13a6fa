"""kill -9 at any moment, a hundred times in ten thousand completions: what was answered is there once, nothing is half there.

KILL_SEED=… KILLS=… COMPLETIONS=… pytest tests/faults/test_kill.py -s
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine import invariants
from engine.commands.retry_incident import RetryIncident
from engine.engine import Engine
from engine.queries.instance_events import InstanceEvents
from engine.store import tables as t
from engine.store.metadata import new_id
from tests.conftest import MakeEngine
from tests.faults import lives
from tests.faults.laps import KEY, TASKS, is_task, laps
from tests.integration.engine.conftest import ADMIN, Office, add_people, deploy, start

pytestmark = [pytest.mark.fault, pytest.mark.alone, pytest.mark.timeout(900)]

KILLS = int(os.environ.get("KILLS", "100"))
COMPLETIONS = int(os.environ.get("COMPLETIONS", "10000"))
SEED = int(os.environ.get("KILL_SEED", random.SystemRandom().randrange(10**6)))
LAPS = 5  # of one instance
INSTANCES = COMPLETIONS // (LAPS * TASKS)
POLL = 0.005
RESTART = 5.0  # seconds from being started to the first work done, at most


def test_ten_thousand_completions_survive_being_killed(
    database_url: str, make_engine: MakeEngine, office: Office, tmp_path: Path
) -> None:
    print(f"\nKILL_SEED={SEED}")
    chance = random.Random(SEED)
    engine = make_engine(database_url, office.registry())
    add_people(engine)
    deploy(engine, laps(mail="mail"))
    for number in range(INSTANCES):
        start(engine, KEY, left=LAPS, case=str(number))
    engine.store.close()  # no connection is shared with the children
    began = time.monotonic()
    kills = torment(engine, tmp_path, chance)
    seconds = time.monotonic() - began
    check(engine, tmp_path)
    firsts = [float(age) for _slot, age in lives.read(tmp_path / "first")]
    print(
        f"{COMPLETIONS} completions, {sum(kills.values())} kills {dict(kills)} in {seconds:.1f} s; "
        f"first answer of a life after {max(firsts):.2f} s at most, {sorted(firsts)[len(firsts) // 2]:.2f} s usually"
    )
    assert sum(kills.values()) >= KILLS
    assert max(firsts) <= RESTART


def torment(engine: Engine, folder: Path, chance: random.Random) -> Counter[str]:
    """Let the children work and kill one of them at each of the drawn moments, with a successor at once; answers how often
    each was killed, when the last instance has ended. The moments are spread over the whole work."""
    alone = engine.store.single_process
    kinds: dict[str, lives.Life] = (
        {"whole": lives.whole} if alone else {"clerk-a": lives.clerk, "clerk-b": lives.clerk, "worker": lives.worker}
    )

    def bear(slot: str) -> BaseProcess:
        return lives.born(kinds[slot], engine, folder, slot, chance.randrange(2**32))

    children = {slot: bear(slot) for slot in kinds}
    moments = sorted(chance.uniform(0, 0.97 * COMPLETIONS) for _ in range(KILLS))
    kills: Counter[str] = Counter()
    moved, progress = time.monotonic(), 0.0
    while children:
        time.sleep(POLL)
        for slot, child in list(children.items()):
            if child.exitcode is not None:
                assert child.exitcode == 0, f"{slot} broke down"
                del children[slot]
        if (done := answered(folder)) > progress:
            moved, progress = time.monotonic(), done
        elif time.monotonic() - moved > 2:
            operate(engine, folder)
            moved = time.monotonic()
        if children and kills.total() < KILLS and done >= moments[kills.total()]:
            time.sleep(chance.uniform(0, 0.05))
            slot = chance.choice(sorted(children))
            lives.kill(children[slot])
            kills[slot] += 1
            if kinds[slot] is lives.worker:
                lives.a_minute_later(engine)
            children[slot] = bear(slot)
    return kills


def answered(folder: Path) -> float:
    """Roughly how many completions were answered: cheap, because it is asked every few milliseconds."""
    return sum(path.stat().st_size for path in folder.glob("answers-*")) / (len(new_id()) + len(f" {lives.DONE}\n"))


def operate(engine: Engine, folder: Path) -> None:
    """What a person does about a job that was killed three times: let it be tried again."""
    engine = lives.reborn(engine, folder)
    with engine.store.snapshot() as connection:
        given_up = connection.scalars(select(t.incident.c.id).where(t.incident.c.state == "open")).all()
    for incident in given_up:
        print(f"job given up, tried again by hand: incident {incident}")
        engine.run(RetryIncident(incident, ADMIN))
    engine.store.close()


def check(engine: Engine, folder: Path) -> None:
    """Every answered completion is in history once and every other was answered in the end; nothing in the background was
    lost or done twice; the receiver of an effect can tell each repetition by its key."""
    laps_run = INSTANCES * LAPS
    answers = [line for path in folder.glob("answers-*") for line in lives.read(path)]
    done = Counter(task for task, word, *_ in answers if word == lives.DONE)
    with engine.store.snapshot() as connection:
        assert set(connection.scalars(select(t.instance.c.state))) == {"completed"}
        instances = connection.scalars(select(t.instance.c.id)).all()
        effects = connection.execute(select(t.effect.c.key, t.effect.c.sent_at)).all()
        messages = Counter(connection.scalars(select(t.message.c.state)).all())
        assert connection.scalar(select(func.count()).select_from(t.job)) == 0
        assert invariants.check(connection, engine) == []
    history = [line for one in instances for line in engine.ask(InstanceEvents(ADMIN, one, max_results=10**6)).items]
    told = Counter(line.task_id for line in history if line.kind == "completed" and is_task(line.element_id))
    assert sum(line.kind == "timer_fired" for line in history) == laps_run
    assert set(told.values()) == {1}
    assert set(done.values()) == {1}
    assert told.keys() == done.keys()
    assert len(told) == INSTANCES * LAPS * TASKS
    assert messages == {"delivered": laps_run}
    sent = Counter(key for (key,) in lives.read(folder / "sent"))
    assert len(effects) == laps_run
    assert sent.keys() == {row.key for row in effects if row.sent_at is not None} == {row.key for row in effects}
    print(f"{sent.total() - len(sent)} effects were sent a second time with the same key")
