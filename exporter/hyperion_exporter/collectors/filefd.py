"""How many files all programs together hold open, and may."""

from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, NoOptions, gauge, one
from hyperion_exporter.paths import Paths

FAMILIES = (
    gauge("node_filefd_allocated", "File handles in use on the whole machine."),
    gauge("node_filefd_maximum", "File handles that can be in use at most."),
)


class Filefd(Collector):
    name = "filefd"
    help = "File handles in use from /proc/sys/fs/file-nr."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._file = paths.proc("sys/fs/file-nr")

    def collect(self) -> Iterable[Block]:
        # The middle one counts free handles, of which Linux has kept none since 2.6.
        allocated, _, maximum = self._file.text().split()
        return [one(FAMILIES, (allocated, maximum))]
