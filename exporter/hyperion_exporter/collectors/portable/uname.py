"""What the system is, and what the machine calls itself."""

import platform
from collections.abc import Callable, Iterable

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
        self,
        paths: Paths,
        _: NoOptions,
        read: Callable[[], platform.uname_result] = platform.uname,
    ) -> None:
        self._read = read

    def collect(self) -> Iterable[Block]:
        now = self._read()
        # As node_exporter does where the system keeps no domain of its own.
        name, _, domain = now.node.partition(".")
        samples = Samples()
        samples.add(
            INFO, 1, domain or "(none)", now.machine, name, now.release, now.system, now.version
        )
        return [samples]
