"""Time that tasks waited."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.pressure import Pressure
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


def psi(some: int, full: int) -> str:
    rest = "avg10=0.00 avg60=0.00 avg300=0.00 total="
    return f"some {rest}{some}\nfull {rest}{full}\n"


@pytest.fixture
def machine(write: Write) -> None:
    write("proc/pressure/cpu", psi(1_500_000, 0))
    write("proc/pressure/io", psi(2_000_000, 250_000))
    write("proc/pressure/memory", psi(3, 4))


def test_microseconds_become_seconds(
    machine: None, paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("proc/pressure/irq", "full avg10=0.00 avg60=0.00 avg300=0.00 total=8494\n")
    assert scrape(Pressure(paths, NoOptions())) == {
        ("node_pressure_cpu_waiting_seconds_total",): 1.5,
        ("node_pressure_io_waiting_seconds_total",): 2,
        ("node_pressure_io_stalled_seconds_total",): 0.25,
        ("node_pressure_memory_waiting_seconds_total",): 0.000003,
        ("node_pressure_memory_stalled_seconds_total",): 0.000004,
        ("node_pressure_irq_stalled_seconds_total",): 0.008494,
    }


def test_a_kernel_that_does_not_time_interrupts_gives_the_rest(
    machine: None, paths: Paths, scrape: Scrape
) -> None:
    assert len(scrape(Pressure(paths, NoOptions()))) == 5


def test_a_kernel_without_it_has_no_data(paths: Paths, scrape: Scrape) -> None:
    with pytest.raises(FileNotFoundError):
        scrape(Pressure(paths, NoOptions()))
