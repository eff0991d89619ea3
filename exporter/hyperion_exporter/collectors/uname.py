"""The kernel's name, release and version, and what the machine calls itself."""

import os
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from hyperion_exporter.collector import Block, Collector, NoOptions, Samples, gauge
from hyperion_exporter.paths import Paths

INFO = gauge(
    "node_uname_info",
    "Labeled system information as provided by the uname system call.",
    "domainname",
    "machine",
    "nodename",
    "release",
    "sysname",
    "version",
)


class Uname(Collector):
    name = "uname"
    help = "System information as the uname system call gives it."

    def __init__(
        self, paths: Paths, _: NoOptions, read: Callable[[], os.uname_result] = os.uname
    ) -> None:
        self._domain = paths.proc("sys/kernel/domainname")
        self._read = read

    def collect(self) -> Iterable[Block]:
        return _blocks(self._domain.text().strip(), self._read())


# What reads the same gives the same blocks, which are not looked through again.
@lru_cache(maxsize=1)
def _blocks(domain: str, now: os.uname_result) -> Sequence[Block]:
    samples = Samples()
    samples.add(INFO, 1, domain, now.machine, now.nodename, now.release, now.sysname, now.version)
    return [samples]
