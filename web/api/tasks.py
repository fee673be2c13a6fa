"""Human tasks: find, read, take, finish."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields

from engine import filters
from engine.commands.assign_task import AssignTask
from engine.commands.claim_task import ClaimTask
from engine.commands.complete_task import CompleteTask
from engine.commands.delegate_task import DelegateTask
from engine.commands.save_draft import SaveDraft
from engine.commands.unclaim_task import UnclaimTask
from engine.errors import Invalid
from engine.queries.filter_choices import FilterChoices
from engine.queries.reading import Page
from engine.queries.task_view import TaskForm, TaskView
from engine.queries.views import TaskFormView, TaskItem
from engine.queries.work_list import WorkList
from forms.i18n import T
from web import security
from web.api.base import (
    Blueprint,
    Instant,
    Length,
    Names,
    Paging,
    Schema,
    Sentence,
    once,
    page_of,
    plain,
    sorting,
    text,
    whole,
)
from web.context import engine

blueprint = Blueprint("tasks", "Human tasks")


class TaskSchema(Schema):
    id = fields.String()
    element_id = fields.String()
    name = fields.String()
    form_key = fields.String()
    process_instance_id = fields.String()
    business_key = fields.String()
    definition_key = fields.String()
    process_name = fields.String()
    lane = fields.String()
    scope = fields.String()
    candidate_groups = fields.List(fields.String())
    candidate_users = fields.List(fields.String())
    assignee = fields.String()
    assignee_name = fields.String()
    state = fields.String()
    created_at = Instant()
    due_at = Instant()
    follow_up_at = Instant()
    overdue = fields.Boolean()
    suspended = fields.Boolean()
    may_act = fields.Boolean()
    revision = fields.Integer()


class TaskDetailSchema(TaskSchema):
    hint = fields.String()
    data = fields.Raw()
    owner = fields.String()
    assigned_at = Instant()
    completed_by = fields.String()
    closed_at = Instant()
    may = Names()
    barred = Sentence()


class VariableIs(fields.Field):
    """`name:value` of a variable of the case."""

    default_error_messages = {"invalid": "not name:value"}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[str, str]:
        name, colon, text = str(value).partition(":")
        if not (name.strip() and colon and text.strip()):
            raise ValidationError([T("要写成“变量名:值”，例如 unit_code:u01。")])
        return name.strip(), text.strip()


class TaskQuery(Paging):
    mine = fields.Boolean(load_default=False)
    process_instance_id = text(load_default=None)
    definition_key = text(load_default=None)
    element_id = text(load_default=None)
    assignee = text(load_default=None)
    candidate_group = text(load_default=None)
    overdue = fields.Boolean(load_default=False)
    due_before = Instant(load_default=None)
    process_variable = fields.List(VariableIs(), load_default=list, validate=Length(max=filters.MOST))
    q = text(load_default=None)
    sort_by, sort_order = sorting("due_at", "created_at", "name", default="due_at").values()


class TaskFormSchema(Schema):
    task_id = fields.String()
    revision = fields.Integer()
    schema = fields.Raw()
    data = fields.Raw()
    draft = fields.Raw()
    draft_saved_at = Instant()


class RevisionSchema(Schema):
    revision = whole(0, 2**31 - 1, load_default=None, allow_none=True)


class AssigneeSchema(RevisionSchema):
    assignee = text(64, shortest=1, required=True)


class CompleteSchema(RevisionSchema):
    variables = fields.Dict(keys=fields.String(), load_default=dict)


class DraftSchema(Schema):
    variables = fields.Dict(keys=fields.String(), required=True)


class SavedSchema(Schema):
    saved_at = Instant()


class AfterInstanceSchema(Schema):
    id = fields.String()
    state = fields.String()
    revision = fields.Integer()


class NextTaskSchema(Schema):
    id = fields.String()
    element_id = fields.String()


class AfterSchema(Schema):
    instance = fields.Nested(AfterInstanceSchema)
    next_tasks = fields.List(fields.Nested(NextTaskSchema))


@blueprint.route("/tasks")
@blueprint.arguments(TaskQuery, location="query")
@blueprint.response(200, page_of(TaskSchema))
def listed(query: dict[str, Any]) -> Page[TaskItem]:
    """Open tasks the caller may see, what is due first by default. `processVariable=name:value`, as often as needed: a variable
    that the process names for it (property `filters`); another is 422."""
    if query["process_variable"]:
        known = engine().ask(FilterChoices())
        strange = sorted({name for name, _ in query["process_variable"]} - known.keys())
        if strange:
            text = T("不能按“{names}”筛选。可以用的有：{known}。", names=strange, known=list(known))
            raise Invalid({"processVariable": [text]})
    return engine().ask(WorkList(actor=security.require_actor(), **query))


@blueprint.route("/tasks/<task_id>")
@blueprint.response(200, TaskDetailSchema)
def one(task_id: str) -> dict[str, Any]:
    """One task, with what the caller may do to it."""
    found = engine().ask(TaskView(actor=security.require_actor(), task_id=task_id))
    return plain(found.task) | {k: v for k, v in plain(found).items() if k not in ("task", "instance")}


@blueprint.route("/tasks/<task_id>/form")
@blueprint.response(200, TaskFormSchema)
def form(task_id: str) -> TaskFormView:
    """The form's JSON and what to fill it with; `schema` is null for a task without form."""
    return engine().ask(TaskForm(actor=security.require_actor(), task_id=task_id))


