"""The kernel's own log, /dev/kmsg (Documentation/ABI/testing/dev-kmsg), for want of a journal."""

import os
import stat
import time
from collections.abc import Container, Iterator
from pathlib import Path

from hyperion_exporter.sources.event_log import MOST_BYTES, Event, NoLog

LOG = "dev/kmsg"
BOOT_ID = "proc/sys/kernel/random/boot_id"

# More than the kernel puts into a record; for less than a record it gives an error.
_RECORD = 1 << 14


class Kmsg:
    kind = "kmsg"
    interval = 1.0

    def __init__(self, root: Path, position: str | None, programs: Container[bytes]) -> None:
        self._fd = -1
        try:
            self._fd = os.open(root / LOG, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            self._boot = (root / BOOT_ID).read_text().strip()
        except OSError as fault:
            raise NoLog(f"the kernel's log cannot be read: {fault.strerror}") from None
        if not stat.S_ISCHR(os.fstat(self._fd).st_mode):
            # Containers have something else in its place.
            raise NoLog("the kernel's log is not to be seen here")
        boot, _, number = (position or "").partition(":")
        # What was logged since the machine was started anew is all new.
        self._number = int(number) if boot == self._boot and number.isdecimal() else -1
        if position is None:
            self._number = max((number for number, _ in self._records()), default=-1)

    @property
    def position(self) -> str:
        return f"{self._boot}:{self._number}"

    def read(self, most: int) -> list[Event]:
        # Its times count from the start of the machine.
        started = time.time() - time.monotonic()
        events: list[Event] = []
        for number, record in self._records():
            if number > self._number:
                self._number = number
                events.append(_event(record, started))
            if len(events) == most:
                break
        return events

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __del__(self) -> None:
        self.close()

    def _records(self) -> Iterator[tuple[int, bytes]]:
        """Those that are there, and the number of each."""
        while True:
            try:
                record = os.read(self._fd, _RECORD)
            except BrokenPipeError:
                # The oldest of those not yet read was overwritten.
                continue
            except BlockingIOError:
                return
            if not record:
                return
            yield int(record.split(b",", 2)[1]), record


def _event(record: bytes, started: float) -> Event:
    """From "level,number,microseconds,flags;message" and what else stands on further lines."""
    head, _, text = record.partition(b";")
    priority, _, microseconds = head.split(b",")[:3]
    # Above the level stands who logs; 0 is the kernel, which nobody else can claim to be.
    facility, level = divmod(int(priority), 8)
    program = b"" if facility else b"kernel"
    message = text.partition(b"\n")[0][:MOST_BYTES]
    return Event("kernel", level, program, message, started + int(microseconds) / 1e6)
