"""Our verdicts on the real disks whose answers are at hand; run it to see them as a table."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from hyperion_exporter.collectors.smart.facts import Facts
from hyperion_exporter.collectors.smart.rules import Level
from hyperion_exporter.collectors.smart.verdict import judge
from lab.disks import captures

# Failures in a disk-year that Scrutiny goes by, for raw values of attributes it calls critical. It
# takes 188 for one number, and warns of a value that lies between its ranges.
SCRUTINY: Mapping[int, tuple[tuple[int, float, float], ...]] = {
    5: ((0, 0, 0.025), (2, 4, 0.027), (5, 16, 0.075), (17, float("inf"), 0.24)),
    10: ((0, 0, 0.055), (1, 80, 0.56)),
    187: ((0, 0, 0.028), (1, float("inf"), 0.24)),
    188: ((0, 100, 0.025), (101, float("inf"), 0.1)),
    196: ((0, 0, 0.007), (1, 11, 0.04), (12, 17, 0.17)),
    197: ((0, 0, 0.026), (2, float("inf"), 0.34)),
    198: ((0, 0, 0.029), (1, float("inf"), 0.81)),
}
RATE = 0.1


class Row(NamedTuple):
    disk: str
    level: Level
    reasons: str
    scrutiny: bool


def rows() -> list[Row]:
    return [_row(file.stem, Facts(json.loads(file.read_text()))) for file in captures()]


def _row(name: str, facts: Facts) -> Row:
    findings = judge(facts)
    reasons = ", ".join(finding.reason for finding in findings)
    attributes = facts.rows("ata_smart_attributes.table")
    flagged = any(_flagged(int(row.count("id")), row.count("raw.value")) for row in attributes)
    return Row(name, findings[0].level, reasons, flagged)


def _flagged(id: int, value: float) -> bool:
    ranges = SCRUTINY.get(id, ())
    rates = [rate for low, high, rate in ranges if low <= value <= high]
    return bool(ranges) and (not rates or rates[0] >= RATE)


if __name__ == "__main__":
    for disk, level, reasons, scrutiny in sorted(rows(), key=lambda row: -row.level):
        print(f"{disk[-55:]:<55} {level.name.lower():<6} {'S' if scrutiny else ' '} {reasons}")
