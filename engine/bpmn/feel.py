"""FEEL, the one language of every slot in which a process owner may write an expression.

The interpreter is feelin 8 (the same the browser uses; it reports what it could not resolve with positions, which the older
line does not, and needs no time zone database), bundled into `js/dist/feel.js` and run inside quickjs-ng: no file, no network,
no Python. One context per thread, a time and a memory limit on every evaluation. What FEEL leaves silent and would misjudge a
person (text compared with a date, a misspelled name, a number that is none) is a `FeelError` here; see `js/strict-feelin.mjs`.
The rounds of its loops are counted, so that the host's limits strike only what is one long step: a regular expression, a sort.

Our own functions are answered by asking twice: JavaScript may not call Python while a time limit is set, so a call whose answer is not
known is noted, Python computes it, and the expression is evaluated again. `bench/feel.py` (two cores, 2026): 38 ms for a thread's
first context, 1.5–5 ms for a new expression, 0.03–0.06 ms for one seen before, 0.2 ms with one of our functions, bombs stopped in 0.25 s.
"""

from __future__ import annotations

import ctypes
import inspect
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
import quickjs

from engine.bpmn.feel_error import FeelError, judged, limit, short
from engine.clock import local
from forms.i18n import T, Text

BUNDLE: Final = Path(__file__).parent / "js" / "dist" / "feel.js"

MAX_LENGTH: Final = 10_000  # characters of one expression
MAX_NESTING: Final = 60  # brackets within brackets
SECONDS: Final = 0.2  # of processor time for one pass
MEMORY: Final = 64_000_000  # bytes of one context
MAX_CALLS: Final = 500  # of our functions in one evaluation
MAX_PASSES: Final = 60
WALL_SECONDS: Final = 0.4  # of JavaScript in one evaluation, all passes together

__all__ = ["Condition", "Feel", "FeelError", "Temporal"]

_KINDS: Final = ("date", "time", "date and time", "duration")


@dataclass(frozen=True)
class Condition:
    """How a condition came out, and what it read to get there (small JSON values by name or path, for history)."""

    value: bool
    read: Mapping[str, Any]


@dataclass(frozen=True)
class Temporal:
    """A FEEL value of one of the kinds "date", "time", "date and time", "duration", where plain ISO text would be only text."""

    kind: str
    iso: str


@dataclass(frozen=True)
class Mention:
    """A name that an expression reads. `after`: the name behind its dot (`reply` of `answer.reply`). `filtered`: it stands inside
    a filter, where it may be the items' own."""

    name: str
    after: str | None
    filtered: bool


@dataclass(frozen=True)
class Names:
    read: tuple[Mention, ...] = ()
    called: frozenset[str] = frozenset()  # functions, ours and FEEL's


_NO_NAMES: Final = Names()