@blueprint.route("/tasks/<task_id>/draft", methods=["PUT"])
@blueprint.arguments(DraftSchema)
@blueprint.response(200, SavedSchema)
def draft(body: dict[str, Any], task_id: str) -> Any:
    """Keep what was typed so far; only the caller reads it."""
    return engine().run(SaveDraft(task_id=task_id, actor=security.require_actor(), data=body["variables"]))


@blueprint.route("/tasks/<task_id>/claim", methods=["POST"])
@blueprint.arguments(RevisionSchema, required=False)
@blueprint.response(200, AfterSchema)
def claim(body: dict[str, Any], task_id: str) -> Any:
    """Take it for oneself."""
    return engine().run(ClaimTask(task_id=task_id, actor=security.require_actor(), **body), once())


@blueprint.route("/tasks/<task_id>/unclaim", methods=["POST"])
@blueprint.arguments(RevisionSchema, required=False)
@blueprint.response(200, AfterSchema)
def unclaim(body: dict[str, Any], task_id: str) -> Any:
    """Give it back to its candidates."""
    return engine().run(UnclaimTask(task_id=task_id, actor=security.require_actor(), **body), once())


@blueprint.route("/tasks/<task_id>/assign", methods=["POST"])
@blueprint.arguments(AssigneeSchema)
@blueprint.response(200, AfterSchema)
def assign(body: dict[str, Any], task_id: str) -> Any:
    """Hand it to a person."""
    return engine().run(AssignTask(task_id=task_id, actor=security.require_actor(), **body), once())


@blueprint.route("/tasks/<task_id>/delegate", methods=["POST"])
@blueprint.arguments(AssigneeSchema)
@blueprint.response(200, AfterSchema)
def delegate(body: dict[str, Any], task_id: str) -> Any:
    """Let somebody else do it and stay its owner."""
    return engine().run(DelegateTask(task_id=task_id, actor=security.require_actor(), **body), once())


@blueprint.route("/tasks/<task_id>/complete", methods=["POST"])
@blueprint.arguments(CompleteSchema, required=False)
@blueprint.response(200, AfterSchema)
def complete(body: dict[str, Any], task_id: str) -> Any:
    """Finish it. Needs no claim; 409 says who was first and when."""
    return engine().run(CompleteTask(task_id=task_id, actor=security.require_actor(), **body), once())
