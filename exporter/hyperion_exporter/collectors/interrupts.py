"""Which interrupts each processor served."""

from collections.abc import Iterable
from dataclasses import dataclass

from hyperion_exporter.collector import Block, Collector, Filter, Labels, Samples, counter, option
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

    def collect(self) -> Iterable[Block]:
        header, *lines = self._file.lines()
        # Processors that are off have no column.
        cpus = [word.removeprefix("CPU") for word in header.split()]
        samples = Samples()
        for line in lines:
            kind, _, rest = line.partition(":")
            words = rest.split()
            # ERR and MIS are counted for all processors together.
            if len(words) > len(cpus):
                labels = *_described(kind.strip(), words[len(cpus) :]), kind.strip()
                self._add(samples, labels, zip(cpus, words, strict=False))
        return [samples]

    def _add(self, samples: Samples, labels: Labels, counts: Iterable[tuple[str, str]]) -> None:
        devices, info, kind = labels
        if self._wanted(f"{kind};{info};{devices}"):
            for cpu, count in counts:
                if self._zeros or count != "0":
                    samples.add(INTERRUPTS, count, cpu, *labels)


def _described(kind: str, words: list[str]) -> tuple[str, str]:
    """Its devices, and its info: a numbered line names both, a lettered one says what it is."""
    if kind.isdecimal():
        return " ".join(words[1:]), words[0]
    return "", " ".join(words)
