"""Memory errors by controller and row."""

from collections.abc import Callable
from pathlib import Path

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.edac import Edac
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

HOME = "sys/devices/system/edac/mc"


def test_errors_are_counted_by_controller_and_row(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    for file, count in {
        "mc0/ce_count": 1, "mc0/ue_count": 2, "mc0/ce_noinfo_count": 3, "mc0/ue_noinfo_count": 4,
        "mc0/csrow10/ce_count": 5, "mc0/csrow10/ue_count": 6, "mc0/dimm0/size": 9, "power/x": 9,
    }.items():  # fmt: skip
        write(f"{HOME}/{file}", f"{count}\n")
    assert scrape(Edac(paths, NoOptions())) == {
        ("node_edac_correctable_errors_total", "0"): 1,
        ("node_edac_uncorrectable_errors_total", "0"): 2,
        ("node_edac_csrow_correctable_errors_total", "0", "unknown"): 3,
        ("node_edac_csrow_uncorrectable_errors_total", "0", "unknown"): 4,
        ("node_edac_csrow_correctable_errors_total", "0", "10"): 5,
        ("node_edac_csrow_uncorrectable_errors_total", "0", "10"): 6,
    }


def test_a_count_that_is_not_there_is_left_out(paths: Paths, write: Write, scrape: Scrape) -> None:
    write(f"{HOME}/mc1/ue_count", "2\n")
    assert scrape(Edac(paths, NoOptions())) == {
        ("node_edac_uncorrectable_errors_total", "1"): 2,
    }


def test_memory_that_checks_nothing_gives_nothing(paths: Paths, scrape: Scrape) -> None:
    assert scrape(Edac(paths, NoOptions())) == {}
