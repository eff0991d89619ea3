"""One disk: how smartctl is told of it, and what its last answers were."""

import json
import logging
import re
from dataclasses import dataclass
from typing import NamedTuple

from hyperion_exporter.collector import Samples
from hyperion_exporter.collectors.smart.facts import Facts
from hyperion_exporter.collectors.smart.rules import Level
from hyperion_exporter.collectors.smart.series import series
from hyperion_exporter.collectors.smart.verdict import judge
from hyperion_exporter.sources.program import Output
from hyperion_exporter.sources.smartctl import ASLEEP

log = logging.getLogger(__name__)

# smartctl finds out itself, which may wake the disk: only where nothing better is known.
AUTO = "auto"
# Bits of the exit status: the call was wrong, or the disk could not be opened.
NOT_READ = 0b11
POWER = re.compile(r"Device is in (\w+)")


class Disk(NamedTuple):
    """What smartctl is told: behind a controller, only name and kind together are one disk."""

    name: str
    kind: str

    def label(self, said: str = "") -> str:
        """The name that smartctl_exporter gives it, when it has said of what kind it is."""
        name = re.sub(r"^/dev/(disk/by-id/|disk/by-path/)?", "", self.name).replace("/", "_")
        # Of cciss it says the number only when it is asked.
        kind = said if "," in said else self.kind
        return f"{name}_{kind.replace(',', '_')}" if "," in kind else name


@dataclass
class Pace:
    """In seconds: how often a disk is asked, and how long an answer may take."""

    solid: float
    rotating: float
    timeout: float
    # How much longer than these the first two are, by the state of the whole machine.
    factor: float = 1.0


@dataclass
class State:
    """What is known of a disk; one thread at a time asks and writes, scrapes read."""

    disk: Disk
    label: str
    # What it turned out to be, and is asked for by.
    kind: str
    # Out of the last answer that had them.
    samples: Samples | None = None
    version: tuple[str, ...] = ()
    read_at: float | None = None
    often: bool = True
    # Of the last call, whatever it gave.
    asked_at: float | None = None
    asking: bool = False
    seconds: float = 0.0
    power: str = "unknown"
    fault: str = ""

    def interval(self, pace: Pace) -> float:
        return pace.factor * (pace.solid if self.often else pace.rotating)

    def due(self, pace: Pace, now: float) -> bool:
        asked = self.asked_at
        return not self.asking and (asked is None or now - asked >= self.interval(pace))

    def readable(self, pace: Pace, now: float) -> bool:
        late = self.asking and self.asked_at is not None and now - self.asked_at > pace.timeout
        return self.asked_at is not None and not self.fault and not late

    def hear(self, output: Output, now: float) -> None:
        facts = _parsed(output.text)
        if output.status == ASLEEP:
            self.power = _power(facts)
            self.note("")
        elif facts is None:
            self.note("its answer cannot be read")
        elif output.status & NOT_READ:
            self.note(_complaint(facts))
        else:
            self._learn(facts, now)
            self.note("")

    def note(self, fault: str) -> None:
        """Whether it can be read; said once per change."""
        if fault and fault != self.fault:
            log.warning("disk %s is not read: %s", self.disk.name, fault)
        elif self.fault and not fault:
            log.info("disk %s is read again", self.disk.name)
        if fault:
            # Another disk may be there by now.
            self.kind, self.power = self.disk.kind, "unknown"
        self.fault = fault

    def _learn(self, facts: Facts, now: float) -> None:
        said = facts.text("device.type")
        if self.disk.kind == AUTO and said:
            self.kind = said
        self.label = self.disk.label(said)
        findings = judge(facts)
        self.samples = series(facts, findings, self.label)
        # A rotating disk that is well tells nothing new within minutes.
        well = all(finding.level < Level.WARN for finding in findings)
        self.often = not well or facts.count("rotation_rate") == 0
        self.version = _version(facts)
        self.read_at, self.power = now, "active"


def _parsed(text: bytes) -> Facts | None:
    # Before 7.3, smartctl says so of SAS disks ahead of all else.
    text = text.removeprefix(b"  Pending defect count:")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return Facts(value) if isinstance(value, dict) else None


def _power(facts: Facts | None) -> str:
    """Which sleep it is: smartctl says it in words alone."""
    words = (row.text("string") for row in facts.rows("smartctl.messages")) if facts else ()
    found = (match[1].lower() for word in words if (match := POWER.search(word)))
    return next(found, "standby")


def _complaint(facts: Facts) -> str:
    rows = facts.rows("smartctl.messages")
    errors = (row.text("string") for row in rows if row.text("severity") == "error")
    return next(filter(None, errors), "smartctl cannot open it")


def _version(facts: Facts) -> tuple[str, ...]:
    """The labels of smartctl_version; none where it does not say."""
    dotted = (
        ".".join(row.text() for row in facts.rows(path))
        for path in ("json_format_version", "smartctl.version")
    )
    plain = (facts.text(f"smartctl.{name}") for name in ("svn_revision", "build_info"))
    version = (*dotted, *plain)
    return version if version[1] else ()
