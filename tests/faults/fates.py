"""An office whose service does what its parameter says: it finishes, kills its process, hangs, naps. And that office as a
process of its own, `python -m tests.faults.fates serve|worker`, set up by the environment like the real one."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import func, select

from engine.commands.start_instance import StartInstance
from engine.commands.step import Step
from engine.config import Settings
from engine.engine import Engine
from engine.registry import Handler, Registry, StepContext
from engine.store import tables as t
from forms.i18n import T
from tests.integration.engine.conftest import FINISH, OWNER, START, Told, bpmn, flow, properties, user
from tests.integration.engine.test_messages import service
from tests.integration.engine.test_time import timer
from web import server

FORK = multiprocessing.get_context("fork")


class Fate(Schema):
    fate = fields.String(required=True)


def meet(context: StepContext, params: dict[str, Any]) -> None:
    match params["fate"]:
        case "fine":
            return
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(3600)
        case "nap":
            time.sleep(1.5)
        case other:
            raise ValueError(other)


def registry() -> Registry:
    made = Registry(groups={"clerks": T("科员")})
    made.add_handlers([Handler("fate", meet, Fate, Told, T("命运"))])
    return made


def alone(key: str = "alone") -> bytes:
    """Meets its fate in the background."""
    body = START + timer("wait", "PT0S") + service("fate", fate="=fate") + FINISH
    return bpmn(key, body + flow("begin", "wait", "serve", "finish"))


def asked(key: str = "asked") -> bytes:
    """Meets its fate when a person finishes the task."""
    body = properties() + START + user("check") + service("fate", fate="=fate") + FINISH
    return bpmn(key, body + flow("begin", "check", "serve", "finish"))


def start_all(engine: Engine, fates: list[str], key: str = "alone") -> list[str]:
    """Many instances in one transaction: what is tested comes afterwards. Answers their ids."""
    with engine.store.transaction() as connection:
        step = Step(connection, engine.now(), engine)
        return [StartInstance(actor=OWNER, key=key, variables={"fate": each}).execute(step)["id"] for each in fates]


def states(engine: Engine) -> dict[str, int]:
    """How many instances are in which state."""
    with engine.store.snapshot() as connection:
        return dict(connection.execute(select(t.instance.c.state, func.count()).group_by(t.instance.c.state)).all())


def main() -> None:
    settings = Settings.from_environment()

    def make_engine() -> Engine:
        return Engine(settings, registry())

    if sys.argv[1] == "worker":
        server.run_worker(settings, make_engine)
    else:
        server.Server(settings, make_engine, background=True).run()


if __name__ == "__main__":
    main()
