"""Ten thousand gatherings leave the exporter as it was after the first hundred."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

GATHERINGS = 10_000
MEGABYTE = 1 << 20
# Of this machine's busy pages, freed memory that the allocator keeps.
ROOM = 3 * MEGABYTE
# Alone, since the processes and sockets of the tests beside it would take most of its time. Of its
# own processes some stay, and some come and go.
PROCESSES = """
for number in $(seq 20); do sleep 900 & done
while sleep 0.1; do :; done &
exec "$@"
"""
PROGRAM = f"""
import json, os, re, threading
from hyperion_exporter.collectors import COLLECTORS
from hyperion_exporter.guard import Guard
from hyperion_exporter.paths import Paths

guard = Guard([kind(Paths(), kind.options()) for kind in COLLECTORS if kind.default])

def held():
    pages = int(open("/proc/self/statm").read().split()[1])
    files = [f"/proc/self/fd/{{number}}" for number in os.listdir("/proc/self/fd")]
    links = [os.readlink(file) for file in files if os.path.islink(file)]
    # Processes and links of the machine come and go.
    kept = [link for link in links if not re.match(r"/proc/\\d+/|/sys/devices/virtual/net/", link)]
    return len(kept), threading.active_count(), pages * 4096

for number in range({GATHERINGS} + 100):
    guard.gather(30)
    if number == 100:
        before = held()
print(json.dumps([before, held()]))
"""


def test_descriptors_threads_and_memory_do_not_grow(tmp_path: Path) -> None:
    rights = [] if os.geteuid() == 0 else ["--map-root-user"]
    alone = ["unshare", "--net", "--pid", "--mount-proc", "--fork", "--kill-child", *rights]
    done = subprocess.run(
        [*alone, "sh", "-c", PROCESSES, "sh", sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=900,
    )
    before, after = json.loads(done.stdout)
    # A device that came meanwhile brings its files along.
    assert after[0] <= before[0] + 5, "descriptors"
    assert after[1] <= before[1] + 1, "threads"
    assert after[2] <= before[2] + ROOM, "memory"
