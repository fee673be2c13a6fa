"""The Flask application: one factory, nothing global."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

import orjson
from flask import Flask
from flask.json.provider import JSONProvider
from werkzeug.middleware.proxy_fix import ProxyFix

from engine.clock import Clock, SystemClock
from engine.identity.crypto import Keyring
from engine.store import patience
from forms import i18n
from web import api, health, logs, pages, problems, robots, security
from web.context import Wiring
from web.language import Speaks

if TYPE_CHECKING:
    from engine.engine import Engine


BODY_LIMIT = 24 * 1024 * 1024  # one attachment of 20 MB and its envelope
FORM_MEMORY_LIMIT = 4 * 1024 * 1024  # fields of a form; files are spooled to disk


class Json(JSONProvider):
    """orjson: quick, UTF-8 as it is, and strict about what it reads."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return orjson.dumps(obj, option=orjson.OPT_NON_STR_KEYS).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return orjson.loads(s)


def create_app(engine: Engine, *, wall: Clock | None = None, logged: bool = False) -> Flask:
    """An application around `engine`. `wall` replaces the real clock of sessions and tokens (tests only); with `logged`
    each request and each command leaves a line in the log."""
    settings = engine.settings
    app = Flask("web", root_path=str(resources.files("web")))
    app.json = Json(app)
    app.config.update(
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        MAX_FORM_MEMORY_SIZE=FORM_MEMORY_LIMIT,
        MAX_FORM_PARTS=5_000,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.extensions["zhiping"] = Wiring(engine, Keyring(settings.secret_key), wall or SystemClock())
    app.before_request(patience.request)
    app.teardown_request(lambda _error: patience.no_request())
    app.jinja_env.globals.update(_=i18n.gettext, gettext=i18n.gettext, language=i18n.language)

    logs.register(app, access=logged)
    if logged:
        engine.observers.append(logs.command)
    problems.register(app)
    security.register(app)
    health.register(app, engine)
    api.register(app)
    pages.register(app)
    robots.register(app)

    app.wsgi_app = Speaks(app.wsgi_app)  # type: ignore[method-assign]
    proxies = settings.trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    app.wsgi_app = logs.Requests(app.wsgi_app, trusted=proxies > 0)  # type: ignore[method-assign]
    return app
