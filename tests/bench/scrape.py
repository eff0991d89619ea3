"""What one scrape costs, beside node_exporter with the same collectors."""

import http.client
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from bench.table import Row
from hyperion_exporter.collectors import COLLECTORS
from lab import pages, programs
from lab.ours import exporter
from lab.servers import Server, node_exporter

ROUNDS = 40
SCRAPES = 10
# Back to back, caches would be warmer than any Prometheus finds them.
SPACING_SECONDS = 0.25


@dataclass(frozen=True)
class Burst:
    """Some scrapes: processor time of one on average, wall time of each, in milliseconds."""

    cpu: float
    walls: Sequence[float]


@dataclass(frozen=True)
class Measured:
    """Ours first, then the peer's."""

    collectors: int
    bursts: list[tuple[Burst, Burst]]
    megabytes: tuple[float, float]
    samples: tuple[int, int]

    def p99s(self) -> tuple[float, float]:
        ours, theirs = zip(*self.bursts, strict=True)
        return _p99(ours), _p99(theirs)


def _p99(bursts: Iterable[Burst]) -> float:
    return statistics.quantiles(chain.from_iterable(b.walls for b in bursts), n=100)[98]


def scrape() -> Iterable[Row]:
    measured = measure(ROUNDS)
    peer = f"node_exporter 1.11, {measured.collectors} collectors"
    cpu = [(ours.cpu, theirs.cpu) for ours, theirs in measured.bursts]
    return [
        Row("CPU per scrape, gzip, every 0.25 s", "ms", peer, cpu, 0.30),
        Row(f"p99 of {ROUNDS * SCRAPES} scrapes", "ms", peer, [measured.p99s()], 0.35),
        Row("memory (RSS) after them", "MB", peer, [measured.megabytes], 1.0),
    ]


def measure(rounds: int) -> Measured:
    names = sorted({kind.name for kind in COLLECTORS if kind.default} & known_to_the_peer())
    flags = ["--collector.disable-defaults", *(f"--collector.{name}" for name in names)]
    with (
        tempfile.TemporaryDirectory() as folder,
        exporter(Path(folder), flags) as ours,
        node_exporter(Path(folder), "1.11", flags) as theirs,
    ):
        burst(ours, theirs)
        bursts = [burst(ours, theirs) for _ in range(rounds)]
        held = megabytes(ours), megabytes(theirs)
        told = len(pages.samples(pages.scrape(ours))), len(pages.samples(pages.scrape(theirs)))
        return Measured(len(names), bursts, held, told)


def known_to_the_peer() -> set[str]:
    argv = [programs.program("node_exporter", "1.11"), "--help"]
    help = subprocess.run(argv, capture_output=True, check=True, text=True).stdout
    return set(re.findall(r"--collector\.(\w+)\s+Enable ", help))


def burst(ours: Server, theirs: Server) -> tuple[Burst, Burst]:
    """One scrape of each in turn, so that what else the machine does falls on both alike."""
    with visitor(ours) as our_scrape, visitor(theirs) as their_scrape:
        before = cpu_seconds(ours), cpu_seconds(theirs)
        walls = [(our_scrape(), their_scrape()) for _ in range(SCRAPES)]
        after = cpu_seconds(ours), cpu_seconds(theirs)
    our_walls, their_walls = zip(*walls, strict=True)
    our_cpu, their_cpu = ((b - a) / SCRAPES * 1000 for a, b in zip(before, after, strict=True))
    return Burst(our_cpu, our_walls), Burst(their_cpu, their_walls)


@contextmanager
def visitor(server: Server) -> Iterator[Callable[[], float]]:
    """Scrapes over one connection, as Prometheus does it, and says how long it took."""
    client = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)

    def scrape() -> float:
        time.sleep(SPACING_SECONDS / 2)
        begun = time.perf_counter()
        client.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
        client.getresponse().read()
        return (time.perf_counter() - begun) * 1000

    with closing(client):
        yield scrape


def cpu_seconds(server: Server) -> float:
    """The kernel's clock of that process, its ended threads included, to the nanosecond.

    Its number is made from the pid as clock_getcpuclockid(3) makes it, which Python lacks.
    """
    return time.clock_gettime((~server.process.pid << 3) | 2)


def megabytes(server: Server) -> float:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if "VmRSS" in line)
