"""Paging, swapping, faults and kills for want of memory."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hyperion_exporter.collector import Block, Collector, Family, option, untyped
from hyperion_exporter.paths import Paths
from hyperion_exporter.stencil import Number, Stencil, numbered


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
        self._stencil = Stencil(self._find)

    def collect(self) -> Iterable[Block]:
        return [self._stencil.read(self._file.text())]

    def _find(self, text: str) -> Iterator[Number]:
        for first, (name, _) in numbered(text):
            yield Number(first + 1, self._family(name))

    def _family(self, name: str) -> Family | None:
        if not self._wanted.search(name):
            return None
        return untyped(f"node_vmstat_{name}", f"/proc/vmstat information field {name}.")
