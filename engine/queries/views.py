"""The shapes that queries answer with. Datetimes are aware and UTC; persons are usernames, with the display name beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forms.i18n import Text


@dataclass(frozen=True)
class TaskItem:
    """A line of the work list."""

    id: str
    element_id: str
    name: str
    form_key: str | None
    process_instance_id: str  # the root's, also inside a call activity
    business_key: str | None
    definition_key: str  # of the process the step stands in
    process_name: str  # of the root process
    lane: str | None
    scope: str | None
    candidate_groups: tuple[str, ...]
    candidate_users: tuple[str, ...]
    assignee: str | None
    assignee_name: str | None
    state: str  # open | completed | cancelled
    created_at: datetime
    due_at: datetime | None
    follow_up_at: datetime | None
    overdue: bool
    suspended: bool  # the instance is
    may_act: bool  # the reader could complete it now
    revision: int


@dataclass(frozen=True)
class TaskDetail:
    task: TaskItem
    instance: InstanceItem
    hint: str | None  # property `hint` of the element: what to do and why
    properties: Mapping[str, str]
    data: Mapping[str, Any]  # the variables the person works on
    owner: str | None  # who delegated it
    assigned_at: datetime | None
    completed_by: str | None
    completed_by_name: str | None
    closed_at: datetime | None
    may: frozenset[str]  # of claim, unclaim, assign, delegate, complete, draft
    barred: Text | None  # why the reader may not act although offered to the group (four eyes)


@dataclass(frozen=True)
class TaskFormView:
    """`schema` is the form's JSON, None for a task without form; `draft` what the reader last saved, if anything;
    `draft_unreadable`: something was saved and no longer opens (the secret was changed without keeping the old one)."""

    task_id: str
    revision: int
    schema: Mapping[str, Any] | None
    data: Mapping[str, Any]
    draft: Mapping[str, Any] | None
    draft_saved_at: datetime | None
    draft_unreadable: bool = False


@dataclass(frozen=True)
class InstanceItem:
    id: str
    definition_id: str
    definition_key: str
    definition_name: str
    definition_version: int
    deployment_id: str
    business_key: str | None
    state: str  # active | completed | incident | suspended | cancelled
    revision: int
    started_by: str | None
    started_by_name: str | None
    started_at: datetime
    ended_at: datetime | None
    end_element: str | None
    reason: str | None


@dataclass(frozen=True)
class ActiveElementItem:
    element_id: str
    name: str
    definition_key: str
    count: int


@dataclass(frozen=True)
class TimerItem:
    id: str
    element_id: str
    name: str
    definition_key: str
    due_at: datetime


@dataclass(frozen=True)
class WaitingItem:
    id: str
    element_id: str
    name: str
    definition_key: str
    message: str


@dataclass(frozen=True)
class IncidentItem:
    id: str
    process_instance_id: str
    business_key: str | None
    definition_key: str
    element_id: str | None
    task_id: str | None
    code: str
    message: Text
    facts: Mapping[str, Any]
    state: str  # retrying (by itself, at `retry_at`) | open (waits for a person) | resolved
    attempts: int
    created_at: datetime
    changed_at: datetime
    retry_at: datetime | None
    resolved_by: str | None


@dataclass(frozen=True)
class InstanceDetail:
    instance: InstanceItem
    variables: Mapping[str, Any]
    active_elements: tuple[ActiveElementItem, ...]
    timers: tuple[TimerItem, ...]
    waiting: tuple[WaitingItem, ...]
    incidents: tuple[IncidentItem, ...]  # not resolved
    tasks: tuple[TaskItem, ...]  # open ones the reader may see
    scopes: tuple[str, ...]
    may: frozenset[str]  # of suspend, resume, cancel, retry


@dataclass(frozen=True)
class EventItem:
    seq: int
    at: datetime
    actor: str | None
    actor_name: str | None
    kind: str
    element_id: str | None
    name: str | None
    definition_key: str | None
    task_id: str | None
    data: Mapping[str, Any]
    text: Text | None
    hash: str


@dataclass(frozen=True)
class DiagramView:
    """One diagram of an instance: the root's, or that of a called process it is or was in."""

    definition_id: str
    definition_key: str
    name: str
    active: tuple[ActiveElementItem, ...]
    visited: tuple[str, ...]  # element ids, in the order first entered
    timers: tuple[TimerItem, ...]
    incidents: tuple[IncidentItem, ...]


