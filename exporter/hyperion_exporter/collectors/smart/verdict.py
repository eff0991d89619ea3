"""What is to be thought of a disk: nothing but its own facts, held against the rules."""

from collections.abc import Iterator
from typing import NamedTuple

from hyperion_exporter.collectors.smart import nvme, rules, scsi, self_test
from hyperion_exporter.collectors.smart.drive import endurance_used, first
from hyperion_exporter.collectors.smart.facts import Facts
from hyperion_exporter.collectors.smart.rules import Level, Steps

# Without one of these, smartctl could not look into the disk: a volume of a RAID, a memory card.
BASES = ("smart_status.passed", "ata_smart_attributes", nvme.LOG, scsi.LOG)


class Finding(NamedTuple):
    level: Level
    reason: str


def judge(facts: Facts) -> list[Finding]:
    """All findings, the gravest first; one of OK where there is none; nothing of the unknown."""
    if not any(facts.there(base) for base in BASES):
        return []
    worst: dict[str, Level] = {}
    for level, reason in _findings(facts):
        worst[reason] = max(level, worst.get(reason, Level.OK))
    found = sorted((Finding(level, reason) for reason, level in worst.items() if level))
    return found[::-1] or [Finding(Level.OK, "")]


def reached(value: int | float | None, steps: Steps) -> Level:
    levels = [level for start, level in steps if value is not None and value >= start]
    return levels[-1] if levels else Level.OK


def _findings(facts: Facts) -> Iterator[Finding]:
    yield from _said(facts)
    yield from _ata(facts)
    yield from _nvme(facts.at(nvme.LOG))
    yield from _scsi(facts)
    yield Finding(reached(endurance_used(facts), rules.ENDURANCE), "endurance")
    yield Finding(_heat(facts), "temperature")


def _said(facts: Facts) -> Iterator[Finding]:
    """What the disk says of itself, and smartctl of it."""
    if facts.number("smart_status.passed") == 0:
        yield Finding(Level.FAIL, "disk says it fails")
    status = int(facts.count("smartctl.exit_status"))
    for bit, reason, level in rules.EXIT_STATUS:
        if status >> bit & 1:
            yield Finding(level, reason)
    test = self_test.last(facts)
    if test and test.failed:
        yield Finding(Level.FAIL, "self-test")


def _ata(facts: Facts) -> Iterator[Finding]:
    rows = {row.number("id"): row for row in facts.rows("ata_smart_attributes.table")}
    milder = 0 if facts.count("rotation_rate") > 0 else 1
    for id, reason, steps, count in rules.ATTRIBUTES:
        if row := rows.get(id):
            level = reached(count(int(row.count("raw.value"))), steps)
            yield Finding(Level(max(level - milder, Level.OK)), reason)


def _nvme(log: Facts) -> Iterator[Finding]:
    for warning in nvme.warnings(log):
        yield Finding(Level.FAIL, f"critical warning: {warning}")
    yield Finding(reached(log.number("media_errors"), rules.MEDIA_ERRORS), "media errors")
    spare, threshold = log.number("available_spare"), log.number("available_spare_threshold")
    # A threshold of 0 is none. One of 90 and more would warn of every new disk.
    if spare is not None and threshold and spare < 100:
        if spare <= threshold:
            yield Finding(Level.FAIL, "spare")
        elif spare <= threshold + rules.SPARE_WARN:
            yield Finding(Level.WARN, "spare")


def _scsi(facts: Facts) -> Iterator[Finding]:
    grown = facts.number("scsi_grown_defect_list")
    yield Finding(reached(grown, rules.GROWN_DEFECTS), "grown defects")
    pending = facts.number("scsi_pending_defects.count")
    yield Finding(reached(pending, rules.PENDING_DEFECTS), "pending defects")
    for operation in scsi.OPERATIONS:
        errors = facts.number(f"{scsi.LOG}.{operation}.total_uncorrected_errors")
        yield Finding(reached(errors, rules.UNCORRECTED), "uncorrected errors")


def _heat(facts: Facts) -> Level:
    usual = rules.ROTATING_CELSIUS if facts.count("rotation_rate") > 0 else rules.SOLID_CELSIUS
    kept, last = first(facts, rules.KEPT_LIMITS), first(facts, rules.LAST_LIMITS)
    own = ((kept, Level.WATCH), (last, Level.WARN))
    # A limit of 0 is none.
    steps = tuple((limit, level) for limit, level in own if limit) or usual
    return reached(facts.number("temperature.current"), steps)
