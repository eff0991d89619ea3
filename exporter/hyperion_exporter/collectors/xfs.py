"""What XFS filesystems did, counted by the kernel for each."""

from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, NoOptions, Samples, counter
from hyperion_exporter.devices import Devices
from hyperion_exporter.paths import Paths

# A line of the file begins with a word; then one number for each of these, in order.
LINES = {
    "extent_alloc": "extent_allocation_extents_allocated extent_allocation_blocks_allocated"
    " extent_allocation_extents_freed extent_allocation_blocks_freed",
    "abt": "allocation_btree_lookups allocation_btree_compares allocation_btree_records_inserted"
    " allocation_btree_records_deleted",
    "blk_map": "block_mapping_reads block_mapping_writes block_mapping_unmaps"
    " block_mapping_extent_list_insertions block_mapping_extent_list_deletions"
    " block_mapping_extent_list_lookups block_mapping_extent_list_compares",
    "bmbt": "block_map_btree_lookups block_map_btree_compares block_map_btree_records_inserted"
    " block_map_btree_records_deleted",
    "dir": "directory_operation_lookup directory_operation_create directory_operation_remove"
    " directory_operation_getdents",
    "ig": "inode_operation_attempts inode_operation_found inode_operation_recycled"
    " inode_operation_missed inode_operation_duplicates inode_operation_reclaims"
    " inode_operation_attribute_changes",
    "rw": "write_calls read_calls",
    "vnodes": "vnode_active vnode_allocate vnode_get vnode_hold vnode_release vnode_reclaim"
    " vnode_remove",
}
FAMILIES = {
    word: tuple(
        counter(f"node_xfs_{name}_total", f"XFS {name.replace('_', ' ')}.", "device")
        for name in names.split()
    )
    for word, names in LINES.items()
}


class Xfs(Collector):
    name = "xfs"
    help = "Statistics of XFS filesystems."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._filesystems = Devices(paths.sys("fs/xfs"))

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        for device in self._filesystems.names():
            for line in (self._filesystems.read(device, "stats/stats") or "").splitlines():
                word, *numbers = line.split()
                for family, number in zip(FAMILIES.get(word, ()), numbers, strict=False):
                    samples.add(family, number, device)
        return [samples]
