"""The log: one JSON line per event on standard error, in UTC; our own lines, gunicorn's and every library's in one shape.

Never in it: what anybody typed, names, identity numbers, passwords, query strings. So of an unexpected error the frames are
kept and its message only where the kind of error says that no content is in it (`TELLING`).
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time
import traceback
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any, TextIO, cast

import structlog
from flask import Flask, g, has_request_context, request
from gunicorn.glogging import Logger as GunicornLogger
from structlog.typing import EventDict, Processor
from werkzeug.wrappers import Response

from engine.errors import ZhipingError
from engine.observing import Seen

LEVELS = ("debug", "info", "warning", "error")
SLOW = 1.0  # seconds of a command or a request, from which on its line says so
HEADER = "X-Request-Id"
QUIET = frozenset(
    {"TakeJob", "Beat", "SignOfLife", "SignOff", "LetGo"}
)  # of the background work itself: only in trouble
UNWATCHED = frozenset(
    {"/healthz", "/readyz", "/metrics", "/static/<path:filename>"}
)  # asked for all day: only in trouble

# Errors whose message names code, files or sockets, and nothing that somebody typed.
TELLING = (AttributeError, ImportError, NameError, NotImplementedError, OSError, RecursionError, TypeError)
# Who votes and who objects stands nowhere, so who looks at these pages does not either: the times would tell.
NAMELESS = frozenset({"ballot", "notice", "objecting", "openness", "public"})
_READ_OUT = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that sounds or looks like something else
_GIVEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_QUERY = re.compile(r"\?\S*")

log = structlog.get_logger("zhiping")


def set_up(level: str = "info") -> None:
    """For the whole process; called once by the commands that serve or work."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    render: list[Processor] = [tell_error, structlog.processors.JSONRenderer(ensure_ascii=False)]
    structlog.configure(
        processors=[*shared, *render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Lenient(sys.stderr))),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder(allow=[])],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, without_query, *render],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)
    logging.getLogger("gunicorn").setLevel(number)


class _Lenient:
    """Lines that cannot be written are lost, and nobody's request with them: the log may lie on the disk that is full, or
    whoever read it has gone (ValueError: closed)."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            return self._stream.write(text)
        return 0

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


class Gunicorn(GunicornLogger):
    """gunicorn's own lines go the way of all others; the access line is ours."""

    def setup(self, cfg: Any) -> None:
        self.error_log.propagate = True
        self.error_log.handlers = []
        self.access_log.handlers = []


# --- what a line may say -----------------------------------------------------------------------------------------------


def tell_error(_logger: Any, _name: str, line: EventDict) -> EventDict:
    """`exc_info` becomes `error` (the kind), `why` (where it may be told) and `traceback`: files, lines, functions."""
    error = line.pop("exc_info", None)
    if error is True:
        error = sys.exception()
    elif isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        line["error"] = type(error).__name__
        if why := _why(error):
            line["why"] = why
        line["traceback"] = "\n".join(_chain(error))
    return line


def without_query(_logger: Any, _name: str, line: EventDict) -> EventDict:
    """What is asked for may stand in an address (`?q=…`): libraries' sentences lose it."""
    line["event"] = _QUERY.sub("?…", str(line.get("event", "")))
    return line


def _chain(error: BaseException) -> list[str]:
    told: list[str] = []
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        told += [f"{type(one).__name__}{': ' + why if (why := _why(one)) else ''}", *_frames(one.__traceback__)]
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return told


def _frames(found: TracebackType | None) -> Iterable[str]:
    return [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(found)]


def _why(error: BaseException) -> str:
    if isinstance(error, ZhipingError):
        return error.code
    if state := getattr(getattr(error, "orig", error), "sqlstate", None):
        return f"SQLSTATE {state}"
    if name := getattr(getattr(error, "orig", error), "sqlite_errorname", None):
        return str(name)
    return str(error) if isinstance(error, TELLING) else ""


# --- one line per command and one per request --------------------------------------------------------------------------


def command(seen: Seen) -> None:
    """An observer of the engine (`Engine.observers`)."""
    slow = seen.seconds >= SLOW
    if seen.confidential and has_request_context():
        g.nameless = True
    failed = seen.outcome in ("BUSY", "STORAGE_FULL", "UNEXPECTED")
    if seen.command in QUIET and not slow and not failed:
        return
    told: dict[str, Any] = {"command": seen.command, "outcome": seen.outcome, "ms": round(seen.seconds * 1000, 1)}
    if seen.instance_id:
        told["instance"] = seen.instance_id
    if seen.job:
        told["job"] = seen.job
    if slow:
        told["slow"] = True
    (log.warning if slow or failed else log.info)("command", **told)


class Requests:
    """WSGI middleware, the outermost: gives every request its id and every answer the header that tells it.

    `trusted`: a proxy stands in front whose `X-Request-Id` is taken over, where it looks like one."""

    def __init__(self, app: Any, *, trusted: bool) -> None:
        self.app = app
        self.trusted = trusted

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        given = environ.get("HTTP_X_REQUEST_ID", "") if self.trusted else ""
        name = given if _GIVEN.fullmatch(given) else new_request_id()
        environ["zhiping.request_id"] = name
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=name)

        def begin(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, [*headers, (HEADER, name)], exc_info)

        answer: Iterable[bytes] = self.app(environ, begin)
        return answer


def new_request_id() -> str:
    """Ten signs in two groups, to be read out on the telephone."""
    signs = "".join(secrets.choice(_READ_OUT) for _ in range(10))
    return f"{signs[:5]}-{signs[5:]}"


def request_id() -> str:
    """Of the request that is being answered."""
    return str(request.environ.get("zhiping.request_id", ""))


def _begin() -> None:
    g.log_began = time.perf_counter()


def _access(response: Response) -> Response:
    """The access line: the route, never the path, which holds ids and numbers of certificates."""
    route = request.url_rule.rule if request.url_rule is not None else "none"
    seconds = time.perf_counter() - g.log_began if "log_began" in g else 0.0
    status, slow = response.status_code, seconds >= SLOW
    if route in UNWATCHED and status < 500 and not slow:
        return response
    told: dict[str, Any] = {
        "method": request.method if request.method.isalpha() and len(request.method) < 10 else "other",
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 1),
    }
    if request.blueprint not in NAMELESS and not g.get("nameless") and (user := _account()) is not None:
        told["user"] = user
    if slow:
        told["slow"] = True
    (log.error if status >= 500 and status not in (503, 507) else log.info)("request", **told)
    return response


def _account() -> str | None:
    """The id of the account that was found for this request, if one was; nothing is asked for it."""
    session = g.get("session")
    actor = session.actor if session is not None else g.get("token_actor")
    return actor.account_id if actor is not None else None


def register(app: Flask, *, access: bool) -> None:
    """Error pages tell the request's id; with `access` each request leaves its line."""
    app.jinja_env.globals.update(request_id=request_id)
    if access:
        app.before_request(_begin)
        app.after_request(_access)
