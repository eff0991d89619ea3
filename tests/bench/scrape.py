"""What one scrape costs, beside node_exporter with the same collectors."""

import http.client
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.table import Row
from hyperion_exporter.collectors import COLLECTORS
from lab.ours import exporter
from lab.servers import Server, node_exporter

ROUNDS = 9
SCRAPES = 10
# Back to back, caches would be warmer than any Prometheus finds them.
SPACING_SECONDS = 0.25
# Without peer: what node_exporter has no name for, and what it gives whatever is switched on.
OURS_ALONE = {"exporter"}


@dataclass(frozen=True)
class Burst:
    """Ten scrapes: processor time of each, and the wall time of the slowest, in milliseconds."""

    cpu: float
    slowest: float


@dataclass(frozen=True)
class Measured:
    """Ours first, then the peer's."""

    collectors: int
    bursts: list[tuple[Burst, Burst]]
    megabytes: tuple[float, float]


def scrape() -> Iterable[Row]:
    measured = measure(ROUNDS)
    peer = f"node_exporter 1.11, {measured.collectors} collectors"
    cpu = [(ours.cpu, theirs.cpu) for ours, theirs in measured.bursts]
    slowest = [(ours.slowest, theirs.slowest) for ours, theirs in measured.bursts]
    return [
        Row("CPU per scrape, gzip, every 0.25 s", "ms", peer, cpu, 0.30),
        Row(f"slowest of {SCRAPES} scrapes", "ms", peer, slowest, 0.35),
        Row("memory (RSS) after them", "MB", peer, [measured.megabytes], 1.0),
    ]


def measure(rounds: int) -> Measured:
    names = [kind.name for kind in COLLECTORS if kind.default and kind.name not in OURS_ALONE]
    flags = ["--collector.disable-defaults", *(f"--collector.{name}" for name in names)]
    with (
        tempfile.TemporaryDirectory() as folder,
        exporter(Path(folder), flags) as ours,
        node_exporter(Path(folder), "1.11", flags) as theirs,
    ):
        burst(ours), burst(theirs)
        bursts = [(burst(ours), burst(theirs)) for _ in range(rounds)]
        return Measured(len(names), bursts, (megabytes(ours), megabytes(theirs)))


def burst(server: Server) -> Burst:
    """Over one connection, as Prometheus does it."""
    client = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
    before, slowest = cpu_seconds(server), 0.0
    for _ in range(SCRAPES):
        time.sleep(SPACING_SECONDS)
        begun = time.perf_counter()
        client.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
        client.getresponse().read()
        slowest = max(slowest, time.perf_counter() - begun)
    client.close()
    return Burst((cpu_seconds(server) - before) / SCRAPES * 1000, slowest * 1000)


def cpu_seconds(server: Server) -> float:
    """The kernel's clock of that process, its ended threads included, to the nanosecond.

    Its number is made from the pid as clock_getcpuclockid(3) makes it, which Python lacks.
    """
    return time.clock_gettime((~server.process.pid << 3) | 2)


def megabytes(server: Server) -> float:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if "VmRSS" in line)
