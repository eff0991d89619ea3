"""Collectors of prometheus_client, taken in: their samples, and what is wrong with them."""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import prometheus_client as client
import pytest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    Metric,
    SummaryMetricFamily,
    UntypedMetricFamily,
)
from prometheus_client.openmetrics import exposition as their_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as strictly

from hyperion_exporter import config
from hyperion_exporter.adopted import Adopted, Source
from hyperion_exporter.collector import NoOptions
from hyperion_exporter.collectors.exporter import Exporter, Options
from hyperion_exporter.guard import Guard
from hyperion_exporter.page import OPENMETRICS, TEXT
from hyperion_exporter.paths import Paths
from lab.objects import Objects, Taken, said, written

ODD = 'a "b" \\ c\nd é'


class Families(Objects):
    """One of each kind, as a collector makes them."""

    def __init__(self) -> None:
        summary = SummaryMetricFamily("jobs_seconds", "Jobs.", count_value=7, sum_value=9.5)
        summary.add_sample("jobs_seconds", {"quantile": "0.5"}, 1.25)
        pages = CounterMetricFamily("pages", ODD, labels=["printer"], created=1.7e9)
        pages.add_metric([ODD], 3, created=1.7e9)
        pages.add_metric(["plain"], float("inf"))
        waiting = GaugeMetricFamily("waiting", "", labels=[])
        waiting.add_sample("waiting", {"tray": "2"}, float("nan"))
        waiting.add_sample("waiting", {"size": "A4", "colour": ""}, -0.5)
        sizes = GaugeHistogramMetricFamily("sizes", "Sizes.", [("1", 1), ("+Inf", 3)], gsum_value=4)
        super().__init__([summary, pages, waiting, sizes, UntypedMetricFamily("x", "X.", value=1)])


@pytest.fixture
def registry() -> client.CollectorRegistry:
    registry = client.CollectorRegistry()
    registry.register(Families())
    client.Counter("doors", "Doors.", ["way"], registry=registry).labels("in").inc(2)
    taken = client.Histogram("taken_seconds", "Time.", ["by"], registry=registry)
    for by in ("ada", "otto"):
        taken.labels(by).observe(0.3)
    client.Summary("sizes_bytes", "Sizes.", registry=registry).observe(11)
    client.Info("build", "Build.", registry=registry).info({"version": ODD})
    client.Enum("state", "State.", states=["up", "down"], registry=registry).state("down")
    return registry


def page(source: Source, form: str = TEXT) -> str:
    return Guard([Taken(source)]).gather(10, form).partition("# HELP node_scrape_")[0]


def test_its_samples_are_on_the_page_as_prometheus_client_writes_them(
    registry: client.CollectorRegistry,
) -> None:
    ours, theirs = said(page(registry)), said(client.generate_latest(registry).decode())
    assert ours == theirs
    assert {kind for kind, _, _ in ours.values()} == {
        "counter", "gauge", "histogram", "summary", "unknown",
    }  # fmt: skip


def test_in_openmetrics_too(registry: client.CollectorRegistry) -> None:
    ours = page(registry, OPENMETRICS) + "# EOF\n"
    theirs = their_openmetrics.generate_latest(registry).decode()
    assert as_samples(ours) == as_samples(theirs)


def as_samples(page: str) -> list[str]:
    return sorted(written(sample) for family in strictly(page) for sample in family.samples)


def test_the_layout_is_kept_while_only_values_change(registry: client.CollectorRegistry) -> None:
    doors = client.Counter("more_doors", "Doors.", registry=registry)
    adopted = Taken(registry)
    (before,) = adopted.collect()
    doors.inc()
    (after,) = adopted.collect()
    assert before.shape() == after.shape()
    assert list(before.values()) != list(after.values())


