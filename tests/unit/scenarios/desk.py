"""A desk with two clerks: the smallest office whose diagrams can be tested with scenarios."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import insert

from engine.commands import contents
from engine.commands.start_instance import StartInstance
from engine.engine import Engine
from engine.errors import BpmnError, Refused
from engine.identity.tables import account
from engine.registry import Actor, Handler, Membership, Registry, StepContext
from engine.scenarios.kit import Scenes
from engine.scenarios.play import Outcome, play
from engine.scenarios.sandbox import Workshop
from engine.scenarios.scene import Scene
from engine.scenarios.script import read_tests
from engine.store.tables import setting
from forms.i18n import T

SINCE = datetime.fromisoformat("2026-05-04T09:00:00+08:00")
FILE = "p.test.yaml"
AT = "2026-06-01T09:00"


def person(username: str, *groups: str) -> Actor:
    return Actor(username, username, username.title(), frozenset(Membership(group) for group in groups))


PEOPLE = {each.username: each for each in (person("owner", "process_owner"), person("ann", "clerks"), person("eve"))}


def furnish(engine: Engine) -> None:
    now = engine.now()
    rows = [{"id": n, "username": n, "name": n, "created_at": now, "password_at": now} for n in PEOPLE]
    with engine.store.transaction() as connection:
        connection.execute(insert(account), rows)


def note(scene: Scene, key: str, value: str = "1") -> Mapping[str, Any]:
    """Put a line into the settings; answers it."""
    with scene.transaction() as connection:
        connection.execute(insert(setting).values(key=key, value=value))
    return {"key": key, "value": value}


def begin(scene: Scene, process: str) -> None:
    scene.run(StartInstance(scene.actor("owner"), key=process))


def shout(_scene: Scene) -> None:
    raise Refused(T("不行。"), code="TOO_LOUD")


def break_down(_scene: Scene) -> None:
    raise RuntimeError("an act with a mistake")


class Told(Schema):
    text = fields.String(load_default="")


class Nothing(Schema):
    pass


def _work(_context: StepContext, params: dict[str, Any]) -> None:
    if params["text"] == "bad":
        raise BpmnError("BAD", T("不行。"))
    if params["text"] == "refused":
        raise Refused(T("规则不允许。"), code="NOT_TODAY")


def _mail(context: StepContext, params: dict[str, Any]) -> None:
    context.effect("mail", params["text"], {"to": "ann"})


def registry() -> Registry:
    made = Registry(groups={"clerks": T("科员")})
    made.add_handlers(
        [Handler("work", _work, Told, Nothing, T("工作")), Handler("mail", _mail, Told, Nothing, T("发信"))]
    )
    made.scenes = Scenes(
        PEOPLE, furnish, {"note": note, "begin": begin, "shout": shout, "break_down": break_down}, SINCE
    )
    return made


def scenario(steps: str = "", expect: str = "{ended: e}", **given: str) -> bytes:
    """A file with one scenario of process p, started by the owner; `steps` are lines of YAML, two spaces in."""
    more = "".join(
        f"    {key}: {value}\n" for key, value in {"at": AT, "start": "{by: owner}", **given}.items() if value
    )
    lines = "".join(f"      {line}\n" for line in steps.strip("\n").splitlines())
    whole = f"    steps:\n{lines}" if lines else ""
    return f"process: p\nscenarios:\n  - name: 一件事\n{more}{whole}    expect: {expect}\n".encode()


@contextmanager
def workshop(*diagrams: bytes, **files: bytes) -> Iterator[Workshop]:
    named = {f"d{n}.bpmn": raw for n, raw in enumerate(diagrams)} | {
        k.replace("_dot_", "."): v for k, v in files.items()
    }
    found, problems = contents.read(named)
    assert [p for p in problems if p.severity == "error"] == []
    with Workshop(registry(), found) as made:
        yield made


def played(raw: bytes, *diagrams: bytes) -> Outcome:
    """What becomes of the one scenario of a file."""
    test, problems = read_tests(FILE, raw, registry().scenes)
    assert test is not None, [(p.line, str(p.text)) for p in problems]
    with workshop(*diagrams) as made:
        return play(made, test.scenarios[0])
