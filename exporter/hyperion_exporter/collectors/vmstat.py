"""Paging, swapping, faults and kills for want of memory."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hyperion_exporter.collector import Block, Collector, Family, one, option, untyped
from hyperion_exporter.paths import Paths


@dataclass(frozen=True)
class Options:
    fields: str = option(
        "^(oom_kill|pgpg|pswp|pg.*fault).*", "regular expression of the fields to give"
    )


class Vmstat(Collector):
    name = "vmstat"
    help = "Statistics of the virtual memory from /proc/vmstat."
    options = Options

    def __init__(self, paths: Paths, options: Options) -> None:
        self._file = paths.proc("vmstat")
        self._wanted = re.compile(options.fields)
        self._names: list[str] = []
        self._found: list[tuple[int, Family]] = []

    def collect(self) -> Iterable[Block]:
        names, values = self._file.pairs()
        # They are the same at each scrape.
        if names != self._names:
            found = enumerate(map(self._family, names))
            self._found = [(place, family) for place, family in found if family]
            self._names = names
        families = [family for _, family in self._found]
        return [one(families, [values[place] for place, _ in self._found])]

    def _family(self, name: str) -> Family | None:
        if not self._wanted.search(name):
            return None
        return untyped(f"node_vmstat_{name}", f"/proc/vmstat information field {name}.")
