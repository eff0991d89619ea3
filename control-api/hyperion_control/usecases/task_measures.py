"""What is done on machines, in numbers: from the database, so each API process tells the same."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection

from hyperion_control.domain.commands import OPEN_COMMANDS
from hyperion_control.errors import DatabaseUnavailable
from hyperion_control.store import commands, task_counts
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.usecases.parts import Parts


class TaskMeasures(Collector):
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def collect(self) -> Iterable[Metric]:
        facts = self._parts.readiness.facts()
        if facts.database or facts.migrations:
            return []
        try:
            with self._parts.database.reading(EVERY_ORGANISATION) as connection:
                return self._read(connection)
        except DatabaseUnavailable:
            return []

    def _read(self, connection: Connection) -> list[Metric]:
        actions = CounterMetricFamily(
            "hyperion_control_actions",
            "Actions on machines that have ended.",
            labels=("kind", "state"),
        )
        for kind, state, count in commands.counts(connection):
            if state not in OPEN_COMMANDS:
                actions.add_metric((kind, state), count)
        open_tasks = GaugeMetricFamily(
            "hyperion_control_tasks", "Tasks that have not ended.", labels=("state",)
        )
        for state, count in task_counts.not_ended(connection).items():
            open_tasks.add_metric((state,), count)
        return [actions, open_tasks, self._age(connection), _changed(connection)]

    def _age(self, connection: Connection) -> Metric:
        now = self._parts.clock()
        since = task_counts.waiting_since(connection, now)
        return GaugeMetricFamily(
            "hyperion_control_task_wait_seconds",
            "Time for which the first task has waited for a worker; 0 when none waits.",
            value=(now - since).total_seconds() if since else 0,
        )


def _changed(connection: Connection) -> Metric:
    return GaugeMetricFamily(
        "hyperion_control_host_key_changed",
        "Machines that showed another SSH host key than the approved one; nothing is sent to them.",
        value=task_counts.changed_host_keys(connection),
    )
