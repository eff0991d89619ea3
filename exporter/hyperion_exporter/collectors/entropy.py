"""How much randomness the kernel has in store."""

from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, NoOptions, gauge, one
from hyperion_exporter.paths import Paths

FAMILIES = (
    gauge("node_entropy_available_bits", "Randomness in the kernel's pool, in bits."),
    gauge("node_entropy_pool_size_bits", "Size of the kernel's pool of randomness, in bits."),
)


class Entropy(Collector):
    name = "entropy"
    help = "Randomness available from the kernel."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._available = paths.proc("sys/kernel/random/entropy_avail")
        self._size = paths.proc("sys/kernel/random/poolsize")

    def collect(self) -> Iterable[Block]:
        return [one(FAMILIES, (self._available.text().strip(), self._size.text().strip()))]
