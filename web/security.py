"""Who is asking, and whether the request is really theirs: session cookie, bearer token, CSRF, response headers.

For views:

- `current_actor()`: the `Actor`, or None. `require_actor()`: the same or 401.
- `@login_required` / `@login_required(back="pages.task")`: a page for logged-in people. Whoever lost the login while
  sending a form gets the login page with the form kept, and after login lands on `back` (else the same path)
  with `kept_fields()` holding everything typed.
- `csrf_token()`: a Jinja global; every form that changes something carries it as the field `csrf_token`, scripts send it
  as the header `X-CSRF-Token`.
- `log_in(…)`, `log_out()`, `renew_session(…)`: for the login and password pages.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast, overload
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, current_app, g, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from engine.errors import Forbidden, Unauthenticated
from engine.identity import login, sessions, tokens
from engine.registry import Actor
from forms.i18n import T
from web import keeping
from web.context import wiring

log = structlog.get_logger(__name__)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
ANONYMOUS = "zhiping_anon"

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

# Pages with an editor: bpmn-js, dmn-js and form-js place what they draw by style attributes.
EDITOR_CSP = CSP.replace("style-src 'self';", "style-src 'self'; style-src-attr 'unsafe-inline';")

View = TypeVar("View", bound=Callable[..., Any])


class LoginNeeded(Unauthenticated):
    """A page was asked for by nobody known. `next_path`: where to go after login. `kept`: sealed text of the lost form,
    to be sent along as the hidden field `kept` of the login form; None where nothing was typed."""

    def __init__(self, next_path: str, kept: str | None) -> None:
        super().__init__(
            T("登录已过期，请重新登录。您填写的内容已保留，登录后可继续。") if kept else T("请先登录。"),
            code="LOGIN_NEEDED",
        )
        self.next_path = next_path
        self.kept = kept


class FormKept(Exception):
    """The login was renewed while a form stood open: it is shown again with everything typed. Answered by a redirect."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


# --- who ---------------------------------------------------------------------------------------------------------------


def current_actor() -> Actor | None:
    """Who is asking; None for nobody. While a handed-out password must still be changed, only `password_pending()` knows them."""
    found = _session()
    if found is not None:
        return None if found.must_change else found.actor
    return cast("Actor | None", g.get("token_actor"))


def password_pending() -> Actor | None:
    """The account that is logged in but must change its password before anything else."""
    found = _session()
    return found.actor if found is not None and found.must_change else None


def require_actor() -> Actor:
    """Raises Unauthenticated, and Forbidden while a handed-out password must still be changed."""
    actor = current_actor()
    if actor is None:
        if password_pending() is not None:
            raise Forbidden(T("请先登录网页，把发给您的一次性密码改掉。"), code="PASSWORD_MUST_CHANGE")
        raise Unauthenticated(T("请先登录。"))
    return actor


@overload
def login_required(view: View) -> View: ...
@overload
def login_required(*, back: str | None = None, keep: bool = True) -> Callable[[View], View]: ...
def login_required(view: View | None = None, *, back: str | None = None, keep: bool = True) -> Any:
    """Decorates a page. `back`: endpoint (same URL parameters) that shows the form this view takes; `keep=False` where
    what was typed must not be kept (passwords)."""

    def decorate(function: View) -> View:
        @wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if current_actor() is None:
                if password_pending() is not None:
                    return redirect(url_for("session.password"), 303)
                raise LoginNeeded(_back_path(), _sealed_form() if keep else None)
            return function(*args, **kwargs)

        guarded.back = back  # type: ignore[attr-defined]
        guarded.keep = keep  # type: ignore[attr-defined]
        return cast(View, guarded)

    return decorate(view) if view is not None else decorate


# --- logging in and out ------------------------------------------------------------------------------------------------


def log_in(username: str, password: str, *, kept: str | None = None, next_path: str | None = None) -> str:
    """Log in with a fresh session and give back the path to redirect to (303).

    `kept` and `next_path` are what the login form carried. Raises Unauthenticated (wrong), TooMany (wait).
    """
    old = _cookie()
    opened = login.log_in(wiring().engine, username, password, address=address(), at=wiring().wall.now(), replaces=old)
    g.session_key = opened.key
    g.session = opened.session
    target = safe_path(next_path)
    if kept and not opened.session.must_change:
        return keeping.take_back(kept, opened.session.actor.account_id) or target
    return target


def log_out() -> None:
    found = _session()
    if found is not None:
        login.log_out(wiring().engine, found.key_hash, at=wiring().wall.now())
    g.session = None
    g.session_key = ""


def renew_session(key: str) -> None:
    """After a change of the own password: the new session's key goes into the cookie."""
    g.session_key = key
    g.pop("session", None)


def address() -> str:
    return request.remote_addr or "unknown"


def kept_fields() -> MultiDict[str, str] | None:
    """On a page reached after a lost login: everything that was typed, else None."""
    actor = current_actor()
    kept_id = request.args.get("kept")
    return keeping.fields(kept_id, actor.account_id, request.path) if actor is not None and kept_id else None


def safe_path(path: str | None) -> str:
    """A path of our own to go to after login; anything else is the first page."""
    if path and path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable():
        parts = urlsplit(path)
        if not parts.scheme and not parts.netloc:
            return path
    return "/"


# --- forged requests ---------------------------------------------------------------------------------------------------


def csrf_token() -> str:
    """The token of this session (before login: of this browser). Fresh-looking each time, so that compression leaks nothing."""
    mask = secrets.token_bytes(16)
    found = _session()
    signed = _signed_for(f"session {found.key_hash}" if found is not None else f"anonymous {_anonymous()}")
    return (mask + bytes(a ^ b for a, b in zip(mask, signed, strict=True))).hex()


