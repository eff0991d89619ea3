"""File handles of the whole machine."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.filefd import Filefd
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


def test_it_says_what_is_in_use_and_what_can_be(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/sys/fs/file-nr", "1024\t0\t9223372036854775807\n")
    assert scrape(Filefd(paths, NoOptions())) == {
        ("node_filefd_allocated",): 1024,
        ("node_filefd_maximum",): 9223372036854775807,
    }


def test_a_file_cut_short_is_a_fault(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/sys/fs/file-nr", "1024\t0\n")
    with pytest.raises(ValueError, match="not enough values"):
        scrape(Filefd(paths, NoOptions()))
