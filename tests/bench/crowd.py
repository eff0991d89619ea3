"""What a scrape costs on a machine with hundreds of network interfaces or of mounts."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from bench.scrape import measure
from bench.table import Row

MANY = 500
ROUNDS = 3
# In namespaces of their own they are gone with the bench, however it ends. A first process of
# their own too: the list of mounts is its.
ALONE = ("unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")


def crowd() -> Iterable[Row]:
    if os.geteuid() != 0:
        print(f"left out, for want of root: {MANY} interfaces, {MANY} mounts")
        return
    for what, reach in (("interfaces", 0.10), ("mounts", 0.20)):
        # /tmp may be in memory.
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            script = f"from bench.crowd import inside; inside({what!r}, {folder!r})"
            argv = [*ALONE, sys.executable, "-c", script]
            said = subprocess.run(argv, stdout=subprocess.PIPE, check=True, text=True).stdout
        cpu = [tuple(pair) for pair in json.loads(said)]
        yield Row(f"CPU per scrape, {MANY} {what}", "ms", "node_exporter 1.11", cpu, reach)


def interfaces(_: Path) -> None:
    pairs = (f"link add a{n} type veth peer name b{n}" for n in range(MANY // 2))
    subprocess.run(["ip", "-batch", "-"], input="\n".join(pairs), text=True, check=True)
    # The one we came from shows the interfaces of the network that we left.
    subprocess.run(["mount", "-t", "sysfs", "sysfs", "/sys"], check=True)


def mounts(folder: Path) -> None:
    """Of the disk: Debian's node_exporter tells nothing of those in memory."""
    for number in range(MANY):
        point = folder / str(number)
        point.mkdir()
        subprocess.run(["mount", "--bind", point, point], check=True)


CROWDS: dict[str, Callable[[Path], None]] = {"interfaces": interfaces, "mounts": mounts}


def inside(what: str, folder: str) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    CROWDS[what](Path(folder))
    measured = measure(ROUNDS)
    # Who tells less has less to do.
    assert min(measured.samples) > 5 * MANY, measured.samples
    print(json.dumps([(ours.cpu, theirs.cpu) for ours, theirs in measured.bursts]))
