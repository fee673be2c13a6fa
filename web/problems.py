"""Every error becomes an answer here and nowhere else: `application/problem+json` for programs, a page for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from flask import Flask, Response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from engine import errors
from engine.clock import local
from engine.store import space
from forms.i18n import T, Text
from web import logs, security

log = structlog.get_logger(__name__)

STATUS: tuple[tuple[type[errors.ZhipingError], int], ...] = (
    (errors.NotFound, 404),
    (errors.Forbidden, 403),
    (errors.Unauthenticated, 401),
    (errors.Conflict, 409),
    (errors.Full, 507),
    (errors.Busy, 503),
    (errors.TooMany, 429),
    (errors.ZhipingError, 422),
)

TITLES: dict[int, Text] = {
    400: T("请求无法读懂"),
    401: T("需要登录"),
    403: T("没有权限"),
    404: T("没有找到"),
    405: T("不支持这种请求方法"),
    406: T("没有所要的格式"),
    409: T("内容已被他人更改"),
    413: T("内容太大"),
    415: T("不支持这种内容类型"),
    422: T("内容需要更正"),
    429: T("请求过于频繁"),
    500: T("系统出错"),
    503: T("系统正忙"),
    507: T("磁盘已满，暂时不能保存"),
}

DETAILS: dict[int, Text] = {
    400: T("请求的格式不正确，请检查后再发。"),
    404: T("没有这个地址，或者您无权知道它的内容。"),
    405: T("这个地址不接受 {method} 请求。"),
    413: T("发送的内容超过了大小限制。"),
    415: T("请用 application/json 发送。"),
    500: T("系统出了意外的错误，已经记录。请稍后再试。"),
    503: T("系统正忙，请稍后再试。"),
}


RETRY_AFTER = {503: 2, 507: 60}  # seconds


def status_of(error: errors.ZhipingError) -> int:
    return next(status for kind, status in STATUS if isinstance(error, kind))


def problem(error: errors.ZhipingError) -> dict[str, Any]:
    """The body of an answer to one of our own errors, in the language of the request."""
    status = status_of(error)
    body: dict[str, Any] = {
        "title": str(TITLES[status]),
        "status": status,
        "code": error.code,
        "detail": str(error.text),
    }
    if isinstance(error, errors.Invalid):
        body["errors"] = {path: [str(s) for s in sentences] for path, sentences in error.errors.items()}
    elif isinstance(error, errors.DeploymentRefused):
        body["problems"] = [lint(found) for found in error.problems]
    elif isinstance(error, errors.Conflict):
        at = error.facts.get("at")
        body["changedBy"] = error.facts.get("by")
        body["changedAt"] = local(at).isoformat() if at is not None else None
    elif isinstance(error, errors.TooMany):
        body["retryAfter"] = error.facts.get("retry_after")
    return body


def lint(found: errors.Problem) -> dict[str, Any]:
    """One finding of the lint as the contract shapes it."""
    return {
        "file": found.file,
        "line": found.line,
        "element": found.element,
        "code": found.code,
        "severity": found.severity,
        "message": str(found.text),
        "remedy": str(found.remedy),
    }


def for_programs() -> bool:
    """Whether this request wants JSON: everything under /api/, and scripts of our pages that ask for it."""
    if request.path.startswith("/api/") or request.path in ("/healthz", "/readyz", "/metrics"):
        return True
    accepts = request.accept_mimetypes
    return accepts.best_match(["text/html", "application/problem+json", "application/json"], "text/html") != "text/html"


def answer(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """`body` as problem+json, or as the page `error.html` with `title`, `detail`, `status`, `code`, `problem`."""
    status = int(body["status"])
    if for_programs():
        response = Response(orjson.dumps(body, default=str), status, content_type="application/problem+json")
    else:
        page = render_template(
            "error.html", problem=body, **{k: body[k] for k in ("title", "detail", "status", "code")}
        )
        response = Response(page, status, content_type="text/html; charset=utf-8")
    response.headers.extend(headers or {})
    return response


def _ours(error: errors.ZhipingError) -> Response:
    headers: dict[str, str] = {}
    status = status_of(error)
    if wait := error.facts.get("retry_after") or RETRY_AFTER.get(status):
        headers["Retry-After"] = str(wait)
    elif status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return answer(problem(error), headers)


def _login(error: security.LoginNeeded) -> Response | BaseResponse:
    """A script gets 401; a person the login page: by redirect, or at once (with the form inside) where something was typed."""
    if for_programs():
        return _ours(error)
    if error.kept is None:
        return redirect(url_for("session.login", next=error.next_path), 303)
    page = render_template("login.html", kept=error.kept, next=error.next_path, problem=None)
    return Response(page, 401, content_type="text/html; charset=utf-8")


def _kept(error: security.FormKept) -> BaseResponse:
    return redirect(error.location, 303)


def _http(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400 or error.response is not None:
        return error
    # webargs reports what a schema found under `data["messages"]`: {place: {field: [sentences]}}
    messages = getattr(error, "data", {}).get("messages") if status == 422 else None
    title = TITLES.get(status) or T(HTTPStatus(status).phrase)
    detail = DETAILS.get(status)
    body: dict[str, Any] = {
        "title": str(title),
        "status": status,
        "code": HTTPStatus(status).name,
        "detail": str(Text(detail.message, method=request.method) if status == 405 and detail else detail or title),
    }
    if messages:
        body |= {"code": "INVALID", "detail": str(T("有内容需要更正，请看各项旁的说明。"))}
        body["errors"] = flatten(next(iter(messages.values())) if len(messages) == 1 else messages)
    headers = {}
    if status == 405 and getattr(error, "valid_methods", None):
        headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    return answer(body, headers)


def flatten(messages: Any, path: str = "") -> dict[str, list[str]]:
    """marshmallow's nested messages as {dotted path: sentences}; messages about the whole stand under `_schema`."""
    if isinstance(messages, Mapping):
        found: dict[str, list[str]] = {}
        for key, value in messages.items():
            here = path if key == "_schema" and path else f"{path}.{key}" if path else str(key)
            for inner, sentences in flatten(value, here).items():
                found.setdefault(inner, []).extend(sentences)
        return found
    if isinstance(messages, Sequence) and not isinstance(messages, str):
        return {path or "_schema": [str(sentence) for sentence in messages]}
    return {path or "_schema": [str(messages)]}


def _unexpected(error: Exception) -> Response:
    """Nothing a caller sends may lead here; what does is our mistake. The reference finds it in the log."""
    if isinstance(error, OSError) and space.is_full(error):
        return _ours(space.full())  # a large request waits in a temporary file, which has no room either
    reference = logs.request_id()
    route = request.url_rule.rule if request.url_rule is not None else "none"
    log.exception("unexpected error", route=route, method=request.method)
    body = {
        "title": str(TITLES[500]),
        "status": 500,
        "code": "UNEXPECTED",
        "detail": str(DETAILS[500]),
        "reference": reference,
    }
    return answer(body)


def register(app: Flask) -> None:
    app.register_error_handler(security.LoginNeeded, _login)
    app.register_error_handler(security.FormKept, _kept)
    app.register_error_handler(errors.ZhipingError, _ours)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)
