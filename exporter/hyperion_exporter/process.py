"""The processes that /proc tells of, each read in full only when it may have something new."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

# A command line may be longer; nobody tells programs apart by what stands behind.
MOST_BYTES = 1 << 16
# What the kernel says of a process that is no more.
ENDED = (FileNotFoundError, ProcessLookupError)
# The root of a real /proc has this number; a copy of it is a folder like any other.
PROC_ROOT = 1
# Under these systemd keeps the processes of one unit.
UNITS = (".service", ".scope", ".mount", ".socket", ".swap")


class Unclear(OSError):
    """A file of a process that says what no kernel says: that process is as one we may not read."""


class Stat(NamedTuple):
    """Times in ticks, memory in bytes and in pages, as proc(5) has them."""

    name: str
    state: str
    parent: int
    minor_faults: int
    major_faults: int
    user: int
    system: int
    threads: int
    started: int
    virtual: int
    resident: int


class Status(NamedTuple):
    """Of a process or of a thread: memory in bytes, and how often it left the processor."""

    state: str
    uid: int
    swapped: int
    voluntary: int
    involuntary: int


class Process:
    """`changed` is whether it may be other than at the look before."""

    __slots__ = ("_folder", "_ran", "_sized", "_text", "changed", "number", "stat")

    def __init__(self, folder: str, sized: bool = False) -> None:
        self.number = folder.rpartition("/")[2]
        self._folder = folder
        self._sized = sized
        self._ran = self._text = b""
        self.changed = True
        self.stat = Stat("", "", 0, 0, 0, 0, 0, 1, 0, 0, 0)

    def look(self, glance: bool = False) -> None:
        """Raises one of ENDED when it is gone.

        To a glance, who has not run is as it was, though memory may have been taken from it.
        """
        # Before all else: what it does meanwhile is then seen the next time.
        ran = self._time_run()
        if glance and ran and ran == self._ran:
            self.changed = False
            return
        text = self.read("stat")
        self.changed = not ran or ran != self._ran or text != self._text
        if text != self._text:
            self.stat = parsed(text)
        self._ran, self._text = ran, text

    def status(self) -> Status:
        return _status(self.read("status"))

    def threads(self) -> dict[str, Status]:
        """Each by its number."""
        found = {}
        for number in os.listdir(f"{self._folder}/task"):  # noqa: PTH208 - dear, see Crowd
            with suppress(*ENDED):
                found[number] = _status(self.read(f"task/{number}/status"))
        return found

    def io(self) -> tuple[int, int] | None:
        """Bytes read from and written to storage; None where we may not know."""
        try:
            words = self.read("io").split()
            with _clearly("io"):
                return int(words[9]), int(words[11])
        except OSError:
            return None

    def fds(self) -> int | None:
        """Open descriptors; None where we may not know."""
        folder = f"{self._folder}/fd"
        try:
            return self._sized and os.stat(folder).st_size or len(os.listdir(folder))  # noqa: PTH116, PTH208
        except OSError:
            return None

    def fd_limit(self) -> float:
        text = self.read("limits")
        with _clearly("limits"):
            limit = text[text.index(b"Max open files") :].split(None, 4)[3]
            return float("inf") if limit == b"unlimited" else int(limit)

    def proportional(self) -> tuple[int, int] | None:
        """Bytes of memory and of swap, shared ones by share; None where we may not know."""
        try:
            text = self.read("smaps_rollup")
            return _number(text, b"\nPss:") * 1024, _number(text, b"\nSwapPss:") * 1024
        except OSError:
            return None

    def command_line(self) -> list[str]:
        text = self.read("cmdline").rstrip(b"\0")
        return text.decode("utf-8", "surrogateescape").split("\0") if text else []

    def cgroups(self) -> list[str]:
        try:
            text = self.read("cgroup").decode("utf-8", "surrogateescape")
        except OSError:
            return []
        return [line.split(":", 2)[2] for line in text.split("\n") if line.count(":") > 1]

    def read(self, name: str) -> bytes:
        fd = os.open(f"{self._folder}/{name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.read(fd, MOST_BYTES)
        finally:
            os.close(fd)

    def _time_run(self) -> bytes:
        """How long and how often it ran, to the nanosecond; nothing where that is not known."""
        # It speaks of one thread.
        if self.stat.threads != 1:
            return b""
        try:
            return self.read("schedstat")
        except FileNotFoundError:
            return b""


class Crowd:
    """All processes there are; each stays the same object while it lives."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, Process] = {}
        real = root.exists() and root.stat().st_ino == PROC_ROOT
        # Since Linux 6.2 the size of that folder is the number of descriptors.
        self._sized = real and Path("/proc/self/fd").stat().st_size > 0

    def look(self, glance: bool = False) -> dict[str, Process]:
        """Those that live, by number, freshly read."""
        known, self._known = self._known, {}
        # Names, not Path: making one for each entry costs more than reading it.
        for number in filter(str.isdigit, os.listdir(self._root)):  # noqa: PTH208
            try:
                self._known[number] = self._seen(number, known.get(number), glance)
            except OSError:
                # It ended meanwhile, or is not ours to know.
                continue
        return self._known

    def alone(self, number: str) -> Process:
        """One of them, read on its own."""
        process = Process(f"{self._root}/{number}", self._sized)
        process.look()
        return process

    def _seen(self, number: str, process: Process | None, glance: bool) -> Process:
        if process:
            started = process.stat.started
            process.look(glance)
            # The number of one that ended may have been given to another.
            if process.stat.started == started:
                return process
        return self.alone(number)


def parsed(text: bytes) -> Stat:
    with _clearly("stat"):
        # The name stands in brackets and may hold anything, brackets too.
        opening, closing = text.index(b"("), text.rindex(b")")
        fields = text[closing + 2 :].split(b" ", 22)
        return Stat(
            text[opening + 1 : closing].decode("utf-8", "surrogateescape"),
            fields[0].decode(),
            *(int(fields[place]) for place in (1, 7, 9, 11, 12, 17, 19, 20, 21)),
        )


def _status(text: bytes) -> Status:
    with _clearly("status"):
        return Status(
            text[text.index(b"\nState:") :].split(None, 2)[1].decode(),
            _number(text, b"\nUid:", 1),
            # Absent for what has no memory of its own.
            _number(text, b"\nVmSwap:") * 1024,
            _number(text, b"\nvoluntary_ctxt_switches:"),
            _number(text, b"\nnonvoluntary_ctxt_switches:"),
        )


def unit(cgroups: Iterable[str]) -> str:
    """The system's unit that a process belongs to, as its control groups name it."""
    parts = (part for path in cgroups for part in path.split("/"))
    return next((part for part in parts if part.endswith(UNITS)), "")


def _number(text: bytes, name: bytes, place: int = 0) -> int:
    """The number behind that name; 0 where the name is not there."""
    at = text.find(name)
    with _clearly(name.decode().strip()):
        return int(text[at + len(name) :].split(None, place + 1)[place]) if at >= 0 else 0


@contextmanager
def _clearly(what: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, IndexError) as fault:
        raise Unclear(f"{what}: {fault}") from None
