"""Whether the program lives (`/healthz`), can work (`/readyz`), and how much it does (`/metrics`)."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, g, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from engine.engine import Engine
from engine.errors import NotFound, ZhipingError
from engine.observing import Seen
from engine.queries.gauges import Counts, Gauges
from engine.queries.schema import SchemaFits
from forms.i18n import T
from processes.publicity.calendar_ahead import CalendarAhead
from web.context import engine
from web.revisions import MIGRATIONS

blueprint = Blueprint("health", __name__)

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
UNHEARD = 120.0  # seconds that due work may wait where nobody ever gave a sign of life: then nobody is there
SHARED = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's own name: the folder in which processes keep their figures
PROXIED = ("X-Forwarded-For", "X-Real-Ip", "Forwarded", "Via")
GAUGES = {
    "open_tasks": "Human tasks waiting",
    "overdue_tasks": "Human tasks past their date",
    "incidents": "Incidents not resolved",
    "due_timers": "Timers whose instant has come",
    "oldest_due_timer_seconds": "How late the oldest of them is",
    "waiting_jobs": "Background work that is due",
    "oldest_job_seconds": "How late the oldest of it is",
    "scheduled_jobs": "Background work for later",
    "failed_jobs": "Background work that was given up",
    "suspended_instances": "Cases that somebody paused",
    "background_workers": "Processes that do background work and gave a sign of life in the last two minutes",
}


class Meters:
    """One registry per application, under `app.extensions["meters"]`: what this process did. Where several processes share
    a folder (`share`), each adds to what all of them tell."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        names = ("method", "route", "status")
        self.requests = Counter("zhiping_requests_total", "Requests answered", names, registry=self.registry)
        self.seconds = Histogram(
            "zhiping_request_seconds", "Time to answer", names[:2], registry=self.registry, buckets=BUCKETS
        )
        self.commands = Histogram(
            "zhiping_command_seconds", "Time of a command", ("command",), registry=self.registry, buckets=BUCKETS
        )
        self.outcomes = Counter(
            "zhiping_commands_total", "Commands by outcome", ("command", "outcome"), registry=self.registry
        )
        self.pool = Gauge(
            "zhiping_database_connections",
            "Connections of the web processes to the database",
            ("state",),
            registry=self.registry,
            multiprocess_mode="livesum",
        )

    def command(self, seen: Seen) -> None:
        """An observer of the engine."""
        self.commands.labels(seen.command).observe(seen.seconds)
        self.outcomes.labels(seen.command, seen.outcome).inc()

    def look_at(self, one: Engine) -> None:
        for state, connections in one.store.connections().items():
            self.pool.labels(state).set(connections)

    def told(self) -> bytes:
        if SHARED not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)
        return generate_latest(together)


def share(folder: Path) -> None:
    """Before the first process is forked: all of them keep their figures in `folder`, which is emptied."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ[SHARED] = str(folder)
    values.ValueClass = values.MultiProcessValue()


def forget(pid: int) -> None:
    """A process has ended: what it was doing is nothing now; what it did stays counted."""
    if SHARED in os.environ:
        mark_process_dead(pid)


@dataclass(frozen=True, eq=False)
class _Stored:
    """What stands in the database, which is the same whichever process is asked."""

    counts: Counts

    def collect(self) -> Iterator[GaugeMetricFamily]:
        counts = self.counts
        figures = {
            "oldest_due_timer_seconds": counts.oldest_due_timer,
            "oldest_job_seconds": counts.oldest_job,
            "background_workers": counts.workers_alive,
        }
        for name, text in GAUGES.items():
            value = figures[name] if name in figures else getattr(counts, name)
            yield GaugeMetricFamily(f"zhiping_{name}", text, value=value)
        if counts.background_age is not None:
            text = "Seconds since the last sign of life of the background work"
            yield GaugeMetricFamily("zhiping_background_age_seconds", text, value=counts.background_age)
        by_code = GaugeMetricFamily("zhiping_incidents_by_code", "Incidents not resolved, by code", labels=["code"])
        for code, count in sorted(counts.incidents_by_code.items()):
            by_code.add_metric([code], count)
        yield by_code


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """The process answers; the database is not asked."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """200 `{"status": "ok", "checks": {…}}`; each check says `ok` or what is wrong. 503 only where nobody could be served:
    a calendar that is missing, or background work that stands still, is no reason to send people away from every page."""
    checks = {"database": "ok"}
    try:
        counts = engine().ask(Gauges())
    except ZhipingError as error:
        checks["database"] = error.code
    except Exception as error:  # noqa: BLE001 - a table is missing, or whatever a driver raises: not ready, and told which
        checks["database"] = type(error).__name__
    else:
        checks["schema"] = _schema()
        checks["calendars"] = _calendars()
        checks["background"] = _background(counts)
    serves = all(checks.get(name, "ok") == "ok" for name in ("database", "schema"))
    return jsonify(status="ok" if serves else "failed", checks=checks), 200 if serves else 503


@blueprint.get("/metrics")
def metrics() -> Response:
    """For Prometheus, asked directly: whoever comes through a proxy from outside is told that there is nothing here."""
    if any(name in request.headers for name in PROXIED):
        raise NotFound(T("没有这个地址，或者您无权知道它的内容。"))
    meters = _meters()
    meters.look_at(engine())
    stored = CollectorRegistry()
    stored.register(_Stored(engine().ask(Gauges())))
    return Response(meters.told() + generate_latest(stored), content_type=CONTENT_TYPE_LATEST)


def _schema() -> str:
    """Looked at until it is right; a database does not go back under a running program."""
    kept = current_app.extensions
    if not kept.get("schema"):
        kept["schema"] = engine().ask(SchemaFits(MIGRATIONS))
    return "ok" if kept["schema"] else "not at the revision of this program"


def _calendars() -> str:
    ahead = engine().ask(CalendarAhead())
    return f"no working-day calendar for {ahead.missing}" if ahead.now else "ok"


def _background(counts: Counts) -> str:
    if counts.workers_alive:
        return "ok"
    if counts.background_age is not None:
        return f"no sign of life for {int(counts.background_age)} s"
    return "ok" if counts.overdue < UNHEARD else "nobody has ever worked in the background, and something is due"


def _begin() -> None:
    g.began = time.perf_counter()


def _count(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule is not None else "none"  # never the path: it holds ids
    method = request.method if request.method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS") else "other"
    meters = _meters()
    meters.requests.labels(method, route, str(response.status_code)).inc()
    if "began" in g:
        meters.seconds.labels(method, route).observe(time.perf_counter() - g.began)
    meters.look_at(engine())
    return response


def _meters() -> Meters:
    return cast(Meters, current_app.extensions["meters"])


def register(app: Flask, one: Engine) -> None:
    meters: Any = Meters()
    app.extensions["meters"] = meters
    one.observers.append(meters.command)
    app.before_request(_begin)
    app.after_request(_count)
    app.register_blueprint(blueprint)
