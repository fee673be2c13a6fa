"""Whether the program lives (`/healthz`), can work (`/readyz`), and how much it does (`/metrics`)."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import cast

from flask import Blueprint, Flask, Response, current_app, g, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from engine.queries.gauges import Gauges
from web.context import engine

blueprint = Blueprint("health", __name__)

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
GAUGES = {
    "open_tasks": "Human tasks waiting",
    "overdue_tasks": "Human tasks past their date",
    "incidents": "Incidents not resolved",
    "due_timers": "Timers whose instant has come",
    "waiting_jobs": "Background work that is due",
}


class Meters:
    """One registry per application, under `app.extensions["meters"]`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        names = ("method", "route", "status")
        self.requests = Counter("zhiping_requests_total", "Requests answered", names, registry=self.registry)
        self.seconds = Histogram(
            "zhiping_request_seconds", "Time to answer", names[:2], registry=self.registry, buckets=BUCKETS
        )
        self.gauges = {name: Gauge(f"zhiping_{name}", text, registry=self.registry) for name, text in GAUGES.items()}


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """The process answers; the database is not asked."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """The database answers and has our tables; else 503 (or 500, where the tables are missing)."""
    engine().ask(Gauges())
    return jsonify(status="ok")


@blueprint.get("/metrics")
def metrics() -> Response:
    """For Prometheus: requests of this process, and what stands in the database."""
    meters = _meters()
    for name, value in asdict(engine().ask(Gauges())).items():
        meters.gauges[name].set(value)
    return Response(generate_latest(meters.registry), content_type=CONTENT_TYPE_LATEST)


def _begin() -> None:
    g.began = time.perf_counter()


def _count(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule is not None else "none"  # never the path: it holds ids
    method = request.method if request.method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS") else "other"
    meters = _meters()
    meters.requests.labels(method, route, str(response.status_code)).inc()
    if "began" in g:
        meters.seconds.labels(method, route).observe(time.perf_counter() - g.began)
    return response


def _meters() -> Meters:
    return cast(Meters, current_app.extensions["meters"])


def register(app: Flask) -> None:
    app.extensions["meters"] = Meters()
    app.before_request(_begin)
    app.after_request(_count)
    app.register_blueprint(blueprint)
