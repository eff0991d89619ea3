"""What an entry of the journal costs until it is counted, beside a pipeline of `journalctl`."""

import json
import os
import resource
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from bench.table import Row
from hyperion_exporter.collectors.events.classes import BY_PROGRAM
from hyperion_exporter.collectors.events.tally import Tally
from hyperion_exporter.sources.journal import Journal
from lab.journald import Journald, journald
from lab.wait import wait_for

ENTRIES = 30_000
ROUNDS = 5
BATCH = 1000
# What a busy machine writes, by and large.
SAID = (
    ("nginx", '192.0.2.7 - - "GET /api/machines HTTP/1.1" 200 5316 "-" "Mozilla/5.0 (X11; Linux)"'),
    ("postgres", "LOG:  checkpoint complete: wrote 1253 buffers (7.6%); 0 WAL file(s) added"),
    (
        "sshd",
        "Accepted publickey for ada from 192.0.2.7 port 40112 ssh2: ED25519 SHA256:q1x0cV3pVw",
    ),
    ("systemd", "Started session-1231.scope - Session 1231 of User ada."),
)


def events() -> Iterable[Row]:
    if os.geteuid() != 0:
        print("left out, for want of root: events")
        return
    with tempfile.TemporaryDirectory() as folder, journald(Path(folder)) as system:
        begin = _filled(system)
        by_library(system, begin), by_pipeline(system, begin)
        pairs = [(by_library(system, begin), by_pipeline(system, begin)) for _ in range(ROUNDS)]
    yield Row("CPU per entry of the journal", "us", "journalctl -o json, json.loads", pairs, 0.30)


def _filled(system: Journald) -> str:
    """The position before the entries."""
    log = Journal(system.root, None, ())
    begin = log.position
    for number in range(ENTRIES):
        program, message = SAID[number % len(SAID)]
        system.write(f"{message} {number}", program, number % 8)
    read = 0

    def all_there() -> bool:
        nonlocal read
        read += len(log.read(BATCH))
        return read >= ENTRIES

    wait_for(all_there, 60, "the journal to have all entries")
    return begin


def by_library(system: Journald, begin: str) -> float:
    begun, tally = time.process_time(), Tally()
    log = Journal(system.root, begin, BY_PROGRAM)
    while events := log.read(BATCH):
        tally.add(events)
    log.close()
    return (time.process_time() - begun) / tally.counts.total() * 1e6


def by_pipeline(system: Journald, begin: str) -> float:
    """Counting no more than levels and programs, its own interpreter not counted."""
    begun, counts = _seconds(), Counter[tuple[str, str]]()
    argv = ["journalctl", "--output=json", f"--root={system.root}", f"--after-cursor={begin}"]
    with subprocess.Popen([*argv, "--no-pager"], stdout=subprocess.PIPE) as journalctl:
        for line in journalctl.stdout or ():
            entry = json.loads(line)
            counts[entry["PRIORITY"], entry["SYSLOG_IDENTIFIER"]] += 1
    return (_seconds() - begun) / counts.total() * 1e6


def _seconds() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime
