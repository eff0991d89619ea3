"""Paging, swapping, faults and kills for want of memory."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hyperion_exporter.collector import Block, Collector, Family, Samples, option, untyped
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
        self._families: dict[str, Family | None] = {}

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        for line in self._file.lines():
            name, value = line.split()
            if name not in self._families:
                self._families[name] = self._family(name)
            if family := self._families[name]:
                samples.add(family, value)
        return [samples]

    def _family(self, name: str) -> Family | None:
        if not self._wanted.search(name):
            return None
        return untyped(f"node_vmstat_{name}", f"/proc/vmstat information field {name}.")
