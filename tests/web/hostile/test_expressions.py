"""A hostile expression in every slot is refused or becomes an incident within two seconds, and the next request works."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from tests.web.hostile.slots import BOMBS, FOREIGN, HONEST_TEXT, KEY, MARK, MORE_BOMBS, SLOTS, Files
from tests.web.office import Office

PATIENCE = 2.0  # seconds of processor time for one request


def provoke(office: Office, files: Files) -> str:
    """Deploy, start, look, fill in, finish, wait: `refused` or `incident` when that is what happened, else the state."""
    owner, ann = office.owner, office.ann
    answer = owner.raw("POST", "deployments", **_multipart(files))
    if answer.status_code == 422:
        return "refused"
    deployment = owner.get("deployments", state="candidate")["items"][0]["id"]
    if office.program("process_owner2").raw("POST", f"deployments/{deployment}/activate").status_code == 422:
        return "refused"
    started = owner.raw("POST", f"process-definitions/key/{KEY}/start", json={"variables": {"n": 1}})
    if started.status_code == 422:
        return "refused"
    instance = started.json["id"]
    for task in office.admin.get("tasks", processInstanceId=instance)["items"]:
        if owner.look(instance)["state"] == "incident":
            return "incident"
        if ann.raw("GET", f"tasks/{task['id']}").status_code == 200:
            ann.raw("GET", f"tasks/{task['id']}/form")
            variables = {"n": "1"} if task["formKey"] else {}
            if ann.raw("POST", f"tasks/{task['id']}/complete", json={"variables": variables}).status_code == 422:
                return "refused"
    office.pass_(days=1)
    return owner.look(instance)["state"]


def _multipart(files: Files) -> dict[str, object]:
    data = {f"f{n}": (BytesIO(raw), name) for n, (name, raw) in enumerate(files.items())}
    return {"data": data, "content_type": "multipart/form-data"}


def works(office: Office) -> None:
    """An honest instance runs from start to end."""
    instance = office.owner.start("honest")
    assert office.ann.complete(instance, "t")["instance"]["state"] == "completed"


def test_every_slot_takes_what_an_honest_author_writes(office: Office) -> None:
    """Otherwise the bombs would be refused for something else."""
    for slot, made in SLOTS.items():
        outcome = provoke(office, made(HONEST_TEXT.get(slot, '"x"')))
        assert outcome == ("active" if slot == "correlation" else "completed"), slot


@pytest.mark.parametrize("slot", SLOTS)
def test_no_bomb_goes_off(office: Office, slot: str) -> None:
    for name, bomb in BOMBS.items():
        outcome = provoke(office, SLOTS[slot](bomb))
        # A default is asked for only where nothing was filled in.
        assert outcome in ("refused", "incident") or slot == "form default", name
        assert office.slowest < PATIENCE, name
        assert not Path(MARK).exists()
    works(office)
    assert office.slowest < PATIENCE


@pytest.mark.parametrize("slot", ["condition", "table cell", "form visibility"])
def test_bombs_of_every_make(office: Office, slot: str) -> None:
    for name, bomb in MORE_BOMBS.items():
        assert provoke(office, SLOTS[slot](bomb)) in ("refused", "incident"), name
        assert office.slowest < PATIENCE, name
    works(office)


@pytest.mark.parametrize("slot", ["script", "table output", "form default"])
def test_foreign_languages_do_not_run(office: Office, slot: str) -> None:
    for text in FOREIGN:
        provoke(office, SLOTS[slot](text))
        assert not Path(MARK).exists()
    works(office)
    assert office.slowest < PATIENCE
