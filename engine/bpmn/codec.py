"""The state of an instance as a few hundred bytes, and back.

Only what runs on is kept: the specs are the release's, the history is the engine's own. Variables are written as the difference to the
task above. The format has a number and only this number is read: an unknown state is refused, never guessed at, and
nothing in it is ever taken for code or for a class name.
"""

from __future__ import annotations

import threading
from typing import Any, Final
from uuid import UUID

import orjson
import zstandard
from SpiffWorkflow.task import Task

from engine.bpmn.machine import Machine
from engine.bpmn.parse import Release
from engine.bpmn.values import changes
from engine.bpmn.workflow import SubWorkflow, Workflow
from engine.errors import Refused, ZhipingError
from forms.i18n import T

FORMAT: Final = 1
MAX_STATE: Final = 64_000_000  # bytes unpacked
_MAGIC: Final = b"ZP"


class _Zstd(threading.local):  # (de)compressors are not thread-safe
    def __init__(self) -> None:
        self.pack = zstandard.ZstdCompressor(level=1).compress
        self.unpack = zstandard.ZstdDecompressor().decompress


_zstd = _Zstd()


def dump(workflow: Workflow, release: Release, process_key: str) -> bytes:
    """The state in this format. The tree is made compact first. Raises `Refused` (DATA_LIMIT) for what could not be read again."""
    for scope in workflow.scopes():
        scope.compact()
    inner = [
        [key.hex, scope.spec.name, *_scope(scope)]
        for key, scope in sorted(workflow.subprocesses.items(), key=lambda item: item[1].depth)
    ]
    body = orjson.dumps([release.id, process_key, _scope(workflow), inner])
    if len(body) > MAX_STATE:
        raise Refused(T("流程的全部资料超过 {n} 字节，请存为附件。", n=MAX_STATE), code="DATA_LIMIT")
    return _MAGIC + bytes([FORMAT]) + bytes(_zstd.pack(body))


def load(release: Release, process_key: str, blob: bytes, machine: Machine) -> Workflow:
    """The instance again. Raises `ZhipingError` (STATE_UNREADABLE) for another format, release or process, or a damaged state."""
    if blob[:2] != _MAGIC or blob[2:3] != bytes([FORMAT]):
        raise _unreadable("format")
    try:
        kept_release, kept_process, top, inner = orjson.loads(_zstd.unpack(blob[3:], max_output_size=MAX_STATE))
    except (zstandard.ZstdError, ValueError) as error:
        raise _unreadable("damaged") from error
    if kept_release != release.id or kept_process != process_key or process_key not in release.specs:
        raise _unreadable("release")
    try:
        workflow = Workflow(release.specs[process_key], dict(release.specs), machine, deserializing=True)
        _restore(workflow, top)
        for key, name, *rest in inner:
            scope = SubWorkflow(release.specs[name], UUID(hex=key), workflow, deserializing=True)
            _restore(scope, rest)
            workflow.subprocesses[UUID(hex=key)] = scope
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise _unreadable("content") from error
    return workflow


def _scope(scope: Any) -> list[Any]:
    order = {key: number for number, key in enumerate(scope.tasks)}
    rows = []
    for task in scope.tasks.values():
        above = task.parent
        changed, removed = changes(above.data if above is not None else {}, task.data)
        rows.append(
            [
                task.id.hex,
                order[above.id] if above is not None else -1,
                task.task_spec.name,
                task.state,
                task.internal_data or 0,
                changed or 0,
                removed or 0,
            ]
        )
    return [rows, scope.data, int(scope.completed), int(scope.success)]


def _restore(scope: Any, kept: list[Any]) -> None:
    rows, scope.data, completed, success = kept
    scope.completed, scope.success = bool(completed), bool(success)
    made: list[Any] = []
    for key, above, name, state, internal, changed, removed in rows:
        task = Task.__new__(Task)
        task.id, task.workflow, task.task_spec = UUID(hex=key), scope, scope.spec.task_specs[name]
        task._state, task.triggered, task.thread_id, task.last_state_change = state, False, 0, 0.0
        task._parent, task._children = None, []
        task.internal_data = internal or {}
        task.data = {}
        if above >= 0:
            parent = made[above]
            task._parent = parent.id
            parent._children.append(task.id)
            task.data = dict(parent.data)
        task.data.update(changed or {})
        for name in removed or ():
            task.data.pop(name, None)
        scope.tasks[task.id] = task
        made.append(task)
    scope.task_tree, scope.last_task = made[0], None


def _unreadable(reason: str) -> ZhipingError:
    return ZhipingError(
        T("保存的流程状态无法读取（{reason}）。", reason=reason), code="STATE_UNREADABLE", reason=reason
    )
