"""Collectors that were written for prometheus_client, taken in as they are."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

from hyperion_exporter.collector import Block, Collector, Family, Labels, Samples
from hyperion_exporter.exposition import PARTS

if TYPE_CHECKING:
    # Only to name the types: importing it costs 8 MB.
    from prometheus_client import Metric
    from prometheus_client.samples import Sample

# prometheus_client's types, and what the text format calls each.
KINDS = {
    "counter": "counter",
    "gauge": "gauge",
    "gaugehistogram": "histogram",
    "histogram": "histogram",
    "info": "gauge",
    "stateset": "gauge",
    "summary": "summary",
    "unknown": "untyped",
}
# Samples with these endings are families of their own, as prometheus_client writes them too.
APART = ("_created", "_gcount", "_gsum")
# Labels that begin with two underscores are Prometheus' own.
LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")

# Name, kind, help, labels, and what it is a part of: all that makes two families one.
Key = tuple[str, str, str, Labels, str]


class Source(Protocol):
    """A collector or CollectorRegistry of prometheus_client, or whatever else gives its metrics."""

    def collect(self) -> Iterable["Metric"]: ...


class Adopted(Collector):
    """One of ours that gives what a `Source` gives. A file of collectors/ is then

        class Printers(Adopted):
            name = "printers"
            help = "Pages that the printers printed."

            def __init__(self, paths: Paths, _: NoOptions) -> None:
                from printers import PrinterCollector

                super().__init__(PrinterCollector())

    The import stands there so that only who switches it on pays for prometheus_client.
    """

    yields = True

    def __init__(self, source: Source) -> None:
        self._source = source
        # Layouts are kept while the families stay the same objects.
        self._families: dict[Key, Family] = {}

    def collect(self) -> Iterable[Block]:
        before, self._families = self._families, {}
        samples = Samples()
        for metric in self._source.collect():
            for key, rows in _parts(metric):
                family = self._families.setdefault(key, before.get(key) or Family(*key))
                for row in rows:
                    labels = (row.labels.get(label, "") for label in family.labels)
                    samples.add(family, row.value, *labels)
        return [samples]


def _parts(metric: "Metric") -> Iterator[tuple[Key, list["Sample"]]]:
    """The families that the metric is in the text format, and the samples of each."""
    if metric.type not in KINDS:
        raise ValueError(f"{metric.name} has an unknown type: {metric.type}")
    parts: dict[str, list[Sample]] = {}
    for sample in metric.samples:
        if sample.timestamp is not None:
            raise ValueError(f"{sample.name} has a time of its own")
        parts.setdefault(sample.name, []).append(sample)
    # Those apart come last: the parts of a histogram must stand together.
    for name in sorted(parts, key=lambda name: name.removeprefix(metric.name) in APART):
        # Samples of one metric need not have the same labels; an empty one is as none.
        labels = tuple(dict.fromkeys(label for row in parts[name] for label in row.labels))
        if wrong := [label for label in labels if not LABEL.fullmatch(label)]:
            raise ValueError(f"{name} has a label that cannot be: {wrong[0]!r:.40}")
        kind, part_of = _sense(metric, name, parts.keys())
        yield (name, kind, metric.documentation, labels, part_of), parts[name]


def _sense(metric: "Metric", name: str, names: Collection[str]) -> tuple[str, str]:
    """The kind of a part, and what it is a part of."""
    kind, ending = KINDS[metric.type], name.removeprefix(metric.name)
    if ending in APART:
        return "gauge", ""
    if ending in PARTS.get(kind, ()):
        return kind, metric.name
    # In OpenMetrics no family may be named like a counter's _created: as a part, though of
    # itself alone, the counter is of no kind there, and the two can stand side by side.
    return kind, name if kind == "counter" and f"{metric.name}_created" in names else ""
