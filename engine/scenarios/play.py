"""One scenario, played from its preparation to its last expectation on a database of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from engine.errors import BpmnError, Invalid, Problem, ZhipingError
from engine.scenarios.coverage import Flow, walked
from engine.scenarios.doing import NO_SUCH_TASK, do, expect_at_last
from engine.scenarios.expecting import Differs, Place, describe, standing
from engine.scenarios.sandbox import SECONDS, OutOfTime, Workshop
from engine.scenarios.scene import Scene
from engine.scenarios.script import Scenario, Step
from forms.i18n import T, Text

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What became of one scenario. Where it failed: the line, the element if the step has one, and a sentence."""

    file: str
    process: str
    name: str
    line: int
    seconds: float  # by the wall
    text: Text | None = None  # None: passed
    element: str | None = None
    walked: frozenset[Flow] = field(default=frozenset(), repr=False)
    standing: frozenset[Place] = field(default=frozenset(), repr=False)  # where tokens stood when it failed

    @property
    def passed(self) -> bool:
        return self.text is None

    def problem(self, severity: str) -> Problem:
        assert self.text is not None
        text = T("场景“{name}”没有通过：{why}", name=self.name, why=self.text)
        return Problem(self.file, self.line, self.element, "TEST_FAILED", text, severity)


class _Failed(Exception):
    def __init__(self, step: Step, text: Text) -> None:
        super().__init__(str(text))
        self.step = step
        self.text = text


def play(workshop: Workshop, scenario: Scenario) -> Outcome:
    """Never raises for what the scenario or its diagram does wrong: that is the outcome."""
    began = time.monotonic()
    failed: _Failed | None = None
    flows: frozenset[Flow] = frozenset()
    stood: frozenset[Place] = frozenset()
    try:
        with workshop.sandbox(scenario.calls, scenario.at) as engine:
            scene = Scene(engine, workshop.scenes.people, scenario.process)
            try:
                _perform(scene, scenario)
            except _Failed as error:
                failed = error
                stood = standing(scene)
            flows = walked(engine)
    except ZhipingError as error:  # the sandbox itself could not be made
        failed = _Failed(_named("start", scenario.line), error.text)
    except OutOfTime:
        failed = _Failed(_named("start", scenario.line), _out_of_time())
    return Outcome(
        file=scenario.file,
        process=scenario.process,
        name=scenario.name,
        line=failed.step.line if failed else scenario.line,
        seconds=time.monotonic() - began,
        text=failed.text if failed else None,
        element=_element(failed.step) if failed else None,
        walked=flows,
        standing=stood,
    )


def not_played(scenario: Scenario, seconds: float) -> Outcome:
    """A scenario for which no time was left."""
    text = T("全部测试用时超过 {n} 秒，这个场景没有执行。", n=int(seconds))
    return Outcome(scenario.file, scenario.process, scenario.name, scenario.line, 0.0, text)


def _perform(scene: Scene, scenario: Scenario) -> None:
    start = (scenario.start,) if scenario.start is not None else ()
    for step in (*scenario.given, *start, *scenario.steps):
        _attempt(scene, step, do)
    _attempt(scene, scenario.expect, expect_at_last)


def _attempt(scene: Scene, step: Step, work: Callable[[Scene, Step], None]) -> None:
    """One step; a refusal that the scenario names is what it wants."""
    wanted = step.given.get("refused") if isinstance(step.given, Mapping) else None
    try:
        work(scene, step)
    except OutOfTime:
        raise _Failed(step, _out_of_time()) from None
    except Differs as error:
        raise _Failed(step, error.text) from error
    except ZhipingError as error:
        if wanted is None:
            raise _Failed(step, _refused(scene, step, error)) from error
        if error.code != wanted:
            text = T("{step}应被拒绝（{wanted}），实际是：{why}", step=_words(step), wanted=wanted, why=_why(error))
            raise _Failed(step, text) from error
        return
    except BpmnError as error:
        raise _Failed(step, _refused(scene, step, error)) from error
    except Exception as error:
        # A diagram or an act under test may do anything wrong; that is this scenario's failure and nobody else's.
        log.warning("scenario step failed", step=step.name, line=step.line, error=repr(error))
        raise _Failed(step, T("{step}出错（{error}）。", step=_words(step), error=type(error).__name__)) from error
    if wanted is not None:
        raise _Failed(step, T("{step}应被拒绝（{wanted}），实际办成了。", step=_words(step), wanted=wanted))


# -- words --------------------------------------------------------------------------------------------------------------


def _words(step: Step) -> Text:
    if step.kind == "task":
        return T("{who}办理“{element}”", who=step.given["by"], element=step.given["element"])
    if step.kind == "start":
        return T("发起流程")
    return T("第 {line} 行“{name}”", line=step.line, name=step.name)


def _refused(scene: Scene, step: Step, error: ZhipingError | BpmnError) -> Text:
    """Why a step was not done, and where the case stands instead."""
    if error.code == NO_SUCH_TASK:
        return T("{why}{where}", why=error.text, where=describe(scene))
    return T("{step}被拒绝：{why} {where}", step=_words(step), why=_why(error), where=describe(scene))


def _why(error: ZhipingError | BpmnError) -> Text:
    if isinstance(error, Invalid):
        fields = [f"{name}：{'；'.join(str(each) for each in said)}" for name, said in sorted(error.errors.items())]
        return T("{code} 表单内容不对（{fields}）", code=error.code, fields=fields)
    return T("{code} {text}", code=error.code, text=error.text)


def _out_of_time() -> Text:
    return T("用时超过 {n} 秒，已停下。", n=int(SECONDS))


def _named(kind: str, line: int) -> Step:
    return Step(kind, kind, {}, line)


def _element(step: Step) -> str | None:
    return step.given.get("element") if isinstance(step.given, Mapping) else None
