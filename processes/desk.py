"""What stands on somebody's desk, read together: a page that everybody opens many times a day costs as little as it can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine import filters, policy
from engine.policy import StartFacts
from engine.queries.work_list import WorkList, WorkPage
from engine.registry import Actor
from forms.i18n import Text
from processes.publicity.calendar_years import urgent_year
from processes.register.subjects import ROLLOUT, Subjects, TaskSubjects

if TYPE_CHECKING:
    from engine.queries.reading import Reading
    from engine.releases import LoadedRelease


@dataclass(frozen=True)
class Startable:
    """A process somebody may start."""

    key: str
    name: str


@dataclass(frozen=True)
class Desk:
    """`subjects` by instance, `parts` by task (which region a step of a programme is about), `filters`: variables by which
    the list can be filtered, with their labels; `missing_year`: whose working-day calendar should be brought in by now."""

    page: WorkPage
    subjects: dict[str, Text]
    parts: dict[str, str]
    startable: tuple[Startable, ...]
    filters: dict[str, str]
    missing_year: int | None


@dataclass(frozen=True)
class MyDesk:
    """A page of the work list (asked for with `desk`) and what stands around it. Three statements, one more for who sees to the
    calendar, one more where steps of the rollout are on the page."""

    actor: Actor
    tasks: WorkList

    def answer(self, reading: Reading) -> Desk:
        page = self.tasks.answer(reading)
        cases = tuple(sorted({item.process_instance_id for item in page.items}))
        steps = tuple(item.id for item in page.items if item.definition_key in ROLLOUT)
        release = reading.engine.releases.get(reading.connection, page.release_id) if page.release_id else None
        sees_to_it = not self.actor.groups.isdisjoint({policy.ADMIN, policy.MANAGER})
        return Desk(
            page=page,
            subjects=Subjects(cases).answer(reading),
            parts=TaskSubjects(steps).answer(reading),
            startable=startable(release, self.actor) if release else (),
            filters=filters.of_release(release) if release else {},
            missing_year=urgent_year(reading) if sees_to_it else None,
        )


def startable(release: LoadedRelease, actor: Actor) -> tuple[Startable, ...]:
    """What `actor` may start of a release; by key."""
    return tuple(
        Startable(key, info.name)
        for key, info in sorted(release.bpmn.processes.items())
        if info.properties.get("startedBy") != "process"
        and policy.allows(actor, "process.start", StartFacts(frozenset(info.start_groups)))
    )
