"""How well the clock is kept."""

from collections.abc import Callable

import pytest

from hyperion_exporter.collector import Collector, NoData, NoOptions
from hyperion_exporter.collectors.timex import Timex
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources.adjtimex import Clock

Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


def clock(**numbers: int) -> Clock:
    return Clock(**numbers)


def test_units_are_seconds_and_ratios(paths: Paths, scrape: Scrape) -> None:
    numbers = clock(offset=-1500, freq=65536 * 20, maxerror=16_000_000, esterror=5, tick=10000,
                    status=0x2001, constant=7, jitter=3, tai=37, jitcnt=4)  # fmt: skip
    samples = scrape(Timex(paths, NoOptions(), read=lambda: (0, numbers)))
    assert samples["node_timex_sync_status",] == 1
    assert samples["node_timex_offset_seconds",] == -1500e-9
    assert samples["node_timex_frequency_adjustment_ratio",] == 1.00002
    assert samples["node_timex_maxerror_seconds",] == 16
    assert samples["node_timex_estimated_error_seconds",] == 5e-6
    assert samples["node_timex_tick_seconds",] == 0.01
    assert samples["node_timex_pps_jitter_seconds",] == 3e-9
    assert samples["node_timex_pps_jitter_total",] == 4
    assert samples["node_timex_tai_offset_seconds",] == 37
    assert len(samples) == 17


def test_a_clock_that_nothing_keeps_counts_in_microseconds(paths: Paths, scrape: Scrape) -> None:
    samples = scrape(Timex(paths, NoOptions(), read=lambda: (5, clock(offset=-1500, status=64))))
    assert samples["node_timex_sync_status",] == 0
    assert samples["node_timex_offset_seconds",] == -0.0015


def test_the_clock_of_this_machine_is_read(paths: Paths, scrape: Scrape) -> None:
    samples = scrape(Timex(paths, NoOptions()))
    assert samples["node_timex_tick_seconds",] == pytest.approx(0.01, rel=0.2)
    assert samples["node_timex_frequency_adjustment_ratio",] == pytest.approx(1, abs=1e-3)


def test_a_container_that_may_not_ask_has_no_data(paths: Paths, scrape: Scrape) -> None:
    def refuse() -> tuple[int, Clock]:
        raise PermissionError

    with pytest.raises(NoData):
        scrape(Timex(paths, NoOptions(), read=refuse))
