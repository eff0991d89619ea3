"""Which interrupts each processor served."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hyperion_exporter.collector import (
    Block,
    Collector,
    Filter,
    Labels,
    Samples,
    counter,
    option,
)
from hyperion_exporter.paths import Paths
from hyperion_exporter.stencil import Number, Stencil, numbered

INTERRUPTS = counter(
    "node_interrupts_total", "Interrupts served.", "cpu", "devices", "info", "type"
)

# On ARM a number of ten digits stands right behind its name.
STUCK = re.compile(r"^ *\w+:(?=\d)", re.MULTILINE)


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
        self._stencil = Stencil(self._find)

    def collect(self) -> Iterable[Block]:
        samples = self._stencil.read(STUCK.sub(r"\g<0> ", self._file.text()))
        return [samples if self._zeros else _without_zeros(samples)]

    def _find(self, text: str) -> Iterator[Number]:
        (_, cpus), *lines = numbered(text)
        for first, (kind, *rest) in lines:
            # Processors that are off have no column. ERR and MIS are counted for all together.
            counts, words = rest[: len(cpus)], rest[len(cpus) :]
            # A line that is not wanted has no labels.
            labels = self._labels(cpus, kind.rstrip(":"), words) if words else []
            for place, _ in enumerate(counts):
                wanted = (INTERRUPTS, labels[place]) if labels else (None, ())
                yield Number(first + 1 + place, *wanted)

    def _labels(self, cpus: list[str], kind: str, words: list[str]) -> list[Labels]:
        devices, info = _described(kind, words)
        if not self._wanted(f"{kind};{info};{devices}"):
            return []
        return [(cpu.removeprefix("CPU"), devices, info, kind) for cpu in cpus]


def _without_zeros(samples: Samples) -> Samples:
    some = Samples()
    for (family, labels), value in zip(samples.cells(), samples.values(), strict=True):
        if value != "0":
            some.add(family, value, *labels)
    return some


def _described(kind: str, words: list[str]) -> tuple[str, str]:
    """Its devices, and its info: a numbered line names both, a lettered one says what it is."""
    if kind.isdecimal():
        return " ".join(words[1:]), words[0]
    return "", " ".join(words)
