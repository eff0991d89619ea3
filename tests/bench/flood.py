"""What a scrape takes while the journal is flooded, beside one whose journal is quiet."""

import os
import re
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench.scrape import burst
from bench.table import Row
from lab.journald import Journald, journald
from lab.ours import exporter
from lab.servers import Server
from lab.wait import wait_for

A_SECOND = 10_000
PIECE = 100
ROUNDS = 20
# Shown is what is kept, and that is written every five seconds.
BEHIND_SECONDS = 10
# Nothing else here is so chatty.
LINE = b"PRIORITY=7\nSYSLOG_IDENTIFIER=flood\nMESSAGE=request %d took 12 ms, 3 rows, cache hit\n"
AGE = re.compile(r"^hyperion_events_age_seconds (\S+)$", re.MULTILINE)
COUNTED = re.compile(r'^hyperion_events_total\{.*level="debug".*\} (\S+)$', re.MULTILINE)


class Watched(NamedTuple):
    system: Journald
    server: Server


def flood() -> Iterable[Row]:
    if os.geteuid() != 0:
        print("left out, for want of root: flood")
        return
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        loud, quiet = (stack.enter_context(_exporter(folder / name)) for name in ("loud", "quiet"))
        with _poured(loud.system) as stop:
            burst(loud.server, quiet.server)
            bursts, behind = [], []
            for _ in range(ROUNDS):
                bursts.append(burst(loud.server, quiet.server))
                behind.append(_shown(loud.server, AGE)[0])
            written, a_second = stop()
        counted = partial(_shown, loud.server, COUNTED)
        wait_for(lambda: sum(counted()) == written, 30, "each line to be counted once")
    walls = [tuple(map(statistics.median, (a.walls, b.walls))) for a, b in bursts]
    yield Row(
        f"a scrape beside {a_second:,} lines/s", "ms", "one whose journal is quiet", walls, 1.1
    )
    yield Row(
        "the counts behind them", "s", "what is promised", [(max(behind), BEHIND_SECONDS)], 1.0
    )


def _shown(server: Server, samples: re.Pattern[str]) -> list[float]:
    with urllib.request.urlopen(f"{server.url}/metrics?collect[]=events", timeout=30) as page:
        return [float(value) for value in samples.findall(page.read().decode())]


def pour(journal: str, piece: int, pause: float) -> None:
    """Until standard input ends; then says how many lines that were, and how many a second."""
    written, begun = 0, time.monotonic()
    due = begun
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.connect(journal)
        while not select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
            for number in range(piece):
                client.send(LINE % number)
            written, due = written + piece, due + pause
    print(written, round(written / (time.monotonic() - begun)))


@contextmanager
def _poured(system: Journald) -> Iterator[Callable[[], list[int]]]:
    """What is handed out ends the flood, and tells how many lines it had, and a second."""
    journal = f"{system.root}/run/systemd/journal/socket"
    inside = f"from bench.flood import pour; pour({journal!r}, {PIECE}, {PIECE / A_SECOND})"
    argv = [sys.executable, "-c", inside]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(argv, **pipes, text=True) as pouring:
        yield lambda: [int(number) for number in pouring.communicate()[0].split()]


@contextmanager
def _exporter(folder: Path) -> Iterator[Watched]:
    """With a journal of its own."""
    folder.mkdir()
    state = f"--collector.events.state-folder={folder}"
    with (
        journald(folder) as system,
        exporter(folder, [f"--path.rootfs={system.root}", state]) as server,
    ):
        yield Watched(system, server)
