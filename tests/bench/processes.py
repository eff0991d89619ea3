"""What a scrape costs on a machine with many processes, beside all that the exporter replaces."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.crowd import ALONE
from bench.scrape import SCRAPES, cpu_seconds, megabytes, visitor
from bench.table import Row
from lab.disks import Disks
from lab.ours import exporter
from lab.process_exporter import process_exporter
from lab.servers import Server, node_exporter
from lab.smartctl_exporter import smartctl_exporter
from lab.systemd_exporter import systemd_exporter

MANY, USUAL = 1000, 300
ROUNDS = 5
# As Debian's package has it: a group for each name.
RULES = "process_names: [{name: '{{.Comm}}', cmdline: ['.+']}]"
# Names that differ, as on a machine that does many things.
NAMES = 40
Pairs = dict[str, list[tuple[float, float]]]


def processes() -> Iterable[Row]:
    if os.geteuid() != 0:
        print(f"left out, for want of root: {MANY} processes, {USUAL} processes")
        return
    alone = inside("groups")
    peer = "process-exporter 0.8.7, no threads, no smaps"
    yield Row(f"CPU per scrape, {MANY} processes in groups", "ms", peer, alone["cpu"], 0.15)
    together = inside("whole")
    peer = "node, process, systemd and smartctl exporters"
    yield Row(f"CPU per scrape, {USUAL} processes, all on", "ms", peer, together["cpu"], 0.15)
    yield Row(f"memory (RSS), {USUAL} processes, all on", "MB", peer, together["memory"], 0.40)


def inside(what: str) -> Pairs:
    program = f"from bench.processes import measured; measured({what!r})"
    argv = [*ALONE, sys.executable, "-c", program]
    said = subprocess.run(argv, stdout=subprocess.PIPE, check=True, text=True).stdout
    return {
        name: [(ours, theirs) for ours, theirs in pairs] for name, pairs in json.loads(said).items()
    }


def measured(what: str) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        rules = Path(folder) / "groups.yml"
        rules.write_text(RULES)
        ours, theirs = SIDES[what](Path(folder), rules, stack)
        servers = [ours, *theirs]
        round_of(servers)
        rounds = [round_of(servers) for _ in range(ROUNDS)]
        memory = [megabytes(server) for server in servers]
    pairs = {
        "cpu": [(mine, sum(others)) for mine, *others in rounds],
        "memory": [(memory[0], sum(memory[1:]))],
    }
    print(json.dumps(pairs))


def round_of(servers: Sequence[Server]) -> list[float]:
    """Milliseconds of processor time that a scrape of each costs, scraped in turn."""
    with ExitStack() as stack:
        scrapes = [stack.enter_context(visitor(server)) for server in servers]
        before = list(map(cpu_seconds, servers))
        for _ in range(SCRAPES):
            for scrape in scrapes:
                scrape()
        after = list(map(cpu_seconds, servers))
    return [(b - a) / SCRAPES * 1000 for a, b in zip(before, after, strict=True)]


def groups(folder: Path, rules: Path, stack: ExitStack) -> tuple[Server, list[Server]]:
    stack.enter_context(sleeping(folder, MANY))
    flags = ["--collector.disable-defaults", "--collector.process_groups"]
    flags += [f"--collector.process_groups.config={rules}"]
    ours = stack.enter_context(exporter(folder, flags))
    same = ["-threads=false", "-gather-smaps=false"]
    return ours, [stack.enter_context(process_exporter(rules, folder, same))]


def whole(folder: Path, rules: Path, stack: ExitStack) -> tuple[Server, list[Server]]:
    stack.enter_context(sleeping(folder, USUAL))
    # A choice as often as it may be: Prometheus asks every 15 s and finds one each time.
    flags = [f"--collector.process_groups.config={rules}", "--collector.process_top.interval=0"]
    ours = stack.enter_context(exporter(folder, flags))
    return ours, [
        stack.enter_context(peer)
        for peer in (
            node_exporter(folder, "1.11"),
            process_exporter(rules, folder),
            systemd_exporter(folder),
            smartctl_exporter(Disks(folder / "smartctl").program, folder),
        )
    ]


SIDES: dict[str, Callable[[Path, Path, ExitStack], tuple[Server, list[Server]]]] = {
    "groups": groups,
    "whole": whole,
}


@contextmanager
def sleeping(folder: Path, count: int) -> Iterator[None]:
    """So many processes, under as many names as a machine has."""
    for number in range(NAMES):
        (folder / f"sleep{number}").symlink_to("/bin/sleep")
    started = [
        subprocess.Popen([folder / f"sleep{number % NAMES}", "infinity"]) for number in range(count)
    ]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()
