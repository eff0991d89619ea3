"""The audit in numbers: what was written, how long it took, where the chain stands."""

from collections import Counter as Count
from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hyperion_control.domain.chain import Record

# As many as a number in Prometheus holds exactly.
HEAD_DIGITS = 12


class Tally(Collector):
    def __init__(self, registry: CollectorRegistry) -> None:
        self._rows = Counter(
            "hyperion_control_audit_rows",
            "Records that this process wrote to the audit.",
            ("phase", "decision"),
            registry=registry,
        )
        self._seconds = Histogram(
            "hyperion_control_audit_write_seconds",
            "Time from a record's asking to be written until it is durable or given up.",
            registry=registry,
        )
        self._failures = Counter(
            "hyperion_control_audit_failures",
            "Records that could not be written, so that what they announce was not done.",
            registry=registry,
        )
        self._head: Record | None = None
        registry.register(self)

    def count(self, added: Sequence[Record]) -> None:
        for labels, times in Count((record.phase, record.decision) for record in added).items():
            self._rows.labels(*labels).inc(times)
            self._head = added[-1]

    def asked(self, seconds: float, failed: bool) -> None:
        self._seconds.observe(seconds)
        self._failures.inc(failed)

    def collect(self) -> Iterable[Metric]:
        if head := self._head:
            yield GaugeMetricFamily(
                "hyperion_control_audit_head_seq",
                "Number of the newest record that this process wrote.",
                value=head.seq,
            )
            yield GaugeMetricFamily(
                "hyperion_control_audit_head_hash",
                "First 48 bits of that record's hash as a number: a copy of the chain's head that"
                " whoever changes the database does not reach.",
                value=int(head.hash[:HEAD_DIGITS], 16),
            )
