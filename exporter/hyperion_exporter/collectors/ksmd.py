"""What merging equal pages of memory (KSM) does and saves."""

from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, NoOptions, counter, gauge, one
from hyperion_exporter.paths import Kept, Paths

FILES = {
    "full_scans": counter("node_ksmd_full_scans_total", "How often all memory was scanned."),
    "merge_across_nodes": gauge("node_ksmd_merge_across_nodes", "Whether NUMA nodes may share."),
    "pages_shared": gauge("node_ksmd_pages_shared", "Pages that stand for several equal ones."),
    "pages_sharing": gauge("node_ksmd_pages_sharing", "Pages saved by sharing."),
    "pages_to_scan": gauge("node_ksmd_pages_to_scan", "Pages scanned before each sleep."),
    "pages_unshared": gauge("node_ksmd_pages_unshared", "Pages scanned that no other equals."),
    "pages_volatile": gauge("node_ksmd_pages_volatile", "Pages that change too fast to share."),
    "run": gauge("node_ksmd_run", "Whether merging is on (1), off (0) or being undone (2)."),
    "sleep_millisecs": gauge("node_ksmd_sleep_seconds", "Time between two scans."),
}
FAMILIES = tuple(FILES.values())


class Ksmd(Collector):
    name = "ksmd"
    help = "Merging of equal pages of memory (KSM)."
    default = False

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._files = [Kept(paths.sys(f"kernel/mm/ksm/{name}")) for name in FILES]

    def collect(self) -> Iterable[Block]:
        *values, sleep = (file.text().strip() for file in self._files)
        return [one(FAMILIES, (*values, int(sleep) / 1000))]
