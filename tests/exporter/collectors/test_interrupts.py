"""Interrupts by processor."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors.interrupts import Interrupts, Options
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

# Processor 1 is off.
TABLE = """\
           CPU0       CPU2
  9:     398553          0  IR-IO-APIC    9-fasteoi   acpi, usb1
NMI:         47       5031   Non-maskable interrupts
IPI0:12          7   Rescheduling interrupts
ERR:          3
"""


def test_each_processor_has_its_own_number(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/interrupts", TABLE)
    acpi = ("9-fasteoi acpi, usb1", "IR-IO-APIC", "9")
    nmi = ("", "Non-maskable interrupts", "NMI")
    ipi = ("", "Rescheduling interrupts", "IPI0")
    assert scrape(Interrupts(paths, Options())) == {
        ("node_interrupts_total", "0", *acpi): 398553,
        ("node_interrupts_total", "2", *acpi): 0,
        ("node_interrupts_total", "0", *nmi): 47,
        ("node_interrupts_total", "2", *nmi): 5031,
        ("node_interrupts_total", "0", *ipi): 12,
        ("node_interrupts_total", "2", *ipi): 7,
    }


def test_a_processor_that_goes_on_for_another_has_its_own_numbers(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    collector = Interrupts(paths, Options(name_include="^NMI"))
    for cpu in ("2", "1"):
        write("proc/interrupts", TABLE.replace("CPU2", f"CPU{cpu}"))
        assert [key[1] for key in scrape(collector)] == ["0", cpu]


def test_what_no_processor_served_is_left_out(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/interrupts", "           CPU0\nNMI:         47   Non-maskable\nERR:          3\n")
    assert list(scrape(Interrupts(paths, Options())).values()) == [47]


def test_what_never_happened_can_be_left_out(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/interrupts", TABLE)
    assert 0 not in scrape(Interrupts(paths, Options(include_zeros=False))).values()


@pytest.mark.parametrize(
    "options",
    [Options(name_exclude="Rescheduling|^9;"), Options(name_include="^NMI;Non-maskable.*;$")],
)
def test_they_are_chosen_by_type_info_and_devices(
    paths: Paths, write: Write, scrape: Scrape, options: Options
) -> None:
    write("proc/interrupts", TABLE)
    assert sorted(scrape(Interrupts(paths, options)).values()) == [47, 5031]


def test_an_empty_file_is_a_fault(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/interrupts", "")
    with pytest.raises(ValueError, match="not enough values"):
        scrape(Interrupts(paths, Options()))
