"""S01 once more as an outside program plays it: every step of every person over the JSON API, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from engine import invariants
from engine.config import Settings
from engine.engine import Engine
from engine.errors import Refused
from engine.registry import Actor
from forms.i18n import T
from processes import office
from tests.live import PASSWORD
from tests.process.province import MORNING, Province
from tests.process.stage import OWNER, PIXEL, at
from tests.process.test_s01_whole_path import closes, confirm, hire, midnight, publish_result, to_the_queue, vote
from web.app import create_app


@dataclass
class ApiProvince(Province):
    """The same verbs, said over HTTP with each person's own token. A 422 is raised as `Refused` with its code."""

    client: FlaskClient = field(kw_only=True)
    tokens: dict[str, str] = field(default_factory=dict)

    def call(self, actor: Actor, method: str, path: str, **sent: Any) -> Any:
        answer = self.client.open(
            f"/api/v1{path}", method=method, headers={"Authorization": f"Bearer {self._token(actor.username)}"}, **sent
        )
        if answer.status_code == 422:
            raise Refused(T(str(answer.json["detail"])), code=answer.json["code"])
        assert answer.status_code in (200, 201), (method, path, answer.status_code, answer.text)
        return answer.json

    def _token(self, username: str) -> str:
        if username not in self.tokens:
            given = self.client.post("/api/v1/tokens", json={"username": username, "password": PASSWORD})
            assert given.status_code == 201, given.text
            self.tokens[username] = given.json["token"]
        return self.tokens[username]

    def start(self, key: str, actor: Actor = OWNER, **variables: Any) -> str:
        made = self.call(actor, "POST", f"/process-definitions/key/{key}/start", json={"variables": variables})
        self.engine.work()
        return str(made["id"])

    def _mine(self, instance_id: str, element: str, actor: Actor) -> str:
        found = self.call(actor, "GET", f"/tasks?processInstanceId={instance_id}&elementId={element}")
        assert found["total"] == 1, (element, self.open(instance_id))
        return str(found["items"][0]["id"])

    def do(self, instance_id: str, element: str, actor: Actor, **variables: Any) -> dict[str, Any]:
        task = self._mine(instance_id, element, actor)
        done = self.call(actor, "POST", f"/tasks/{task}/complete", json={"variables": variables})
        self.engine.work()
        return dict(done)

    def attach(self, actor: Actor, name: str = "照片.png") -> str:
        sent = {"file": (BytesIO(PIXEL), name)}
        return str(self.call(actor, "POST", "/attachments", data=sent, content_type="multipart/form-data")["id"])

    def form(self, instance_id: str, element: str, actor: Actor) -> dict[str, Any]:
        return dict(self.call(actor, "GET", f"/tasks/{self._mine(instance_id, element, actor)}/form")["data"])

    def until(self, text: str) -> None:
        self.call(self.actor("admin"), "PUT", "/clock", json={"now": at(text).isoformat()})


@pytest.fixture
def api(province_url: str, tmp_path: Path) -> Iterator[ApiProvince]:
    engine = Engine(Settings(province_url, tmp_path, "test-" * 10, clock="manual"), office.registry())
    province = ApiProvince(engine, client=create_app(engine).test_client())
    province.until(MORNING)
    yield province
    with engine.store.snapshot() as connection:
        broken = invariants.check(connection, engine)
    engine.stop()
    assert broken == []


def test_s01_over_the_api(api: ApiProvince) -> None:
    case = to_the_queue(api)
    meeting = vote(api, {case: (21, 17, 3, 1)})
    publish_result(api, meeting)
    assert closes(api, meeting, "result") == midnight("2026-10-11")
    confirm(api, case)
    hire(api, case)
    own = api.call(api.actor("c-001"), "GET", f"/process-instances/{case}")
    assert (own["state"], own["variables"]) == ("completed", {})
