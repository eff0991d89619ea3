"""What the exporter says of itself: its version, and what it costs."""

from collections.abc import Iterable

from hyperion_exporter.collector import Block, Samples
from hyperion_exporter.collectors.exporter import (
    BUILD,
    CPU,
    OPEN,
    RESIDENT,
    START,
    VIRTUAL,
    Options,
    build,
)
from hyperion_exporter.collectors.portable.system import Portable, System
from hyperion_exporter.paths import Paths


class Exporter(Portable):
    name = "exporter"
    help = "The exporter's own version, memory, processor time and descriptors."
    options = Options

    def __init__(self, paths: Paths, options: Options, system: System | None = None) -> None:
        super().__init__(paths, options, system)
        self._only_version = options.only_version
        self._build = build()
        self._self = self._system.psutil.Process()

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        samples.add(BUILD, 1, *self._build)
        if not self._only_version:
            self._add_costs(samples)
        return [samples]

    def _add_costs(self, samples: Samples) -> None:
        windows = self._system.platform == "win32"
        with self._self.oneshot():
            times, memory = self._self.cpu_times(), self._self.memory_info()
            opened = self._self.num_handles() if windows else self._self.num_fds()
        samples.add(CPU, times.user + times.system)
        samples.add(START, self._self.create_time())
        samples.add(RESIDENT, memory.rss)
        samples.add(VIRTUAL, memory.vms)
        samples.add(OPEN, opened)
