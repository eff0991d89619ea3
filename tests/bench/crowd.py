"""What a scrape costs on a machine with hundreds of network interfaces or of mounts."""

import json
import os
import subprocess
import sys
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
        inside = f"from bench.crowd import inside; inside({what!r})"
        argv = [*ALONE, sys.executable, "-c", inside]
        said = subprocess.run(argv, stdout=subprocess.PIPE, check=True, text=True).stdout
        cpu = [tuple(pair) for pair in json.loads(said)]
        yield Row(f"CPU per scrape, {MANY} {what}", "ms", "node_exporter 1.11", cpu, reach)


def interfaces() -> None:
    pairs = (f"link add a{n} type veth peer name b{n}" for n in range(MANY // 2))
    subprocess.run(["ip", "-batch", "-"], input="\n".join(pairs), text=True, check=True)
    # The one we came from shows the interfaces of the network that we left.
    subprocess.run(["mount", "-t", "sysfs", "sysfs", "/sys"], check=True)


def mounts() -> None:
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/mnt"], check=True)
    for number in range(MANY):
        folder = Path(f"/mnt/{number}")
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)


CROWDS: dict[str, Callable[[], None]] = {"interfaces": interfaces, "mounts": mounts}


def inside(what: str) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    CROWDS[what]()
    print(json.dumps([(ours.cpu, theirs.cpu) for ours, theirs in measure(ROUNDS).bursts]))