class Feel:
    """Evaluates expressions. Has no state of its own and may be shared by threads; contexts are kept per thread.

    A leading `=` and a surrounding `${…}` are accepted everywhere. `variables` are JSON-like; a Python `date`, aware `datetime` or
    `Temporal` in them is FEEL's. `functions` maps a name to a callable of JSON-like arguments (temporals as ISO text); a
    callable's attribute `returns` ("date", "date and time") says that its text is to be read so. Exceptions of
    these callables come through as they are. `now` is the command's clock reading; `now()` and `today()` are Qinghai's (+08:00).
    """

    def evaluate(
        self, expression: str, variables: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]], now: datetime
    ) -> Any:
        """The JSON-like value; temporals as ISO text, null as None. A name that is not set is null. Raises FeelError."""
        return self._ask("value", expression, variables, functions, now)["value"]

    def condition(
        self, expression: str, variables: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]], now: datetime
    ) -> Condition:
        """True or false, with what was read. Raises FeelError for anything else, and for a name that is not set unless the
        expression itself compares that name with null."""
        reply = self._ask("condition", expression, variables, functions, now)
        return Condition(value=reply["value"], read=reply["read"])

    def typed(
        self, expression: str, variables: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]], now: datetime
    ) -> Any:
        """Like `evaluate`, but temporals come as `Temporal`, so that their kind is not lost on the way to a table's cells."""
        return _untangled(self._ask("typed", expression, variables, functions, now)["value"])

    def unary(
        self,
        test: str,
        value: Any,
        variables: Mapping[str, Any],
        functions: Mapping[str, Callable[..., Any]],
        now: datetime,
    ) -> bool:
        """Whether `value` passes a decision table's cell; an empty cell and `-` take anything. Raises FeelError."""
        return self.unaries([test], [value], variables, functions, now)

    def unaries(
        self,
        tests: Sequence[str],
        values: Sequence[Any],
        variables: Mapping[str, Any],
        functions: Mapping[str, Callable[..., Any]],
        now: datetime,
    ) -> bool:
        """Whether every value passes its cell: one rule of a table in one go, up to the first cell that refuses."""
        pairs = [(t, v) for t, v in zip(tests, values, strict=True) if t.strip() not in ("", "-")]
        if not pairs:
            return True
        cells = [test for test, _value in pairs]
        return bool(self._ask("cells", cells, variables, functions, now, [value for _test, value in pairs])["value"])

    def check(self, expression: str) -> Text | None:
        """What is wrong with the expression as it is written, or None. Nothing is evaluated."""
        return self._check("check", expression)

    def check_unary(self, test: str) -> Text | None:
        """The same for a decision table's input cell."""
        return None if test.strip() in ("", "-") else self._check("check-unary", test)

    def names(self, expression: str) -> Names:
        """What the expression mentions from outside of it, nothing for one that cannot be read. Nothing is evaluated."""
        return self._names("names", _source_or_nothing(expression))

    def names_unary(self, test: str) -> Names:
        """The same for a decision table's input cell."""
        return _NO_NAMES if test.strip() in ("", "-") else self._names("names-unary", test.strip())

    def keys(self, expression: str) -> tuple[str, ...]:
        """The names of a context written out (`{a: 1, b: x}`): a, b. Nothing for any other expression."""
        try:
            return tuple(_pass({"kind": "keys", "expression": _source(expression)}, expression)["value"])
        except FeelError:
            return ()

    def _names(self, kind: str, source: str) -> Names:
        try:
            found = _pass({"kind": kind, "expression": source}, source)["value"]
        except FeelError:
            return _NO_NAMES
        read = tuple(Mention(name, after, within) for name, after, within in found["read"])
        return Names(read, frozenset(found["called"]))

    def _check(self, kind: str, expression: str) -> Text | None:
        try:
            _pass({"kind": kind, "expression": _source(expression, kind == "check-unary")}, expression)
        except FeelError as error:
            return error.text
        return None

    def _ask(
        self,
        kind: str,
        expression: str | list[str],
        variables: Mapping[str, Any],
        functions: Mapping[str, Callable[..., Any]],
        now: datetime,
        values: list[Any] | None = None,
    ) -> dict[str, Any]:
        source = _source(expression) if isinstance(expression, str) else [_source(cell, True) for cell in expression]
        written = source if isinstance(source, str) else "\n".join(source)
        request: dict[str, Any] = {
            "kind": kind,
            "expression": source,
            # Parsing megabytes for one name would cost more than the expression: only what it can possibly mention goes over.
            "variables": {name: item for name, item in variables.items() if name in written},
            "now": local(now).isoformat(timespec="seconds"),
            "functions": {name: _parameters(function) for name, function in functions.items() if name in written},
            "answers": {},
        }
        if values is not None:
            request["values"] = values
        spent = 0.0
        for _ in range(MAX_PASSES):
            began = time.perf_counter()
            reply = _pass(request, expression)
            spent += time.perf_counter() - began
            if "asked" not in reply:
                return reply
            _answer(reply["asked"], functions, request["answers"], written)
            if spent > WALL_SECONDS or len(request["answers"]) > MAX_CALLS:
                break
        raise limit(written)


def _answer(
    asked: list[str], functions: Mapping[str, Callable[..., Any]], answers: dict[str, Any], expression: str
) -> None:
    """Compute the calls of one pass. Only the first is certain to be needed: what comes after it was reached with an answer
    missing, so a failure there is forgotten and the call comes again as the first if it is really needed."""
    for index, call in enumerate(asked[:MAX_CALLS]):
        name, arguments = orjson.loads(call)
        function = functions[name]
        try:
            _bind(function, arguments, name, expression)
            answers[call] = _typed(function(*arguments), getattr(function, "returns", "any"))
        except Exception:
            if index == 0:
                raise
            return


def _bind(function: Callable[..., Any], arguments: list[Any], name: str, expression: str) -> None:
    try:
        inspect.signature(getattr(function, "call", function)).bind(*arguments)
    except TypeError as error:
        raise FeelError(
            T("“{expression}”中 {name} 的参数个数不对。", expression=short(expression), name=name),
            expression=short(expression),
            reason="FUNCTION",
            read={},
        ) from error


def _typed(value: Any, returns: str) -> Any:
    return Temporal(returns, value) if isinstance(value, str) and returns in _KINDS else value


def _untangled(value: Any) -> Any:
    if isinstance(value, list):
        return [_untangled(item) for item in value]
    if isinstance(value, dict):
        if len(value) == 1 and (name := next(iter(value)))[:1] == "@" and name[1:] in _KINDS:
            return Temporal(name[1:], value[name])
        return {key: _untangled(item) for key, item in value.items()}
    return value