def csrf_matches(sent: str | None, *, before_login: bool = False) -> bool:
    """Whether a token is this session's. `before_login` takes one this browser got while nobody was logged in, too."""
    try:
        raw = bytes.fromhex(sent or "")
    except ValueError:
        return False
    if len(raw) != 32:
        return False
    unmasked = bytes(a ^ b for a, b in zip(raw[:16], raw[16:], strict=True))
    found = _session()
    bindings = [f"session {found.key_hash}"] if found is not None else []
    if before_login or found is None:
        bindings.append(f"anonymous {_anonymous()}")
    return any(hmac.compare_digest(unmasked, _signed_for(binding)) for binding in bindings)


def _signed_for(binding: str) -> bytes:
    return wiring().keyring.sign(binding.encode("utf-8", "replace"), purpose="csrf")[:16]


def _anonymous() -> str:
    """A random mark of this browser, for forms sent before login."""
    mark = g.get("anonymous") or request.cookies.get(ANONYMOUS)
    if not mark or len(mark) > 100:
        mark = secrets.token_urlsafe(16)
        g.new_anonymous = True
    g.anonymous = mark
    return cast(str, mark)


def same_origin() -> bool:
    """What the browser itself says about where an unsafe request comes from. A client that says nothing is not a browser;
    the token decides then."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _guard() -> Response | None:
    """Before every request: read the bearer token or the session, then refuse forged changes."""
    if request.endpoint == "static":
        return None
    if _holds_nul():
        raise BadRequest
    authorization = request.headers.get("Authorization", "")
    if authorization[:7].lower() == "bearer ":
        g.session = None
        g.token_actor = tokens.actor_of(wiring().engine, authorization[7:].strip(), at=wiring().wall.now())
        if g.token_actor is None:
            raise Unauthenticated(T("访问令牌无效或已过期。"), code="TOKEN_INVALID")
        return None
    if request.method in SAFE_METHODS or request.endpoint is None:
        return None
    if not same_origin():
        raise Forbidden(T("请求来自其他网站，已拒绝。"), code="CROSS_SITE")
    view = current_app.view_functions[request.endpoint]
    if getattr(view, "no_session", False):  # answers to what the body says alone, whoever sends it
        return None
    found = _session()
    before_login = getattr(view, "anonymous_form", False)
    if found is None and not before_login:
        return None  # nobody's request: nothing to forge; the view asks for a login
    sent = request.headers.get(CSRF_HEADER) or (request.form.get(CSRF_FIELD) if _is_form() else None)
    if csrf_matches(sent, before_login=before_login):
        return None
    if found is not None and sent and _is_form() and getattr(view, "keep", False):
        again = keeping.keep(found.actor.account_id, _back_path(), request.form)
        if again:
            raise FormKept(again)
    raise Forbidden(T("页面已失效，请刷新后再试。"), code="CSRF")


def anonymous_form(view: View) -> View:
    """Marks a view that takes a form from people not logged in (the login page): it needs the browser's token."""
    view.anonymous_form = True  # type: ignore[attr-defined]
    return view


def no_session(view: View) -> View:
    """Marks a view that ignores the session and so needs no token (`POST /tokens`)."""
    view.no_session = True  # type: ignore[attr-defined]
    return view


# --- the response ------------------------------------------------------------------------------------------------------


def _finish(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CSP)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
        headers.add("Vary", "Cookie, Accept-Language")
    key = g.get("session_key")
    if key:
        _set_cookie(response, _cookie_name(), key)
    elif key == "":
        response.delete_cookie(_cookie_name(), path="/", secure=request.is_secure, httponly=True, samesite="Lax")
    if g.get("new_anonymous"):
        _set_cookie(response, ANONYMOUS, g.anonymous)
    return response


def _set_cookie(response: Response, name: str, value: str) -> None:
    response.set_cookie(name, value, path="/", secure=request.is_secure, httponly=True, samesite="Lax")


def _cookie_name() -> str:
    return "__Host-zhiping" if request.is_secure else "zhiping"


def _cookie() -> str | None:
    return request.cookies.get(_cookie_name())


def _session() -> sessions.Session | None:
    if "session" not in g:
        key = g.get("session_key") or _cookie()
        at = wiring().wall.now()
        g.session = login.live_session(wiring().engine, key, at=at) if key else None
    return cast("sessions.Session | None", g.session)


def _holds_nul() -> bool:
    """A NUL is never meant, and one of the databases refuses to compare with it."""
    given = [request.path, *request.args.keys(), *request.args.values()]
    if _is_form():
        given += [*request.form.keys(), *(value for _, value in request.form.items(multi=True))]
    return any("\x00" in text for text in given)


def _is_form() -> bool:
    return request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data")


def _back_path() -> str:
    view = current_app.view_functions.get(request.endpoint or "")
    back = getattr(view, "back", None)
    if back:
        return url_for(back, **(request.view_args or {}))
    return request.full_path.rstrip("?") if request.method in SAFE_METHODS else request.path


def _sealed_form() -> str | None:
    if request.method in SAFE_METHODS or not _is_form():
        return None
    key = _cookie()
    account_id = login.session_owner(wiring().engine, key) if key else None
    return keeping.seal(account_id, _back_path(), request.form)


def register(app: Flask) -> None:
    app.before_request(_guard)
    app.after_request(_finish)
    app.jinja_env.globals.update(csrf_token=csrf_token, current_actor=current_actor)
