"""Two made-up collectors, for tests of what is chosen and not of what is read."""

from collections.abc import Iterable
from dataclasses import dataclass

from hyperion_exporter.collector import Block, Collector, option
from hyperion_exporter.paths import Paths


@dataclass(frozen=True)
class Options:
    device_exclude: str = option("^lo$", "regular expression of what to leave out, 100% of it")
    whole_names: bool = option(True, "whether names are whole")
    most: int = option(5, "how many")


class Lamps(Collector):
    name = "lamps"
    help = "Whether the lights are on."
    options = Options

    def __init__(self, paths: Paths, options: Options) -> None:
        self.paths, self.chosen = paths, options

    def collect(self) -> Iterable[Block]:
        return []


class Doors(Lamps):
    name = "doors"
    default = False


KINDS = (Doors, Lamps)
