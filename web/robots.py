"""What search engines may keep (R-103): policies, standards and procedures. Nothing else unless a page says so itself.

What may not be kept is still open to be fetched: an address that is barred in robots.txt is never read, so that the word
"noindex" on it would never be seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, current_app, request, url_for

View = TypeVar("View", bound=Callable[..., Any])

HEADER = "X-Robots-Tag"
BARRED = ("/api/", "/work", "/tasks", "/instances", "/deployments", "/accounts", "/incidents", "/start", "/me")


def indexable(view: View) -> View:
    """Marks a page that search engines may keep."""
    view.indexable = True  # type: ignore[attr-defined]
    return view


def may_index() -> bool:
    """Whether the page of this request may be kept; an error page never is."""
    return bool(getattr(current_app.view_functions.get(request.endpoint or ""), "indexable", False))


def canonical() -> str:
    """The one address of the page of this request, without what readers add to it."""
    return url_for(request.endpoint or "home.index", **(request.view_args or {}))


def register(app: Flask) -> None:
    app.after_request(_mark)
    app.add_url_rule("/robots.txt", "robots", _robots)
    app.jinja_env.globals.update(may_index=may_index, canonical=canonical)


def _mark(response: Response) -> Response:
    if request.endpoint != "static" and not (may_index() and response.status_code == 200):
        response.headers[HEADER] = "noindex, nofollow"
    return response


def _robots() -> Response:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in BARRED), ""]
    return Response("\n".join(lines), content_type="text/plain; charset=utf-8")
