"""What a person submits with a task: checked by its form, its files bound to the instance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.attachments import keeping
from engine.bpmn.feel import FeelError
from engine.commands.held import Held
from engine.commands.services import Functions
from engine.errors import Invalid, Refused
from engine.releases import feel
from engine.store.packed import unpack
from forms.errors import FormBroken, FormErrors
from forms.i18n import Text
from forms.schema import validate


def submitted(held: Held, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """The variables to keep. Without a form: what was sent. Raises Invalid, and Refused (FORM_BROKEN, FORM_MISSING)."""
    if held.row.form_key is None:
        return variables
    definition = held.case.release.form(held.row.form_key)
    step = held.case.step
    functions = Functions(step.engine.registry, step.connection, step.now)
    files: list[str] = []

    def evaluate(expression: str, context: Mapping[str, Any]) -> Any:
        return feel.evaluate(expression, context, functions, step.now)

    def usable(ids: list[str]) -> Mapping[str, Text | None]:
        files.extend(ids)
        return keeping.usable(step.connection, ids, instance_id=held.case.id, actor=held.actor)

    data = unpack(held.row.data)
    try:
        kept = validate(definition, variables, context=data, feel=evaluate, attachments=usable)
    except FormErrors as errors:
        raise Invalid(errors.errors) from errors
    except FormBroken as broken:
        raise Refused(broken.text, code="FORM_BROKEN") from broken
    except FeelError as error:
        raise Refused(error.text, code=error.code) from error
    if files:
        keeping.link(
            step.connection,
            files,
            instance_id=held.case.id,
            task_id=held.row.id,
            actor=held.actor,
            now=step.now,
        )
    # A field that was hidden leaves no older value behind.
    hidden = {key: None for key in definition.keys if key not in kept and key in data}
    return {**hidden, **kept}
