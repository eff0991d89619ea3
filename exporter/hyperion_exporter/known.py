"""What the collectors gave last, for those that tell of the machine as a whole."""

import time
from collections.abc import Callable, Sequence
from itertools import chain
from typing import NamedTuple

from hyperion_exporter.collector import Block

# What a collector that hangs or fails gave before is no longer what is.
TRUST_SECONDS = 300.0


class Sample(NamedTuple):
    family: str
    labels: dict[str, str]
    value: float


class _Places:
    """Where among a collector's values those of some families stand."""

    def __init__(
        self, shapes: list[object], blocks: Sequence[Block], families: Sequence[str]
    ) -> None:
        self.shapes = shapes
        self._positions: list[int] = []
        self._names: list[tuple[str, dict[str, str]]] = []
        cells = chain.from_iterable(block.cells() for block in blocks)
        for position, (family, labels) in enumerate(cells):
            if family.name in families:
                self._positions.append(position)
                self._names.append((family.name, dict(zip(family.labels, labels, strict=True))))

    def samples(self, blocks: Sequence[Block]) -> list[Sample]:
        if not self._positions:
            return []
        values = list(chain.from_iterable(block.values() for block in blocks))
        wanted = (float(values[position]) for position in self._positions)
        return [Sample(*name, value) for name, value in zip(self._names, wanted, strict=True)]


class Known:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._given: dict[str, tuple[float, Sequence[Block]]] = {}
        self._places: dict[tuple[str, ...], _Places] = {}

    def note(self, collector: str, blocks: Sequence[Block]) -> None:
        self._given[collector] = self._clock(), blocks

    def forget(self, collector: str) -> None:
        self._given.pop(collector, None)

    def find(self, collector: str, *families: str) -> list[Sample]:
        """The collector's samples of these families; none where nothing fresh is known."""
        given_at, blocks = self._given.get(collector, (0.0, ()))
        if not blocks or self._clock() - given_at > TRUST_SECONDS:
            return []
        shapes = [block.shape() for block in blocks]
        key = (collector, *families)
        places = self._places.get(key)
        # Samples rarely move; to look at the name of each is what costs.
        if places is None or places.shapes != shapes:
            places = self._places[key] = _Places(shapes, blocks, families)
        return places.samples(blocks)
