"""The heartbeat of alerting: when it stops, people are told past Alertmanager."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hyperion_control.domain.alerts import WATCHDOG, Alert, Group
from hyperion_control.errors import DatabaseUnavailable
from hyperion_control.store import heartbeats
from hyperion_control.store.heartbeats import Heartbeat
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import notifications
from hyperion_control.usecases.parts import Parts

# Two beats were lost, one a minute; with the pause of the chore an alarm comes within three.
LATE = timedelta(seconds=150)
ALARM = "AlertingBroken"
SAID = {
    "summary": "Nobody is told of alerts any more.",
    "description": "Prometheus or Alertmanager is down, or cannot reach the control API: the alert"
    " Watchdog, which always fires, has not come for two and a half minutes.",
}


def watch(parts: Parts, worker: Worker) -> None:
    """A chore. What was never heard cannot stop: then there is no Prometheus yet.

    Who has just started has heard nothing so far, which says nothing of the others.
    """
    now = parts.clock()
    with parts.database.reading() as connection:
        beat = heartbeats.get(connection, WATCHDOG)
    if beat is None:
        return
    late = now - beat.seen_at > LATE
    if late and beat.alarmed_at is None and now - worker.started_at > LATE:
        _raise(parts, beat, now, None)
    elif beat.alarmed_at is not None and not late:
        _raise(parts, beat, None, now)


def _raise(parts: Parts, beat: Heartbeat, alarmed: datetime | None, ended: datetime | None) -> None:
    """Or end; whoever of two workers comes first."""
    since = alarmed or beat.alarmed_at or parts.clock()
    labels = {"alertname": ALARM, "severity": "critical"}
    runbook = f"{parts.settings.public_url}/runbooks/{WATCHDOG}"
    alert = Alert(ALARM, labels, SAID | {"runbook_url": runbook}, since, ended)
    queue = notifications.alarm(parts, Group((alert,)))
    with parts.database.writing("*", alone="alerts") as connection:
        if heartbeats.set_alarmed(connection, beat, alarmed):
            notifications.add(connection, queue)


class Age(Collector):
    """As a metric: an alert of another Prometheus, or of this one's next, may ask for it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def collect(self) -> Iterable[Metric]:
        facts = self._parts.readiness.facts()
        if facts.database or facts.migrations:
            return
        try:
            with self._parts.database.reading() as connection:
                beat = heartbeats.get(connection, WATCHDOG)
        except DatabaseUnavailable:
            return
        if beat is not None:
            age = self._parts.clock() - beat.seen_at
            yield GaugeMetricFamily(
                "hyperion_control_watchdog_age_seconds",
                "Time since Alertmanager last told that alerting works.",
                value=age.total_seconds(),
            )
