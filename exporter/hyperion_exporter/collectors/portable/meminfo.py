"""How much memory and swap there is: Linux's names everywhere, node_exporter's own on macOS."""

from collections.abc import Iterable

from hyperion_exporter.collector import Block, Samples, counter
from hyperion_exporter.collectors.meminfo import family
from hyperion_exporter.collectors.portable.system import Portable

# By psutil's field; it has no count of what macOS holds compressed.
MEMORY = {
    "total": family("MemTotal", "B"),
    "available": family("MemAvailable", "B"),
    "free": family("MemFree", "B"),
}
SWAP = {"total": family("SwapTotal", "B"), "free": family("SwapFree", "B")}
MACOS_MEMORY = {
    name: family(name, "B") for name in ("total", "free", "active", "inactive", "wired")
}
MACOS_SWAP = {
    "total": family("swap_total", "B"),
    "used": family("swap_used", "B"),
    "sin": counter("node_memory_swapped_in_bytes_total", "Bytes read from swap since boot."),
    "sout": counter("node_memory_swapped_out_bytes_total", "Bytes written to swap since boot."),
}


class Meminfo(Portable):
    name = "meminfo"
    help = "Memory and swap of the machine."

    def collect(self) -> Iterable[Block]:
        memory, swap = self._system.psutil.virtual_memory(), self._system.psutil.swap_memory()
        tables = [(memory, MEMORY), (swap, SWAP)]
        if self._system.platform == "darwin":
            tables += [(memory, MACOS_MEMORY), (swap, MACOS_SWAP)]
        samples = Samples()
        for numbers, families in tables:
            for field, known in families.items():
                samples.add(known, getattr(numbers, field))
        return [samples]
