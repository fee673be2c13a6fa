"""Acts around the rollout: a programme in the register without its instance, and what people of other cases do to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from engine.identity.crypto import Keyring
from engine.scenarios.kit import Act
from engine.scenarios.scene import Scene
from engine.scenarios.script import instant
from processes.register import rollout, rollout_streams
from processes.register.rollout_tables import streams_of
from processes.register.rollout_units import ask_units
from processes.register.units import region


def programme(
    scene: Scene,
    region_code: str = "golog",
    months: Sequence[str] = ("2026-06", "2026-07", "2026-08"),
    phase: int = 1,
) -> Mapping[str, Any]:
    """A programme of 2026 without an instance of P01. Answers what its called processes are given: programme_id, phase_no,
    streams (of that region alone), stream_id, region_code, region_name."""
    with scene.transaction() as connection:
        names = {row.code: row.name for row in connection.execute(select(region.c.code, region.c.name))}
        programme_id = rollout.register_programme(
            connection,
            Keyring(scene.engine.settings.secret_key),
            name="改革方案",
            year=2026,
            base_docs=["实施方案"],
            phases=[
                rollout.NewPhase(no, name, month, (name,))
                for no, name, month in zip((1, 2, 3), ("安排部署", "组织实施", "全面总结"), months, strict=True)
            ],
            streams=[rollout.NewStream(code, "责任人", "0971-6120000") for code in names],
            instance_id=None,
            by="provincial_hrss",
            now=scene.now,
            confirmed=True,
        )
        stream = next(row for row in streams_of(connection, programme_id) if row["region_code"] == region_code)
    one = {"stream_id": stream["id"], "region_code": region_code, "region_name": names[region_code]}
    return {"programme_id": programme_id, "phase_no": phase, "streams": [one], **one}


def give_up_units(scene: Scene, stream_id: str, until: str) -> None:
    """The provincial HRSS goes on without the units of a stream that are not verified."""
    with scene.transaction() as connection:
        rollout_streams.decide(
            connection,
            stream_id,
            kind="units",
            reason="单位正在合并，岗位另行核定。",
            until=instant(until),
            by="provincial_hrss",
            now=scene.now,
        )


def ask_unit(scene: Scene, stream_id: str, region_code: str, unit: str, **_given: Any) -> Mapping[str, Any]:
    """A stream asks its units; answers what P03 is started with for one of them."""
    with scene.transaction() as connection:
        (row,) = [row for row in ask_units(connection, stream_id, scene.now) if row["code"] == unit]
    return {"stream_id": stream_id, "region_code": region_code, "unit_code": unit, "unit_name": row["name"]}


ACTS: Mapping[str, Act] = {"programme": programme, "give_up_units": give_up_units, "ask_unit": ask_unit}
