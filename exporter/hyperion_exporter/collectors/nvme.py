"""NVMe controllers and the namespaces on them."""

import re
from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, NoData, NoOptions, Samples, gauge
from hyperion_exporter.devices import Devices
from hyperion_exporter.paths import Paths

INFO = gauge(
    "node_nvme_info", "What the controller says of itself.",
    "device", "firmware_revision", "model", "serial", "state", "cntlid",
)  # fmt: skip
FILES = ("firmware_rev", "model", "serial", "state", "cntlid")
NAMESPACE = ("device", "nsid")
NAMESPACE_INFO = gauge(
    "node_nvme_namespace_info", "State of the path to it.", *NAMESPACE, "ana_state"
)
SIZE = gauge("node_nvme_namespace_size_bytes", "Size of the namespace.", *NAMESPACE)
CAPACITY = gauge("node_nvme_namespace_capacity_bytes", "Most that may be allocated.", *NAMESPACE)
USED = gauge("node_nvme_namespace_used_bytes", "Space of it that is allocated.", *NAMESPACE)
BLOCK = gauge("node_nvme_namespace_logical_block_size_bytes", "Size of a block.", *NAMESPACE)

# nvme0n1, and nvme0c1n1 where several paths lead to it.
_NAMESPACE = re.compile(r"nvme\d+(?:c\d+)?n(\d+)")


class Nvme(Collector):
    name = "nvme"
    help = "NVMe controllers and their namespaces."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._controllers = Devices(paths.sys("class/nvme"))

    def collect(self) -> Iterable[Block]:
        controllers = self._controllers.names()
        if not controllers:
            raise NoData("no NVMe controller")
        samples = Samples()
        for device in controllers:
            facts = (self._controllers.read(device, file) or "" for file in FILES)
            samples.add(INFO, 1, device, *facts)
            namespaces = self._controllers.within(device)
            for name in namespaces.names():
                if match := _NAMESPACE.fullmatch(name):
                    _add(samples, namespaces, name, (device, match[1]))
        return [samples]


def _add(samples: Samples, namespaces: Devices, name: str, labels: tuple[str, str]) -> None:
    samples.add(NAMESPACE_INFO, 1, *labels, namespaces.read(name, "ana_state") or "unknown")
    block = namespaces.read(name, "queue/logical_block_size")
    size = namespaces.read(name, "size")
    used = namespaces.read(name, "nuse")
    if block and size:
        # As node_exporter reckons; the kernel's own unit is 512 bytes whatever the block size.
        samples.add(SIZE, int(size) * int(block), *labels)
        samples.add(CAPACITY, int(size) * int(block), *labels)
        samples.add(BLOCK, block, *labels)
    if block and used:
        samples.add(USED, int(used) * int(block), *labels)
