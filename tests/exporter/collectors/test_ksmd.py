"""Merging of equal pages."""

from collections.abc import Callable
from pathlib import Path

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.ksmd import FILES, Ksmd
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


def test_each_file_is_a_family_and_the_sleep_is_in_seconds(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    for number, name in enumerate(FILES):
        write(f"sys/kernel/mm/ksm/{name}", f"{number}\n")
    write("sys/kernel/mm/ksm/sleep_millisecs", "20\n")
    samples = scrape(Ksmd(paths, NoOptions()))
    assert samples["node_ksmd_full_scans_total",] == 0
    assert samples["node_ksmd_run",] == 7
    assert samples["node_ksmd_sleep_seconds",] == 0.02
    assert len(samples) == 9
