"""Which language a request is answered in: the reader's own choice (cookie `lang`), else Accept-Language, else Chinese."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header, parse_cookie

from forms import i18n

COOKIE = "lang"

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def preferred(cookie_header: str | None, accept_language: str | None) -> str:
    """`zh` or `en`."""
    chosen = parse_cookie(cookie_header).get(COOKIE)
    if chosen in i18n.LANGUAGES:
        return str(chosen)
    return parse_accept_header(accept_language, LanguageAccept).best_match(i18n.LANGUAGES, default="zh") or "zh"


class Speaks:
    """WSGI middleware: the whole request, error pages included, runs in the preferred language."""

    def __init__(self, app: Wsgi) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # Our cookies are ASCII. What else a browser holds may not even be UTF-8, and werkzeug breaks on that.
        if not (cookies := environ.get("HTTP_COOKIE", "")).isascii():
            environ["HTTP_COOKIE"] = cookies.encode("ascii", "ignore").decode()
        with i18n.use(preferred(environ.get("HTTP_COOKIE"), environ.get("HTTP_ACCEPT_LANGUAGE"))):
            return self.app(environ, start_response)
