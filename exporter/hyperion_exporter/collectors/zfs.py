"""ZFS: its memory, its pools and their datasets, under the module's own names."""

from collections.abc import Iterable

from hyperion_exporter.collector import (
    Block,
    Collector,
    Family,
    NoData,
    NoOptions,
    Samples,
    gauge,
    untyped,
)
from hyperion_exporter.devices import Devices
from hyperion_exporter.paths import Kept, Paths

SUBJECTS = {
    "abdstats": "abd",
    "arcstats": "arc",
    "dbufstats": "dbuf",
    "dmu_tx": "dmu_tx",
    "dnodestats": "dnode",
    "fm": "fm",
    "vdev_cache_stats": "vdev_cache",
    "vdev_mirror_stats": "vdev_mirror",
    "xuio_stats": "xuio",
    "zfetchstats": "zfetch",
    "zil": "zil",
}
STATE = gauge("node_zfs_zpool_state", "Whether the pool is in this state.", "zpool", "state")
STATES = ("online", "degraded", "faulted", "offline", "removed", "unavail", "suspended")
# Signed and unsigned 64-bit numbers; the rest are words (kstat.h).
NUMBERS = ("3", "4")


class Zfs(Collector):
    name = "zfs"
    help = "Statistics of ZFS, its pools and datasets."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._pools = Devices(paths.procfs / "spl/kstat/zfs")
        self._files = {file: Kept(self._pools.folder / file) for file in SUBJECTS}
        self._families: dict[str, Family] = {}

    def collect(self) -> Iterable[Block]:
        entries = self._pools.names()
        if not entries:
            raise NoData("ZFS is not loaded")
        samples = Samples()
        for entry in entries:
            if entry in SUBJECTS:
                for name, kind, number in _facts(self._files[entry].text()):
                    if kind in NUMBERS:
                        where = f"{SUBJECTS[entry]}_{name}"
                        samples.add(self._family(where, f"{entry}.{name}"), number)
            else:
                self._add_pool(samples, entry)
        return [samples]

    def _add_pool(self, samples: Samples, pool: str) -> None:
        io = (self._pools.read(pool, "io") or "").splitlines()
        # A line of names above a line of numbers, below one of the kernel's own.
        for name, number in zip(*map(str.split, io[1:3]), strict=False) if len(io) > 2 else ():
            samples.add(self._family(f"zpool_{name}", f"io.{name}", "zpool"), number, pool)
        if state := self._pools.read(pool, "state"):
            for known in STATES:
                samples.add(STATE, int(state.lower() == known), pool, known)
        datasets = self._pools.within(pool)
        for dataset in datasets.names():
            if dataset.startswith("objset-"):
                text = self._pools.read(pool, dataset) or ""
                self._add_dataset(samples, pool, text)

    def _add_dataset(self, samples: Samples, pool: str, text: str) -> None:
        dataset = ""
        for name, kind, value in _facts(text):
            if name == "dataset_name":
                dataset = value
            elif kind in NUMBERS:
                family = self._family(f"zpool_dataset_{name}", f"objset.{name}", "zpool", "dataset")
                samples.add(family, value, pool, dataset)

    def _family(self, name: str, origin: str, *labels: str) -> Family:
        family = self._families.get(name)
        if family is None:
            plain = f"node_zfs_{name.replace('-', '_')}"
            family = self._families[name] = untyped(plain, f"ZFS statistic {origin}.", *labels)
        return family


def _facts(text: str) -> Iterable[tuple[str, str, str]]:
    """Name, type and value of each line behind the heading; a dataset's name may hold blanks."""
    _, _, rest = text.partition("data\n")
    for line in rest.split("\n"):
        fact = line.split(None, 2)
        if len(fact) == 3:
            yield fact[0], fact[1], fact[2]
