"""A collector's samples as objects of prometheus_client: the slow way, to hold the fast one to."""

from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector as Source
from prometheus_client.samples import Sample

from hyperion_exporter.adopted import Adopted
from hyperion_exporter.collector import Block, Family
from hyperion_exporter.page import TEXT, Page, joined

# Name, kind, help and samples, each with its labels and value; NaN is here equal to itself.
Said = dict[str, tuple[str, str, list[str]]]


class Objects(Source):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


class Taken(Adopted):
    name = "taken"
    help = "What it is given as objects."


def metrics(blocks: Iterable[Block]) -> list[Metric]:
    """The same samples; of two that share name and labels the first."""
    found: dict[str, Metric] = {}
    seen: set[tuple[str, str]] = set()
    for block in blocks:
        for (family, labels), value in zip(block.cells(), block.values(), strict=True):
            metric = found.setdefault(family.part_of or family.name, _metric(family))
            named = dict(zip(family.labels, map(_clean, labels), strict=True))
            if (family.name, str(named)) not in seen:
                seen.add((family.name, str(named)))
                metric.add_sample(family.name, named, float(value))
    return list(found.values())


def _metric(family: Family) -> Metric:
    name = family.part_of or family.name
    if family.kind == "counter":
        # Its objects are named without the ending, and it puts it on.
        name = name.removesuffix("_total")
    return Metric(name, family.help, family.kind)


def _clean(label: str) -> str:
    return label.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def text(blocks: Sequence[Block]) -> str:
    """By way of the template, as the exporter does."""
    values = [value for block in blocks for value in block.values()]
    return joined(Page(100_000).layout("both", blocks).fill(values, TEXT)).decode()


def differing(page: str, blocks: Sequence[Block]) -> list[str]:
    """Families of the page that come in another way from objects, theirs or those we took in."""
    objects = Objects(metrics(blocks))
    registry = CollectorRegistry()
    registry.register(objects)
    ours = said(page)
    theirs = said(generate_latest(registry).decode())
    taken = said(text(list(Taken(objects).collect())))
    names = ours.keys() | theirs.keys() | taken.keys()
    return sorted(n for n in names if not ours.get(n) == theirs.get(n) == taken.get(n))


def said(page: str) -> Said:
    return {
        family.name: (
            family.type,
            family.documentation,
            sorted(map(written, family.samples)),
        )
        for family in text_string_to_metric_families(page)
    }


def written(sample: Sample) -> str:
    # An empty label is, to Prometheus, no label.
    labels = sorted((name, value) for name, value in sample.labels.items() if value)
    return f"{sample.name} {labels} {float(sample.value)}"
