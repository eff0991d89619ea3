"""The control API's own metrics, in the text form that Prometheus reads."""

import platform
import time
from collections.abc import Iterable

from flask import Flask, Response, current_app, g, request
from flask_openapi3 import APIBlueprint
from prometheus_client import (
    Counter,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from hyperion_control import __version__
from hyperion_control.border.context import open_to_all, parts
from hyperion_control.usecases import watchdog
from hyperion_control.usecases.agent_measures import AgentMeasures
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.readiness import Readiness
from hyperion_control.usecases.task_measures import TaskMeasures

bp = APIBlueprint("metrics", __name__)

SECONDS = "hyperion_seconds"
REPEATED = "hyperion_repeated"
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


@bp.get("/metrics")
@open_to_all
def metrics() -> Response:
    """Give the metrics of the control API to Prometheus."""
    return Response(generate_latest(parts().registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def measure(app: Flask) -> None:
    """Counts and times every request."""
    app.before_request(_begin)
    app.after_request(_end)


def tell(app: Flask, parts: Parts) -> None:
    """Of the requests, the process and the database."""
    build = Info("hyperion_control_build", "Version of the control API.", registry=parts.registry)
    build.info({"version": __version__, "python": platform.python_version()})
    ProcessCollector(registry=parts.registry)
    parts.registry.register(_State(parts.readiness))
    parts.registry.register(watchdog.Age(parts))
    parts.registry.register(TaskMeasures(parts))
    parts.registry.register(AgentMeasures(parts))
    app.extensions[SECONDS] = Histogram(
        "hyperion_control_http_request_duration_seconds",
        "Time from the request to its answer; its count is the number of requests.",
        ("method", "route", "status"),
        registry=parts.registry,
    )
    app.extensions[REPEATED] = Counter(
        "hyperion_control_repeated_answers",
        "Answers that were given again, because nothing was written since.",
        registry=parts.registry,
    )


def _begin() -> None:
    g.begun = time.perf_counter()


def _end(response: Response) -> Response:
    # Never what the client made up: each new label value is a series that stays.
    method = request.method if request.method in METHODS else "other"
    route = request.url_rule.rule if request.url_rule else "none"
    took = time.perf_counter() - g.begun
    count(current_app, method, route, response.status_code, took)
    return response


def count(app: Flask, method: str, route: str, status: int, took: float) -> None:
    seconds: Histogram = app.extensions[SECONDS]
    seconds.labels(method, route, str(status)).observe(took)


def count_repeated(app: Flask, route: str) -> None:
    """The server gave an answer again: faster than the first bucket."""
    app.extensions[REPEATED].inc()
    count(app, "GET", route, 200, 0.0)


class _State(Collector):
    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    def collect(self) -> Iterable[Metric]:
        facts = self._readiness.facts()
        yield GaugeMetricFamily(
            "hyperion_control_database_up",
            "Whether the database answers and takes writes.",
            value=not facts.database,
        )
        if not facts.database:
            yield GaugeMetricFamily(
                "hyperion_control_worker_seen_seconds",
                "Time since any worker was last seen; infinite when none ever was.",
                value=self._readiness.worker_age(facts),
            )