def _parameters(function: Callable[..., Any]) -> list[str]:
    """Parameter names, so that FEEL may also call by name and a surplus argument is noticed."""
    kinds = inspect.Parameter
    names = []
    for parameter in inspect.signature(getattr(function, "call", function)).parameters.values():
        if parameter.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD):
            names.append(parameter.name)
        elif parameter.kind is kinds.VAR_POSITIONAL:
            names.append(f"...{parameter.name}")
    return names


# the text of an expression ////////////////////////////////////////

_DOLLAR = re.compile(r"\A\$\{(.*)\}\Z", re.DOTALL)
_STRINGS = re.compile(r'"(?:\\.|[^"\\])*"')


def _source(expression: str, cell: bool = False) -> str:
    """Without `=` or `${…}` (a table cell means its `=`), and short and flat enough to be worth parsing."""
    text = expression.strip()
    if not cell and (found := _DOLLAR.match(text)):
        text = found.group(1).strip()
    if not cell and text.startswith("="):
        text = text[1:].strip()
    if len(text) > MAX_LENGTH:
        raise FeelError(
            T(
                "表达式长达 {n} 字，上限为 {limit} 字：{expression}",
                n=len(text),
                limit=MAX_LENGTH,
                expression=short(text),
            ),
            expression=short(text),
            reason="LENGTH",
        )
    depth = 0
    for sign in _STRINGS.sub("", text):
        depth += (sign in "([{") - (sign in ")]}")
        if depth > MAX_NESTING:
            raise FeelError(
                T("表达式的括号嵌套超过 {limit} 层：{expression}", limit=MAX_NESTING, expression=short(text)),
                expression=short(text),
                reason="LENGTH",
            )
    return text


def _source_or_nothing(expression: str) -> str:
    """For asking about an expression that may be no expression at all."""
    try:
        return _source(expression)
    except FeelError:
        return "null"


# the sandbox //////////////////////////////////////////////////////

# Module-wide on purpose: a context must be used and freed by the thread that made it, which holds when it dies with its thread.
_threads = threading.local()


@cache
def _bundle() -> str:
    if not BUNDLE.exists():
        raise FileNotFoundError(f"{BUNDLE} is missing: run `npm ci && npm run build`")
    return BUNDLE.read_text(encoding="utf-8")


def _interpreter() -> Callable[[str], str]:
    call: Callable[[str], str] | None = getattr(_threads, "call", None)
    if call is None:
        context = quickjs.Context()
        context.set_memory_limit(MEMORY)
        context.eval(_bundle())
        context.set_time_limit(SECONDS)
        _threads.context = context
        call = _threads.call = context.get("zhipingFeel")
    return call


def _forget() -> None:
    """Put this thread's context away: after a limit was hit nobody knows what it left behind. 20 ms to make a new one.

    It is never freed: quickjs aborts the whole process when it frees a context in which an interruption left something
    behind (seen once in some hundred). A few megabytes for each expression that the count of rounds did not stop before."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(_threads.context))
    _threads.call = None
    _threads.context = None


def _encode(value: Any) -> Any:
    if isinstance(value, Temporal):
        return {f"@{value.kind}": value.iso}
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("a datetime without a zone")
        return {"@date and time": value.isoformat()}
    if isinstance(value, date):
        return {"@date": value.isoformat()}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} is not a process value")


_OPTIONS: Final = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS


def _pass(request: dict[str, Any], expression: str | list[str], again: bool = True) -> dict[str, Any]:
    """One evaluation inside the sandbox. Raises FeelError."""
    typed = False

    def encode(value: Any) -> Any:
        nonlocal typed
        typed = typed or isinstance(value, date | Temporal)
        return _encode(value)

    try:
        text = orjson.dumps(request, default=encode, option=_OPTIONS)
        if typed:
            text = orjson.dumps({**request, "typed": True}, default=encode, option=_OPTIONS)
    except (
        orjson.JSONEncodeError
    ) as error:  # a lone surrogate, an integer of more than 64 bits, no process value at all
        raise judged(expression, {"code": "ARGUMENTS", "values": str(error)}) from error
    fresh = getattr(_threads, "call", None) is None
    call = _interpreter()
    began = time.thread_time()
    try:
        reply: dict[str, Any] = orjson.loads(call(text.decode("utf-8")))
    except (quickjs.JSException, MemoryError) as error:
        _forget()
        # Somebody else may be to blame: the time counts the whole process, with its other busy threads, and the memory
        # may have been filled by what this context evaluated before.
        ours = time.thread_time() - began >= SECONDS / 2 if "interrupted" in str(error) else fresh
        if again and not ours:
            return _pass(request, expression, again=False)
        raise limit(expression if isinstance(expression, str) else "; ".join(expression)) from error
    if "error" in reply:
        raise judged(expression, reply["error"])
    return reply
