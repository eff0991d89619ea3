"""What the firmware says the machine is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoData, NoOptions
from hyperion_exporter.collectors.dmi import LABELS, Dmi
from hyperion_exporter.paths import Paths

Write = Callable[[str, str | bytes], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


def facts(samples: dict[tuple[str, ...], float]) -> dict[str, str]:
    (key,) = samples
    return {name: value for name, value in zip(LABELS, key[1:], strict=True) if value}


def test_the_facts_become_labels(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("sys/class/dmi/id/product_name", "Model 7\n")
    write("sys/class/dmi/id/sys_vendor", "Maker\n")
    assert facts(scrape(Dmi(paths, NoOptions()))) == {
        "product_name": "Model 7",
        "system_vendor": "Maker",
    }


def test_what_is_no_utf_8_does_not_spoil_the_page(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("sys/class/dmi/id/product_version", b"\xc8[\xc8\n")
    assert facts(scrape(Dmi(paths, NoOptions()))) == {"product_version": "\ufffd[\ufffd"}


def test_the_firmware_is_asked_once(paths: Paths, write: Write, scrape: Scrape) -> None:
    file = write("sys/class/dmi/id/product_name", "Model 7\n")
    dmi = Dmi(paths, NoOptions())
    before = scrape(dmi)
    file.unlink()
    assert scrape(dmi) == before


def test_a_machine_without_such_firmware_says_so(paths: Paths) -> None:
    with pytest.raises(NoData):
        list(Dmi(paths, NoOptions()).collect())
