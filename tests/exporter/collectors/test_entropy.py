"""Randomness in store."""

from collections.abc import Callable
from pathlib import Path

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.entropy import Entropy
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


def test_it_says_what_there_is_and_what_there_could_be(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/sys/kernel/random/entropy_avail", "1337\n")
    write("proc/sys/kernel/random/poolsize", "4096\n")
    assert scrape(Entropy(paths, NoOptions())) == {
        ("node_entropy_available_bits",): 1337,
        ("node_entropy_pool_size_bits",): 4096,
    }
