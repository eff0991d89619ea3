"""Processes written as files of a /proc."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

STATUS = """\
Name:\tany
State:\t{state} (any)
Uid:\t{uid}\t{uid}\t{uid}\t{uid}
{swap}Threads:\t{threads}
voluntary_ctxt_switches:\t{voluntary}
nonvoluntary_ctxt_switches:\t{involuntary}
x86_Thread_features:\t
"""
IO = "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: {}\nwrite_bytes: {}\ncancelled: 7\n"
LIMITS = """\
Limit                     Soft Limit           Hard Limit           Units
Max open files            {:20} 1048576              files
"""
SMAPS = "55-ff ---p 00 00:00 0 [rollup]\nRss: 9 kB\nPss: {} kB\nPss_Dirty: 1 kB\nSwapPss: {} kB\n"


@dataclass
class Written:
    """A process of files; write() again after a change."""

    number: int
    name: str = "any"
    parent: int = 1
    state: str = "S"
    started: int = 1000
    ticks: tuple[int, int] = (0, 0)
    faults: tuple[int, int] = (0, 0)
    threads: int = 1
    pages: int = 100
    swapped: int | None = 0
    switches: tuple[int, int] = (0, 0)
    io: tuple[int, int] | None = (0, 0)
    fds: int = 3
    fd_limit: str = "1024"
    argv: Sequence[str] = ()
    cgroup: str = ""
    uid: int = 0
    ran: str = ""
    pss: tuple[int, int] = (0, 0)

    def write(self, procfs: Path) -> "Written":
        files = {
            "stat": self._stat(),
            "status": self._status(),
            "limits": LIMITS.format(self.fd_limit),
            "cmdline": "".join(f"{word}\0" for word in self.argv),
            "cgroup": self.cgroup,
            "smaps_rollup": SMAPS.format(*self.pss),
        }
        files |= {} if self.io is None else {"io": IO.format(*self.io)}
        files |= {"schedstat": self.ran} if self.ran else {}
        files |= {f"fd/{number}": "" for number in range(self.fds)}
        threads = range(self.number, self.number + self.threads)
        files |= {f"task/{thread}/status": self._status() for thread in threads}
        for name, text in files.items():
            path = procfs / str(self.number) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return self

    def _status(self) -> str:
        swap = "" if self.swapped is None else f"VmSwap:\t{self.swapped:8} kB\n"
        voluntary, involuntary = self.switches
        return STATUS.format(
            state=self.state, uid=self.uid, swap=swap, threads=self.threads, voluntary=voluntary,
            involuntary=involuntary,
        )  # fmt: skip

    def _stat(self) -> str:
        minor, major = self.faults
        user, system = self.ticks
        return (
            f"{self.number} ({self.name}) {self.state} {self.parent} 1 1 0 -1 4194560 {minor} 9"
            f" {major} 9 {user} {system} 5 1 20 0 {self.threads} 0 {self.started} 171204608"
            f" {self.pages} 18446744073709551615 1 1\n"
        )