@dataclass(frozen=True)
class DefinitionItem:
    id: str
    key: str
    kind: str  # process | decision | form | test | drawing
    version: int
    name: str
    file_name: str
    sha256: str
    created_at: datetime
    active: bool  # belongs to the active deployment
    deployment_ids: tuple[str, ...]  # releases it belongs to, oldest first
    starter_groups: tuple[str, ...]
    may_start: bool


@dataclass(frozen=True)
class DefinitionContent:
    id: str
    key: str
    kind: str
    file_name: str
    content: bytes


@dataclass(frozen=True)
class ElementStatistics:
    element_id: str
    definition_key: str
    instances: int  # running instances that stand here
    incidents: int  # not resolved
    completed: int  # human tasks finished here so far
    median_seconds: float | None  # from created to completed, of those


@dataclass(frozen=True)
class DefinitionStatisticsView:
    definition_id: str
    running: int
    completed: int
    cancelled: int
    elements: tuple[ElementStatistics, ...]


@dataclass(frozen=True)
class DeploymentItem:
    id: str
    state: str  # candidate | active | superseded
    origin: str  # shipped | person
    uploaded_by: str
    uploaded_by_name: str | None
    uploaded_at: datetime
    activated_by: str | None
    activated_by_name: str | None
    activated_at: datetime | None
    comment: str
    parent_id: str | None
    content_hash: str
    warnings: Sequence[Mapping[str, Any]]  # {file, line, element, code, text: Text.dump()}
    may_activate: bool


@dataclass(frozen=True)
class DeploymentDetail:
    deployment: DeploymentItem
    definitions: tuple[DefinitionItem, ...]
    changed: frozenset[str]  # ids of the definitions its parent did not have


@dataclass(frozen=True)
class DeadlineItem:
    """Something with a date: a timer that will fire, or an open task that is due."""

    kind: str  # timer | task
    at: datetime
    id: str
    element_id: str
    name: str
    definition_key: str
    process_instance_id: str
    business_key: str | None
    overdue: bool


@dataclass(frozen=True)
class DueItem:
    """Something open, as those who watch over deadlines see it."""

    kind: str  # task | timer (no person has the case) | case (neither: it waits for news, or stands still)
    id: str  # of the task, timer or instance
    element_id: str | None  # None for a case
    name: str  # of the step; empty for a case
    definition_key: str  # of the process the step stands in
    process_instance_id: str
    process_key: str  # of the process that was started
    process_name: str
    business_key: str | None
    instance_state: str
    candidate_groups: tuple[str, ...]
    candidate_users: tuple[str, ...]
    assignee: str | None
    assignee_name: str | None
    since: datetime | None  # when the task came up, the case was started; None for a timer
    due_at: datetime | None
    overdue: bool


@dataclass(frozen=True)
class DueCounts:
    total: int
    late: int
    week: int
    later: int
    undated: int


@dataclass(frozen=True)
class ProcessCount:
    """A process with the number of its open lines."""

    key: str
    name: str
    count: int


@dataclass(frozen=True)
class DueLines:
    """One page of the list. `total` is of the lines asked for, `counts` of all spans of time."""

    items: list[DueItem]
    total: int
    counts: DueCounts
    processes: tuple[ProcessCount, ...]


@dataclass(frozen=True)
class HeatPlace:
    """One step of a diagram."""

    element_id: str
    cases: int  # running ones that stand here
    late: int  # of those, with an overdue task here
    incidents: int  # cases with a failure here that is not resolved
    completed: int  # tasks done here, of the latest looked at
    median_seconds: float | None  # from offered to done, of those


@dataclass(frozen=True)
class HeatView:
    definition_id: str
    cases: int  # running ones that are somewhere in this process
    late: int
    places: tuple[HeatPlace, ...]
