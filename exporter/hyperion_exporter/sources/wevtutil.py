"""The event log of Windows as wevtutil writes it out: its channels, each read on by number."""

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from hyperion_exporter.sources.event_log import INFO, Event, NoLog

log = logging.getLogger(__name__)

CHANNELS = ("System", "Application", "Security")
# One that says nothing for so long hangs.
PATIENCE_SECONDS = 30.0

# Ours, as in syslog(3), for those of Windows, from critical to verbose (winmeta.xml).
LEVELS = {1: 2, 2: 3, 3: 4, 4: INFO, 5: 7}
NOTICE = 5
# Audits have no level but this bit, for what was refused.
AUDIT_FAILURE = 0x10_0000_0000_0000

# The part of an event that is the same in all (its schema: SystemPropertiesType). What others may
# write stands behind it, in whatever code page.
_EVENT = re.compile(rb"<Event [^>]*>\s*<System>(.*?)</System>", re.DOTALL)
_PROVIDER = re.compile(rb"<Provider Name=['\"]([^'\"]*)")
_ID = re.compile(rb"<EventID[^>]*>(\d+)")
_LEVEL = re.compile(rb"<Level>(\d+)")
_KEYWORDS = re.compile(rb"<Keywords>(0x[0-9a-fA-F]+)")
_TIME = re.compile(rb"<TimeCreated SystemTime=['\"]([^'\"]*)")
_NUMBER = re.compile(rb"<EventRecordID>(\d+)")


class Refused(Exception):
    """The channel is not there, or not for us to read."""


# Asks wevtutil with these arguments; raises NoLog, Refused, or an OSError where it hangs.
Ask = Callable[[Sequence[str]], bytes]


class Mark(NamedTuple):
    """A record. Where a log was cleared its number is given again; its time is not."""

    number: int
    time: float


class Record(NamedTuple):
    mark: Mark
    event: Event


START = Mark(0, 0.0)


class Wevtutil:
    kind = "wevtutil"
    # It is a program to start, for each channel.
    interval = 15.0

    def __init__(self, position: str | None, ask: Ask) -> None:
        self._ask = ask
        self._marks = _marks(position)
        self._channels: list[str] = []
        for channel in CHANNELS:
            try:
                newest = self._records(channel, "/c:1", "/rd:true")
            except Refused as reason:
                log.warning("the log %s cannot be read: %s", channel, reason)
                continue
            self._channels.append(channel)
            self._marks.setdefault(channel, newest[0].mark if newest else START)
        if not self._channels:
            raise NoLog("no log of Windows may be read; its group is Event Log Readers")

    @property
    def position(self) -> str:
        return json.dumps(self._marks)

    def read(self, most: int) -> list[Event]:
        events: list[Event] = []
        # All of it or nothing: what one channel gave is read again when another hangs.
        marks = dict(self._marks)
        for channel in self._channels:
            if len(events) == most:
                break
            records = self._since(channel, marks[channel], most - len(events))
            if records:
                marks[channel] = records[-1].mark
            events += [record.event for record in records]
        self._marks = marks
        return events

    def close(self) -> None:
        """Nothing stays open between two questions."""

    def _since(self, channel: str, mark: Mark, most: int) -> Sequence[Record]:
        # With the marked one, which comes first.
        found = self._from(channel, mark.number, most + 1)
        if found and found[0].mark == mark:
            return found[1:]
        # It is gone, overwritten or cleared away, and the numbers may have begun at 1 again: all
        # that is there came later.
        return self._from(channel, 0, most)

    def _from(self, channel: str, number: int, most: int) -> list[Record]:
        return self._records(channel, f"/c:{most}", f"/q:*[System[(EventRecordID>={number})]]")

    def _records(self, channel: str, *options: str) -> list[Record]:
        text = self._ask(["qe", channel, "/f:xml", *options])
        source = channel.lower()
        return [_record(source, found[1]) for found in _EVENT.finditer(text)]


def asker(program: Path, seconds: float = PATIENCE_SECONDS) -> Ask:
    # Not at the head of the file: who has no such log need not carry it.
    import subprocess

    def ask(arguments: Sequence[str]) -> bytes:
        try:
            ended = subprocess.run(
                [program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
            )
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"wevtutil gave no answer within {seconds:.0f} s") from None
        except OSError as fault:
            raise NoLog(f"wevtutil cannot be started: {fault.strerror}") from None
        if ended.returncode:
            raise Refused(f"wevtutil ended with status {ended.returncode}")
        return ended.stdout

    return ask


def program(environment: Mapping[str, str]) -> Path:
    """Not by PATH: a folder that others may write might come first there."""
    return Path(environment.get("SystemRoot", r"C:\Windows"), "System32", "wevtutil.exe")


def _marks(position: str | None) -> dict[str, Mark]:
    try:
        said = json.loads(position or "{}")
        return {name: Mark(int(number), float(time)) for name, (number, time) in said.items()}
    except (AttributeError, TypeError, ValueError):
        return {}


def _record(source: str, system: bytes) -> Record:
    at = _when(_text(_TIME, system))
    level = int(_text(_LEVEL, system) or 0)
    refused = int(_text(_KEYWORDS, system) or "0", 16) & AUDIT_FAILURE
    return Record(
        Mark(int(_text(_NUMBER, system) or 0), at),
        Event(
            source,
            LEVELS.get(level, NOTICE if refused else INFO),
            _text(_PROVIDER, system).encode(),
            _text(_ID, system).encode(),
            at,
        ),
    )


def _text(field: re.Pattern[bytes], system: bytes) -> str:
    found = field.search(system)
    return found[1].decode("ascii", "replace") if found else ""


def _when(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0
