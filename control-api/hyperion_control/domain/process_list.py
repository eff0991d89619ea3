"""Which of a machine's processes somebody wants to see, and in which order."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hyperion_control.domain import pages
from hyperion_control.domain.pages import Page
from hyperion_control.domain.processes import Process
from hyperion_control.errors import Invalid

KEYS = (
    "pid",
    "started_at",
    "cpu",
    "cpu_seconds",
    "rss_bytes",
    "read_bytes",
    "write_bytes",
    "threads",
    "nice",
)
Place = tuple[float, int]


@dataclass(frozen=True)
class Filter:
    """What is empty is not asked for."""

    user: str = ""
    name: str = ""
    unit: str = ""
    state: str = ""
    cmdline: str = ""  # a part of it

    def takes(self, process: Process) -> bool:
        exact = ("user", "name", "unit", "state")
        asked = {each: getattr(self, each) for each in exact if getattr(self, each)}
        matches = all(getattr(process, each) == value for each, value in asked.items())
        return matches and self.cmdline in " ".join(process.cmdline)


def page(
    found: Iterable[Process], wanted: Filter, sort: str, after: str, limit: int
) -> Page[Process]:
    """From behind the place where the page before ended, whoever has gone or moved meanwhile."""
    begin = _read(after) if after else None
    places = sorted((_place(each, sort), each.pid, each) for each in found if wanted.takes(each))
    rest = [(at, pid, each) for at, pid, each in places if begin is None or (at, pid) > begin]
    cut = pages.cut(rest, limit, lambda one: f"{one[0]!r} {one[1]}")
    return Page([each for _, _, each in cut.items], cut.after)


def tree(found: Sequence[Process]) -> Iterator[tuple[int, Process]]:
    """Each behind its parent, with its depth; a list, since a tree may be deeper than JSON."""
    children: dict[int, list[Process]] = {}
    for process in found:
        children.setdefault(process.ppid, []).append(process)
    left = {process.pid for process in found}
    roots = [process for process in found if process.ppid not in left]
    # Numbers that changed hands while we looked can lead in a circle, without a root.
    for root in (*roots, *found):
        waiting = [(0, root)]
        while waiting:
            depth, process = waiting.pop()
            if process.pid in left:
                left.remove(process.pid)
                yield depth, process
                below = reversed(children.get(process.pid, []))
                waiting += [(depth + 1, child) for child in below]


def _place(process: Process, sort: str) -> float:
    value = getattr(process, sort.removeprefix("-"))
    number = value.timestamp() if sort.endswith("started_at") else value
    up = -1.0 if number is None else float(number)
    return -up if sort.startswith("-") else up


def _read(after: str) -> Place:
    value, _, pid = after.partition(" ")
    try:
        return float(value), int(pid)
    except ValueError:
        wrong = {"pointer": "/cursor", "detail": "this cursor was not made by us"}
        raise Invalid("the cursor cannot be read: begin without one", errors=[wrong]) from None
