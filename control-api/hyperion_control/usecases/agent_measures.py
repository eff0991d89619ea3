"""Agents in numbers: from the database, so each API process tells the same."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hyperion_control.domain.machine_states import OFFLINE_AFTER
from hyperion_control.errors import DatabaseUnavailable, Unavailable
from hyperion_control.store import agents
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.usecases import handout
from hyperion_control.usecases.parts import Parts

# A copied secret is an alarm for so long, or until its agent is ended or enrolled anew.
FOREIGN_FOR = timedelta(days=1)


class AgentMeasures(Collector):
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def collect(self) -> Iterable[Metric]:
        facts = self._parts.readiness.facts()
        if facts.database or facts.migrations:
            return []
        now = self._parts.clock()
        try:
            with self._parts.database.reading(EVERY_ORGANISATION) as connection:
                living, seen = agents.count(connection, now - OFFLINE_AFTER)
                foreign = agents.count_foreign(connection, now - FOREIGN_FOR)
        except DatabaseUnavailable:
            return []
        told = GaugeMetricFamily(
            "hyperion_control_agents",
            "Agents that are enrolled, by whether they call.",
            labels=["state"],
        )
        told.add_metric(["seen"], seen)
        told.add_metric(["away"], living - seen)
        families = [
            told,
            GaugeMetricFamily(
                "hyperion_control_agents_foreign",
                "Agents whose secret another machine came with within a day: it was copied.",
                value=foreign,
            ),
        ]
        with suppress(Unavailable):  # where nothing is on offer, nothing is old
            families.append(self._old())
        return families

    def _old(self) -> GaugeMetricFamily:
        release = handout.release()
        with self._parts.database.reading(EVERY_ORGANISATION) as connection:
            old = agents.count_old(connection, release)
        said = "Agents of another version than the one that is on offer here."
        return GaugeMetricFamily("hyperion_control_agents_old", said, value=old)
