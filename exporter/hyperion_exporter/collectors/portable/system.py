"""The system as psutil shows it, where there is no /proc to read."""

import sys
from dataclasses import dataclass
from typing import Any

from hyperion_exporter.collector import Collector
from hyperion_exporter.paths import Paths


@dataclass(frozen=True)
class System:
    """`platform` as sys.platform spells it; psutil has other functions and fields on each."""

    platform: str
    psutil: Any


def here() -> System:
    import psutil

    return System(sys.platform, psutil)


class Portable(Collector):
    """A subject that psutil tells of."""

    def __init__(self, paths: Paths, _: Any, system: System | None = None) -> None:
        self._system = system or here()
