"""The last self-test of a disk, which each kind of disk writes down in its own way."""

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from hyperion_exporter.collector import Samples, gauge
from hyperion_exporter.collectors.smart.facts import Facts

PASSED = gauge(
    "hyperion_smart_self_test_passed", "Whether the last self-test that ended was passed.", "device"
)
AGE = gauge(
    "hyperion_smart_self_test_age_seconds",
    "Time switched on since the last self-test that ended.",
    "device",
)
REMAINING = gauge(
    "hyperion_smart_self_test_remaining_ratio",
    "Share of the running self-test that is still to come.",
    "device",
)
# Codes of a test that ended; all others were broken off, or still run.
PASS = 0
ATA_FAIL, NVME_FAIL, SCSI_FAIL = range(3, 9), range(5, 8), range(3, 8)
RUNNING = 15
# SATA disks write the hour down in 16 bits.
ATA_HOURS = 1 << 16
SCSI_TESTS = 20


class Test(NamedTuple):
    code: int
    failed: bool
    hours: int | float | None
    remaining: int | float | None = None


def add_self_test(samples: Samples, facts: Facts, device: str) -> None:
    if test := last(facts):
        samples.add(PASSED, int(not test.failed), device)
        now = facts.number("power_on_time.hours")
        if test.hours is not None and now is not None:
            samples.add(AGE, max(now - test.hours, 0) * 3600, device)
    remaining = _remaining(facts)
    if remaining is not None:
        samples.add(REMAINING, remaining / 100, device)


def last(facts: Facts) -> Test | None:
    """The youngest that ended of itself."""
    return next((test for test in _tests(facts) if test.failed or test.code == PASS), None)


def _remaining(facts: Facts) -> int | float | None:
    """In percent, of the test that runs; SAS disks do not say it."""
    if facts.count("nvme_self_test_log.current_self_test_operation.value"):
        done = facts.count("nvme_self_test_log.current_self_test_completion_percent")
        return 100 - done
    return next((test.remaining for test in _tests(facts) if test.code == RUNNING), None)


def _tests(facts: Facts) -> Iterator[Test]:
    return chain(_ata(facts), _nvme(facts), _scsi(facts))


def _ata(facts: Facts) -> Iterator[Test]:
    now = facts.count("power_on_time.hours")
    for _, log in facts.items("ata_smart_self_test_log"):
        for row in log.rows("table"):
            # The lower half of the byte is how much is still to be done.
            code = int(row.count("status.value")) >> 4
            hours = row.number("lifetime_hours")
            if hours is not None:
                hours += (now - hours) // ATA_HOURS * ATA_HOURS
            yield Test(code, code in ATA_FAIL, hours, row.number("status.remaining_percent"))


def _nvme(facts: Facts) -> Iterator[Test]:
    for row in facts.rows("nvme_self_test_log.table"):
        code = int(row.count("self_test_result.value"))
        yield Test(code, code in NVME_FAIL, row.number("power_on_hours"))


def _scsi(facts: Facts) -> Iterator[Test]:
    for number in range(SCSI_TESTS):
        row = facts.at(f"scsi_self_test_{number}")
        if row.there("result"):
            code = int(row.count("result.value"))
            yield Test(code, code in SCSI_FAIL, row.number("power_on_time.hours"))
