"""Which known weaknesses the processor has, and what the kernel does about them."""

from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, NoData, NoOptions, Samples, gauge
from hyperion_exporter.devices import Devices
from hyperion_exporter.paths import Paths

INFO = gauge(
    "node_cpu_vulnerabilities_info",
    "State of a known weakness of processors on this one; always 1.",
    "codename",
    "mitigation",
    "state",
)
STATES = ("not affected", "vulnerable", "mitigation", "unknown")


class CpuVulnerabilities(Collector):
    name = "cpu_vulnerabilities"
    help = "Known weaknesses of the processor and their mitigation."
    default = False

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._folder = Devices(paths.sys("devices/system/cpu"))

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        for codename in self._folder.within("vulnerabilities").names():
            text = self._folder.read("vulnerabilities", codename)
            if text is not None:
                state, mitigation = _state(text)
                samples.add(INFO, 1, codename, mitigation, state)
        if not samples.values():
            raise NoData("the kernel lists no weaknesses")
        return [samples]


def _state(text: str) -> tuple[str, str]:
    """`Vulnerable, IBPB: disabled` begins with the state; what follows is the mitigation."""
    for state in STATES:
        if text.lower().startswith(state):
            rest = text[len(state) :].lstrip(" :;,")
            return state, "" if state == "not affected" else rest
    return "unknown", text
