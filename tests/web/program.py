"""An outside program that talks to the JSON API, and checks on every answer what the contract says of all of them."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

API = "/api/v1/"
PASSWORD = "a long way to Golmud"


class Program:
    """A caller with a token (or none) and a language. Every answer is checked: never 500, problems in their shape, times
    with an offset, lists as `{"items","total"}`. `timed` is told how long each request kept the processor busy, in seconds: time spent
    waiting for other programs of the machine is not the answer's fault."""

    def __init__(
        self,
        app: Flask,
        token: str | None,
        language: str | None = None,
        timed: Callable[[float], None] | None = None,
    ) -> None:
        self.app = app
        self.token = token
        self.language = language
        self.timed = timed

    def raw(self, method: str, path: str, **arguments: Any) -> TestResponse:
        """One request as it is, checked for what holds of all answers."""
        headers = dict(arguments.pop("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if self.language:
            headers.setdefault("Accept-Language", self.language)
        client = self.app.test_client(use_cookies=False)
        began = time.process_time()
        answer = client.open(path if path.startswith("/") else API + path, method=method, headers=headers, **arguments)
        answer.get_data()
        if self.timed is not None:
            self.timed(time.process_time() - began)
        check(answer)
        return answer

    def call(self, method: str, path: str, body: Any = None, *, expect: int = 200, **arguments: Any) -> Any:
        """The JSON of the answer, which must have the status `expect`."""
        if body is not None:
            arguments["json"] = body
        answer = self.raw(method, path, **arguments)
        assert answer.status_code == expect, (
            f"{method} {path}: {answer.status_code} {answer.data.decode(errors='replace')[:2000]}"
        )
        return answer.json

    def get(self, path: str, *, expect: int = 200, **query: Any) -> Any:
        return self.call("GET", path, expect=expect, query_string=query)

    def post(self, path: str, body: Any = None, *, expect: int = 200, **arguments: Any) -> Any:
        return self.call("POST", path, body, expect=expect, **arguments)

    def put(self, path: str, body: Any = None, *, expect: int = 200, **arguments: Any) -> Any:
        return self.call("PUT", path, body, expect=expect, **arguments)

    def upload(self, files: Mapping[str, bytes], *, expect: int = 201, **arguments: Any) -> Any:
        """Deploy these files; the answer's JSON."""
        return self.send_files("deployments", files, expect=expect, **arguments)

    def attach(self, name: str, content: bytes, *, expect: int = 201) -> Any:
        return self.send_files("attachments", {name: content}, expect=expect)

    def send_files(self, path: str, files: Mapping[str, bytes], *, expect: int = 201, **arguments: Any) -> Any:
        data = {f"file{n}": (io.BytesIO(content), name) for n, (name, content) in enumerate(files.items())}
        return self.call("POST", path, expect=expect, data=data, content_type="multipart/form-data", **arguments)

    # What most conversations consist of.

    def start(self, key: str, *, business_key: str | None = None, expect: int = 201, **variables: Any) -> str:
        """A new instance of the process; its id."""
        body = {"variables": variables} | ({"businessKey": business_key} if business_key is not None else {})
        answer = self.post(f"process-definitions/key/{key}/start", body, expect=expect)
        return answer.get("id", "")

    def look(self, instance: str) -> Any:
        return self.get(f"process-instances/{instance}")

    def variables(self, instance: str) -> dict[str, Any]:
        return self.look(instance)["variables"]

    def tasks(self, instance: str, **query: Any) -> dict[str, Any]:
        """The open tasks of an instance that this caller may see, by element id (one each)."""
        found = self.get("tasks", processInstanceId=instance, **query)["items"]
        return {task["elementId"]: task for task in found}

    def task(self, instance: str, element: str) -> str:
        """The id of its one open task at this element."""
        (found,) = self.get("tasks", processInstanceId=instance, elementId=element)["items"]
        return found["id"]

    def complete(self, instance: str, element: str, *, expect: int = 200, **variables: Any) -> Any:
        return self.post(f"tasks/{self.task(instance, element)}/complete", {"variables": variables}, expect=expect)

    def events(self, instance: str) -> list[dict[str, Any]]:
        return self.get(f"process-instances/{instance}/events", maxResults=500)["items"]


def check(answer: TestResponse) -> None:
    """What the contract says of every answer."""
    said = f"{answer.request.method} {answer.request.path}: {answer.status_code} {answer.data[:4000]!r}"
    assert answer.status_code < 500, said
    if answer.status_code >= 400:
        assert answer.mimetype == "application/problem+json", said
        assert answer.json["status"] == answer.status_code, said
        assert all(isinstance(answer.json[key], str) and answer.json[key] for key in ("title", "code", "detail")), said
    elif answer.mimetype == "application/json" and not answer.request.path.endswith("openapi.json"):
        check_times(answer.json, said)
        if isinstance(answer.json, dict) and "items" in answer.json:
            assert isinstance(answer.json["total"], int), said
            assert answer.json["total"] >= len(answer.json["items"]), said


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def check_times(value: Any, said: str) -> None:
    """Every instant the API itself tells is ISO 8601 with an offset; what callers put into variables is theirs."""
    if isinstance(value, list):
        for inner in value:
            check_times(inner, said)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key in ("variables", "data", "schema", "result", "draft"):
                continue
            if (key == "now" or key.endswith("At")) and inner is not None:
                assert isinstance(inner, str), said
                assert datetime.fromisoformat(inner).tzinfo is not None, said
            check_times(inner, said)


def diagram(key: str, body: str, *, beside: str = "", attributes: str = "") -> bytes:
    """A BPMN file without layout: `body` are the elements of its one process, `beside` what stands next to it."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
        ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="http://example.org/tests">\n'
        f'{beside}<bpmn:process id="{key}" name="{key}" isExecutable="true" {attributes}>\n{body}\n</bpmn:process>\n'
        "</bpmn:definitions>\n"
    ).encode()


def flows(*ids: str) -> str:
    """Sequence flows from each to the next."""
    pairs = pairwise(ids)
    return "".join(f'<bpmn:sequenceFlow id="{a}_to_{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in pairs)
