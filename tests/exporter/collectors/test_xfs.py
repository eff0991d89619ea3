"""XFS filesystems."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.xfs import LINES, Xfs
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

FILE = "sys/fs/xfs/sda1/stats/stats"


@pytest.mark.parametrize(("word", "names"), LINES.items())
def test_each_number_of_a_line_has_its_family(
    word: str, names: str, paths: Paths, write: Write, scrape: Scrape
) -> None:
    numbers = range(1, len(names.split()) + 1)
    write(FILE, f"{word} {' '.join(map(str, numbers))}\n")
    assert list(scrape(Xfs(paths, NoOptions())).items()) == [
        ((f"node_xfs_{name}_total", "sda1"), number)
        for name, number in zip(names.split(), numbers, strict=True)
    ]


def test_lines_and_numbers_that_nobody_knows_are_left_out(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(FILE, "qm 1 2 3\nrw 5 6 7\ndebug 0\n")
    write("sys/fs/xfs/stats/stats", "rw 1 1\n")
    assert scrape(Xfs(paths, NoOptions())) == {
        ("node_xfs_write_calls_total", "sda1"): 5,
        ("node_xfs_read_calls_total", "sda1"): 6,
    }


def test_a_machine_without_xfs_gives_nothing(paths: Paths, scrape: Scrape) -> None:
    assert scrape(Xfs(paths, NoOptions())) == {}
