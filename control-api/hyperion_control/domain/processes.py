"""The processes of a machine, read from what its kernel says of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from hyperion_control.domain import sections
from hyperion_control.domain.excerpts import Excerpt
from hyperion_control.domain.sections import Section
from hyperion_control.errors import Invalid, NotFound

# The kernel tells user space in these on every architecture that we know machines of.
TICKS_PER_SECOND = 100
START = re.compile(r"(?P<ticks>[0-9]{1,20})-(?P<boot>[0-9a-f-]{36})")
STATES = {
    "R": "running",
    "S": "sleeping",
    "D": "disk-sleep",
    "T": "stopped",
    "t": "traced",
    "Z": "zombie",
    "X": "dead",
    "I": "idle",
    "P": "parked",
}
# What our script puts where a word of a command line ends.
GAP = b"\xff"
# A slice holds units; of what runs within a unit only systemd's own name tells.
UNIT = re.compile(r"[^/]+\.(?:service|scope|socket|mount|swap)")


@dataclass(frozen=True)
class Process:
    pid: int
    ppid: int
    start: str  # of a machine and a number, the one process
    started_at: datetime
    name: str
    cmdline: tuple[str, ...]  # empty: the kernel's own, or a zombie
    user: str
    unit: str | None
    state: str
    nice: int
    threads: int
    cpu: float  # share of one processor, over the moment in which we looked
    cpu_seconds: float
    rss_bytes: int
    read_bytes: int | None  # None where we may not know
    write_bytes: int | None


class _Stat(NamedTuple):
    """proc(5), /proc/PID/stat."""

    name: str
    state: str
    ppid: int
    ticks: int  # of processors
    nice: int
    threads: int
    born: int

    @classmethod
    def read(cls, lines: list[bytes]) -> "_Stat":
        text = b"\n".join(lines)
        opened, closed = text.index(b"("), text.rindex(b") ")
        state, *rest = text[closed + 2 :].split()
        fields = [int(each) for each in rest]
        name = shown(text[opened + 1 : closed])
        times = fields[10] + fields[11]
        return cls(name, state.decode(), fields[0], times, fields[15], fields[16], fields[18])


def read(stdout: Excerpt) -> list[Process]:
    """By number; without those who looked for us."""
    found = sections.read(stdout)
    with sections.understood():
        return _Reading(found).processes()


def one(stdout: Excerpt) -> Process:
    found = read(stdout)
    if not found:
        raise NotFound("there is no such process on this machine", code="no-process")
    return found[0]


def born(start: str) -> tuple[str, str]:
    """The kernel's ticks and which boot they are counted from."""
    if (found := START.fullmatch(start)) is None:
        wrong = {"pointer": "/start", "detail": "not as a list of processes shows it"}
        raise Invalid("the start of the process cannot be read: list them again", errors=[wrong])
    return found["ticks"], found["boot"]


def shown(text: bytes) -> str:
    """As text, whatever it holds; what is no text is escaped."""
    return text.decode(errors="backslashreplace")


def users(section: Section) -> dict[int, str]:
    """Their names by number, of those who have one."""
    pairs = (line.partition(b" ") for line in section.lines)
    return {int(uid): shown(name) for uid, _, name in pairs if name != b"UNKNOWN"}


class _Reading:
    def __init__(self, found: Mapping[str, Section]) -> None:
        self._before, self._after = _stats(found["before"]), _stats(found["after"])
        self._files = found["rest"].files()
        self._users = users(found["users"])
        self._seconds = float(found["after"].words[0]) - float(found["before"].words[0])
        _, booted, self._boot, looking = found["end"].words
        self._booted, self._looking = int(booted), int(looking)

    def processes(self) -> list[Process]:
        every = (self._process(pid, stat) for pid, stat in sorted(self._after.items()))
        return [each for each in every if each and self._looking not in (each.pid, each.ppid)]

    def _process(self, pid: int, stat: _Stat) -> Process | None:
        status = _pairs(self._lines(pid, "status"))
        if b"Uid" not in status:  # it ended while we looked
            return None
        uid = int(status[b"Uid"][1])
        transfers = _pairs(self._lines(pid, "io"))
        read, write = transfers.get(b"read_bytes"), transfers.get(b"write_bytes")
        return Process(
            pid,
            stat.ppid,
            f"{stat.born}-{self._boot}",
            datetime.fromtimestamp(self._booted + stat.born // TICKS_PER_SECOND, UTC),
            stat.name,
            _words(self._lines(pid, "cmdline")),
            self._users.get(uid, str(uid)),
            _unit(self._lines(pid, "cgroup")),
            STATES.get(stat.state, stat.state),
            stat.nice,
            stat.threads,
            self._share(pid, stat),
            stat.ticks / TICKS_PER_SECOND,
            int(status.get(b"VmRSS", [b"0"])[0]) * 1024,
            int(read[0]) if read else None,
            int(write[0]) if write else None,
        )

    def _lines(self, pid: int, name: str) -> list[bytes]:
        return self._files.get(f"{pid}/{name}", [])

    def _share(self, pid: int, stat: _Stat) -> float:
        before = self._before.get(pid)
        same = before is not None and before.born == stat.born
        spent = stat.ticks - (before.ticks if before and same else 0)
        return round(max(spent, 0) / TICKS_PER_SECOND / max(self._seconds, 0.01), 3)


def _stats(section: Section) -> dict[int, _Stat]:
    files = section.files().items()
    return {int(name.partition("/")[0]): _Stat.read(lines) for name, lines in files}


def _pairs(lines: list[bytes]) -> dict[bytes, list[bytes]]:
    parts = (line.partition(b":") for line in lines)
    return {name: values.split() for name, _, values in parts}


def _words(lines: list[bytes]) -> tuple[str, ...]:
    text = b"\n".join(lines)
    # Programs that write their own title leave one word, and fill up behind it.
    return tuple(map(shown, text.rstrip(GAP).split(GAP))) if text.strip(GAP) else ()


def _unit(lines: list[bytes]) -> str | None:
    """Of systemd's own hierarchy, which is the last to be named where there are several."""
    for line in lines:
        path = shown(line).partition(":")[2].partition(":")[2]
        if found := next((part for part in path.split("/") if UNIT.fullmatch(part)), None):
            return found
    return None
