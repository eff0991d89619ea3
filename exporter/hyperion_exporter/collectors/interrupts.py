"""Which interrupts each processor served."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hyperion_exporter.collector import (
    Block,
    Collector,
    Filter,
    Labels,
    Table,
    Value,
    counter,
    option,
)
from hyperion_exporter.paths import Paths

INTERRUPTS = counter(
    "node_interrupts_total", "Interrupts served.", "cpu", "devices", "info", "type"
)


@dataclass(frozen=True)
class Options:
    name_exclude: str = option("", "regular expression of the interrupts to leave out, as "
                               "type;info;devices")  # fmt: skip
    name_include: str = option("", "regular expression of the only interrupts to give, as "
                               "type;info;devices")  # fmt: skip
    include_zeros: bool = option(True, "give also what never happened")


class Interrupts(Collector):
    name = "interrupts"
    help = "Interrupts by processor from /proc/interrupts."
    options = Options

    def __init__(self, paths: Paths, options: Options) -> None:
        self._file = paths.proc("interrupts")
        self._wanted = Filter(options.name_include, options.name_exclude)
        self._zeros = options.include_zeros
        # The labels of each line's samples, made once: a machine of 64 processors has thousands.
        self._known: dict[tuple[str, str], list[Labels]] = {}

    def collect(self) -> Iterable[Block]:
        header, *lines = self._file.lines()
        known, self._known = self._known, {}
        rows: dict[Labels, Sequence[Value]] = {}
        # Processors that are off have no column.
        columns = len(header.split())
        for line in lines:
            kind, _, rest = line.partition(":")
            *counts, words = rest.split(None, columns) or [""]
            # ERR and MIS are counted for all processors together.
            if len(counts) == columns:
                key = header, f"{kind}:{words}"
                labels = known.get(key) or self._labels(header, kind.strip(), words.split())
                self._known[key] = labels
                # A line that is not wanted has no labels.
                rows.update(zip(labels, zip(counts, strict=True), strict=False))
        if not self._zeros:
            rows = {labels: row for labels, row in rows.items() if row != ("0",)}
        return [Table((INTERRUPTS,), rows)]

    def _labels(self, header: str, kind: str, words: list[str]) -> list[Labels]:
        devices, info = _described(kind, words)
        if not self._wanted(f"{kind};{info};{devices}"):
            return []
        cpus = (word.removeprefix("CPU") for word in header.split())
        return [(cpu, devices, info, kind) for cpu in cpus]


def _described(kind: str, words: list[str]) -> tuple[str, str]:
    """Its devices, and its info: a numbered line names both, a lettered one says what it is."""
    if kind.isdecimal():
        return " ".join(words[1:]), words[0]
    return "", " ".join(words)
