"""The last self-test, as SATA, NVMe and SAS disks write it down."""

from collections.abc import Callable
from typing import Any

import pytest

from hyperion_exporter.collector import Samples
from hyperion_exporter.collectors.smart.facts import Facts
from hyperion_exporter.collectors.smart.self_test import add_self_test

PASSED = "hyperion_smart_self_test_passed", "sda"
AGE = "hyperion_smart_self_test_age_seconds", "sda"
REMAINING = "hyperion_smart_self_test_remaining_ratio", "sda"
Told = Callable[[dict[str, Any]], dict[tuple[str, ...], float]]


@pytest.fixture
def told(page: Callable[..., str], parse: Callable[[str], dict[tuple[str, ...], float]]) -> Told:
    def told(facts: dict[str, Any]) -> dict[tuple[str, ...], float]:
        samples = Samples()
        add_self_test(samples, Facts({"power_on_time": {"hours": 1000}} | facts), "sda")
        return parse(page([samples]))

    return told


def ata(*tests: tuple[int, int, int]) -> dict[str, Any]:
    """Each by its code, what remains in percent, and its hour."""
    table = [
        {"status": {"value": code << 4, "remaining_percent": remaining}, "lifetime_hours": hours}
        for code, remaining, hours in tests
    ]
    return {"ata_smart_self_test_log": {"standard": {"count": len(table), "table": table}}}


def nvme(code: int, hours: int) -> dict[str, Any]:
    row = {"self_test_result": {"value": code}, "power_on_hours": hours}
    return {"nvme_self_test_log": {"table": [row]}}


def sas(code: int, hours: int) -> dict[str, Any]:
    return {"scsi_self_test_0": {"result": {"value": code}, "power_on_time": {"hours": hours}}}


@pytest.mark.parametrize("facts", [ata((0, 0, 990)), nvme(0, 990), sas(0, 990)])
def test_one_that_was_passed_has_an_age(facts: dict[str, Any], told: Told) -> None:
    assert told(facts) == {PASSED: 1, AGE: 36000}


@pytest.mark.parametrize("facts", [ata((7, 10, 990)), nvme(7, 990), sas(7, 990)])
def test_one_that_failed_says_so(facts: dict[str, Any], told: Told) -> None:
    assert told(facts) == {PASSED: 0, AGE: 36000}


@pytest.mark.parametrize("facts", [ata((1, 50, 990)), nvme(1, 990), sas(2, 990), {}])
def test_one_that_was_broken_off_says_nothing(facts: dict[str, Any], told: Told) -> None:
    assert told(facts) == {}


def test_the_youngest_that_ended_counts(told: Told) -> None:
    tests = ata((15, 60, 1000), (1, 50, 995), (3, 40, 990), (0, 0, 980))
    assert told(tests) == {PASSED: 0, AGE: 36000, REMAINING: 0.6}


def test_the_hour_of_an_old_sata_disk_begins_anew_at_65536(told: Told) -> None:
    facts = ata((0, 0, 100)) | {"power_on_time": {"hours": 65536 + 110}}
    assert told(facts) == {PASSED: 1, AGE: 36000}


def test_a_running_test_of_an_nvme_disk_says_how_far_it_is(told: Told) -> None:
    log = {"current_self_test_completion_percent": 30}
    running = {"nvme_self_test_log": log | {"current_self_test_operation": {"value": 2}}}
    assert told(running) == {REMAINING: 0.7}
    resting = {"nvme_self_test_log": log | {"current_self_test_operation": {"value": 0}}}
    assert told(resting) == {}
