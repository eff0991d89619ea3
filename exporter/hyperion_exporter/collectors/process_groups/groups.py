"""Which process belongs to which group, and what the groups take together."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import add

from hyperion_exporter.collector import Column, Family, Labels, Table, Value, counter, gauge
from hyperion_exporter.collectors.process_groups import Options, rules
from hyperion_exporter.collectors.process_groups.member import (
    NO_COUNTS,
    OTHER_STATE,
    STATES,
    Counts,
    Member,
)
from hyperion_exporter.collectors.process_groups.rules import Rule
from hyperion_exporter.collectors.process_groups.traits import Traits
from hyperion_exporter.paths import Paths
from hyperion_exporter.process import ENDED, Crowd, Process

# The group of those that found no room for one of their own.
REST = "other"
TICKS = os.sysconf("SC_CLK_TCK")
GROUP = "groupname"
PREFIX = "namedprocess_namegroup"

PROCESSES = gauge(f"{PREFIX}_num_procs", "Processes of the group.", GROUP)
THREADS = gauge(f"{PREFIX}_num_threads", "Threads of the group.", GROUP)
MEMORY = gauge(f"{PREFIX}_memory_bytes", "Memory of the group by kind.", GROUP, "memtype")
FDS = gauge(f"{PREFIX}_open_filedesc", "Open descriptors of the group.", GROUP)
RATIO = gauge(
    f"{PREFIX}_worst_fd_ratio",
    "Open descriptors of the process that is nearest to its limit, as a part of that limit.",
    GROUP,
)
START = gauge(
    f"{PREFIX}_oldest_start_time_seconds",
    "When the oldest process of the group was started, since the epoch.",
    GROUP,
)
STATE = gauge(f"{PREFIX}_states", "Threads of the group by state.", GROUP, "state")
CPU = counter(f"{PREFIX}_cpu_seconds_total", "Processor time of the group.", GROUP, "mode")
READ = counter(f"{PREFIX}_read_bytes_total", "Bytes read from storage by the group.", GROUP)
WRITTEN = counter(f"{PREFIX}_write_bytes_total", "Bytes written to storage by the group.", GROUP)
MAJOR = counter(
    f"{PREFIX}_major_page_faults_total", "Page faults that had to wait for storage.", GROUP
)
MINOR = counter(f"{PREFIX}_minor_page_faults_total", "Page faults that had not.", GROUP)
SWITCHES = counter(
    f"{PREFIX}_context_switches_total",
    "How often threads of the group gave the processor up, or had to.",
    GROUP,
    "ctxswitchtype",
)

KINDS = ("resident", "virtual", "swapped")
PROPORTIONAL = ("proportionalResident", "proportionalSwapped")
STATE_NAMES = (*STATES.values(), OTHER_STATE)


class Groups:
    """Counts begin with the first look, whatever processes took before."""

    def __init__(self, obeyed: Sequence[Rule], paths: Paths, options: Options) -> None:
        self.rules = obeyed
        self.unread = self.unread_in_part = 0
        self._options = options
        self._crowd = Crowd(paths.procfs)
        self._boot = _boot_time(paths)
        self._members: dict[str, Member] | None = None
        self._totals: dict[str, Counts] = {}
        self._peopled: set[str] = set()
        kinds = (*KINDS, *(PROPORTIONAL if options.smaps else ()))
        self._columns: tuple[Family | Column, ...] = (
            PROCESSES, THREADS, *(MEMORY.column(memtype=kind) for kind in kinds), FDS, RATIO, START,
            *(STATE.column(state=name) for name in STATE_NAMES),
            CPU.column(mode="user"), CPU.column(mode="system"), READ, WRITTEN, MAJOR, MINOR,
            SWITCHES.column(ctxswitchtype="voluntary"),
            SWITCHES.column(ctxswitchtype="nonvoluntary"),
        )  # fmt: skip

    def look(self) -> Table:
        known, first = self._members or {}, self._members is None
        self._members = {}
        newcomers = []
        for number, process in self._crowd.look().items():
            member = known.get(number)
            if member is None or member.process is not process:
                member = Member(process, self._options.smaps)
            # Who runs another program now may be of another group.
            if member.name != process.stat.name:
                newcomers.append(number)
            self._members[number] = member
        self._assign(newcomers, self._members)
        self._take(self._members.values(), first)
        return self._table(self._members.values())

    def _assign(self, newcomers: Sequence[str], members: Mapping[str, Member]) -> None:
        for number in newcomers:
            member = members[number]
            member.name = member.process.stat.name
            member.group = self._named(member.process)
        if self._options.children:
            for number in newcomers:
                members[number].group = _inherited(number, members)

    def _named(self, process: Process) -> str | None:
        try:
            name = rules.group(self.rules, Traits(process))
        except ENDED:
            return None
        return name if name is None else self._room(name)

    def _room(self, name: str) -> str:
        """That name, or that of the rest where there are as many groups as may be."""
        if name not in self._totals and len(self._totals) >= self._options.most:
            empty = next((group for group in self._totals if group not in self._peopled), None)
            if empty is None:
                name = REST
            else:
                del self._totals[empty]
        self._totals.setdefault(name, NO_COUNTS)
        self._peopled.add(name)
        return name

    def _take(self, members: Iterable[Member], first: bool) -> None:
        for member in members:
            if member.group is None:
                continue
            try:
                took = member.look()
            except OSError as fault:
                self.unread += not isinstance(fault, ENDED)
                member.group = None
                continue
            self.unread_in_part += member.partial
            # What it took before we began is not ours to count.
            if any(took) and not first:
                self._totals[member.group] = tuple(map(add, self._totals[member.group], took))

    def _table(self, members: Iterable[Member]) -> Table:
        peopled: dict[str, list[Member]] = {}
        for member in members:
            if member.group is not None:
                peopled.setdefault(member.group, []).append(member)
        self._peopled = set(peopled)
        if self._options.remove_empty:
            self._totals = {name: self._totals[name] for name in peopled}
        rows: dict[Labels, list[Value]] = {
            (name,): [*self._held(peopled.get(name, ())), *_counted(totals)]
            for name, totals in sorted(self._totals.items())
        }
        return Table(self._columns, rows)

    def _held(self, members: Sequence[Member]) -> list[Value]:
        """What a group has now, in the order of the columns."""
        if not members:
            return [0] * (len(self._columns) - len(NO_COUNTS))
        states = Counter(chain.from_iterable(member.states for member in members))
        started = min(member.process.stat.started for member in members)
        return [
            *map(sum, zip(*(member.holds for member in members), strict=True)),
            max(member.fd_ratio for member in members),
            int(self._boot + started / TICKS),
            *(states[name] for name in STATE_NAMES),
        ]


def _inherited(number: str, members: Mapping[str, Member]) -> str | None:
    """Its group, or that of the nearest one above that has one."""
    member = members.get(number)
    # No further than there are processes: numbers given anew meanwhile could make a circle.
    for _ in members:
        if member is None or member.group is not None:
            break
        member = members.get(str(member.process.stat.parent))
    return member.group if member else None


def _counted(counts: Counts) -> list[Value]:
    user, system, *rest = counts
    return [user / TICKS, system / TICKS, *rest]


def _boot_time(paths: Paths) -> int:
    lines = paths.proc("stat").lines()
    return next(int(line.split()[1]) for line in lines if line.startswith("btime "))