def test_the_parts_of_a_histogram_stand_together_however_they_come() -> None:
    seconds = Metric("seconds", "Time.", "histogram")
    seconds.add_sample("seconds_bucket", {"le": "+Inf"}, 2)
    seconds.add_sample("seconds_created", {}, 1.7e9)
    seconds.add_sample("seconds_count", {}, 2)
    seconds.add_sample("seconds_sum", {}, 3.5)
    assert page(Objects([seconds])).count("# TYPE seconds histogram\n") == 1


class Printers(Adopted):
    name = "printers"
    help = "Pages that the printers printed."
    default = False

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        super().__init__(Families())


def test_it_is_switched_on_as_any_other() -> None:
    (made,) = config.read(["--collector.printers"], [Printers]).collectors
    assert "\npages_total{" in Guard([made]).gather(10)
    assert config.read([], [Printers]).collectors == ()


def test_what_another_collector_gives_too_is_left_out_and_counted() -> None:
    theirs = Taken(client.ProcessCollector(registry=None))
    lines = Guard([theirs, Exporter(Paths(), Options())]).gather(10).splitlines()
    assert sum(line.startswith("process_open_fds ") for line in lines) == 1
    (dropped,) = [x for x in lines if x.startswith("hyperion_collector_dropped") and "taken" in x]
    assert float(dropped.split()[-1]) >= 1


def test_of_a_sample_given_twice_the_first_holds() -> None:
    twice = GaugeMetricFamily("waiting", "", labels=["tray"])
    for value in (1, 2):
        twice.add_metric(["2"], value)
    assert 'waiting{tray="2"} 1\n' in page(Objects([twice]))
    assert "waiting 2.0" not in page(Objects([metric("waiting", 1.0), metric("waiting", 2.0)]))


def test_a_family_that_comes_in_two_pieces_is_one() -> None:
    guard = Guard(
        [Taken(Objects([metric("x", labels={"a": "1"}), metric("x", labels={"a": "2"})]))]
    )
    for _ in range(2):
        text = guard.gather(10)
        assert '# TYPE x gauge\nx{a="1"} 1\nx{a="2"} 1\n' in text


def metric(name: str, value: Any = 1, kind: str = "gauge", **sample: Any) -> Metric:
    made = Metric("waiting", "", "gauge")
    made.name, made.type = name, kind
    made.add_sample(**{"name": name, "labels": {}, "value": value, **sample})
    return made


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (metric("x", kind="enum"), "x has an unknown type: enum"),
        (metric("x", labels={"a-b": "1"}), "x has a label that cannot be: 'a-b'"),
        (metric("x", labels={"__name__": "1"}), "x has a label that cannot be: '__name__'"),
        (metric("x", timestamp=1.7e9), "x has a time of its own"),
        (metric("x y"), "not a name of a metric: 'x y'"),
        (metric("x", None), "not a number: None"),
        (metric("x", True), "not a number: True"),
        (metric("x", "1_000"), "not a number: '1_000'"),
        (metric("x", labels={"a": 1}), "encode"),
        (None, "NoneType"),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_what_cannot_be_on_a_page_costs_only_its_families(
    wrong: Any, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        text = Guard([Exporter(Paths(), Options()), Taken(Objects([wrong]))]).gather(10)
    assert 'node_scrape_collector_success{collector="taken"} 0' in text
    assert "\nprocess_open_fds " in text
    assert why in caplog.text


class Hanging(Objects):
    def __init__(self, release: threading.Event) -> None:
        self._release = release

    def collect(self) -> Iterable[Metric]:
        self._release.wait(30)
        return []


@pytest.fixture
def release() -> Iterator[threading.Event]:
    release = threading.Event()
    yield release
    release.set()


def test_one_that_hangs_is_given_up_at_the_deadline(release: threading.Event) -> None:
    text = Guard([Exporter(Paths(), Options()), Taken(Hanging(release))], patience=0.01).gather(0.2)
    assert 'hyperion_collector_timeout{collector="taken"} 1' in text
    assert "\nprocess_open_fds " in text


def test_to_take_one_in_is_not_to_load_the_library() -> None:
    asked = "import sys, hyperion_exporter.adopted; print('prometheus_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
