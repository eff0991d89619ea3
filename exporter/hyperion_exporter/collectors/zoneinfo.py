"""How the kernel keeps house with the memory of each zone, in pages."""

import re
from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, Family, NoOptions, Samples, counter, gauge
from hyperion_exporter.paths import Paths


def _pages(name: str, help: str) -> Family:
    return gauge(f"node_zoneinfo_{name}", help, "node", "zone")


def _total(name: str, help: str) -> Family:
    return counter(f"node_zoneinfo_{name}_total", help, "node", "zone")


# By the name in /proc/zoneinfo; a kernel has some of them, and many more of its own affairs.
FIELDS = {
    "min": _pages("min_pages", "Below so many free pages only urgent requests are served."),
    "low": _pages("low_pages", "Below so many free pages the kernel begins to reclaim."),
    "high": _pages("high_pages", "Above so many free pages the kernel stops reclaiming."),
    "scanned": _pages("scanned_pages", "Pages looked at since the last one was reclaimed."),
    "spanned": _pages("spanned_pages", "Pages from the zone's first to its last, with holes."),
    "present": _pages("present_pages", "Pages that exist."),
    "managed": _pages("managed_pages", "Pages that the kernel's allocator can give out."),
    "nr_free_pages": _pages("nr_free_pages", "Free pages."),
    "nr_active_anon": _pages("nr_active_anon_pages", "Pages of programs, used lately."),
    "nr_inactive_anon": _pages("nr_inactive_anon_pages", "Pages of programs, not used lately."),
    "nr_isolated_anon": _pages("nr_isolated_anon_pages", "Pages of programs being moved."),
    "nr_anon_pages": _pages("nr_anon_pages", "Pages of programs, mapped."),
    "nr_anon_transparent_hugepages": _pages(
        "nr_anon_transparent_hugepages", "Huge pages of programs."
    ),
    "nr_active_file": _pages("nr_active_file_pages", "Pages of files, used lately."),
    "nr_inactive_file": _pages("nr_inactive_file_pages", "Pages of files, not used lately."),
    "nr_isolated_file": _pages("nr_isolated_file_pages", "Pages of files being moved."),
    "nr_file_pages": _pages("nr_file_pages", "Pages of files."),
    "nr_slab_reclaimable": _pages(
        "nr_slab_reclaimable_pages", "Pages of the kernel's objects that could be freed."
    ),
    "nr_slab_unreclaimable": _pages(
        "nr_slab_unreclaimable_pages", "Pages of the kernel's objects that must stay."
    ),
    "nr_mlock_stack": _pages("nr_mlock_stack_pages", "Pages locked into memory."),
    "nr_kernel_stack": _pages("nr_kernel_stacks", "Memory of the kernel's stacks."),
    "nr_mapped": _pages("nr_mapped_pages", "Pages of files, mapped by programs."),
    "nr_dirty": _pages("nr_dirty_pages", "Pages that must be written to disk."),
    "nr_writeback": _pages("nr_writeback_pages", "Pages being written to disk."),
    "nr_unevictable": _pages("nr_unevictable_pages", "Pages that cannot be reclaimed."),
    "nr_shmem": _pages("nr_shmem_pages", "Pages of shared memory and tmpfs."),
    "nr_dirtied": _total("nr_dirtied", "Pages changed since boot."),
    "nr_written": _total("nr_written", "Pages written to disk since boot."),
    "numa_hit": _total("numa_hit", "Pages allocated on the node that was meant."),
    "numa_miss": _total("numa_miss", "Pages allocated here though another node was meant."),
    "numa_foreign": _total("numa_foreign", "Pages meant for here, allocated on another node."),
    "numa_interleave": _total("numa_interleave", "Pages allocated here in turn with other nodes."),
    "numa_local": _total("numa_local", "Pages allocated from a processor of the node."),
    "numa_other": _total("numa_other", "Pages allocated from a processor of another node."),
}


class Zoneinfo(Collector):
    name = "zoneinfo"
    help = "Memory zones from /proc/zoneinfo."
    default = False

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._file = paths.proc("zoneinfo")
        self._protection: list[Family] = []

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        node = zone = ""
        for line in self._file.lines():
            name, *words = line.split()
            if name == "Node":
                node, zone = words[0].rstrip(","), words[2]
            elif name == "protection:":
                for place, value in enumerate(re.findall(r"\d+", line)):
                    samples.add(self._protected(place), value, node, zone)
            elif family := FIELDS.get(name):
                samples.add(family, words[0], node, zone)
        return [samples]

    def _protected(self, place: int) -> Family:
        """How many there are is up to the kernel's configuration."""
        if place == len(self._protection):
            sense = "Pages kept back from requests that could use a higher zone."
            self._protection.append(_pages(f"protection_{place}", sense))
        return self._protection[place]
