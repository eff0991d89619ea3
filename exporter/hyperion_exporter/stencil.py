"""Where the numbers of a file stand among its words: found once, then picked at each scrape."""

from collections.abc import Callable, Iterable, Iterator
from itertools import compress
from typing import NamedTuple

from hyperion_exporter.collector import Cell, Family, Labels, Samples, Value


class Number(NamedTuple):
    """A number of the file, by its place among all words; without a family it is not given."""

    place: int
    family: Family | None
    labels: Labels = ()
    factor: int | float = 1


class Stencil:
    """Lies on a file whose words, but for the numbers, are the same at each reading.

    `find` says where the numbers are, in their order. It is asked again when another word changed,
    moved or went: a device came, or the kernel is a new one.
    """

    def __init__(self, find: Callable[[str], Iterable[Number]]) -> None:
        self._find = find
        self._text: str | None = None
        self._samples = Samples()
        self._names: list[str] = []
        self._is_name: list[bool] = []
        self._is_given: list[bool] = []
        self._cells: list[Cell] = []
        self._scaled: list[tuple[int, int | float]] = []

    def read(self, text: str) -> Samples:
        """The same samples for the same text: they are not looked through again."""
        if text != self._text:
            words = text.split()
            if self._text is None or not self._fits(words):
                self._cut(text, words)
            values: list[Value] = list(compress(words, self._is_given))
            for place, factor in self._scaled:
                values[place] = int(values[place]) * factor
            self._samples, self._text = Samples(self._cells, values), text
        return self._samples

    def _fits(self, words: list[str]) -> bool:
        names = compress(words, self._is_name)
        return len(words) == len(self._is_name) and list(names) == self._names

    def _cut(self, text: str, words: list[str]) -> None:
        numbers = list(self._find(text))
        given = [number for number in numbers if number.family]
        places, given_places = {n.place for n in numbers}, {n.place for n in given}
        self._is_name = [place not in places for place in range(len(words))]
        self._is_given = [place in given_places for place in range(len(words))]
        self._names = list(compress(words, self._is_name))
        self._cells = [(n.family, n.labels) for n in given if n.family]
        self._scaled = [(at, n.factor) for at, n in enumerate(given) if n.factor != 1]


def numbered(text: str) -> Iterator[tuple[int, list[str]]]:
    """The words of each line, and which one of all words the first of them is."""
    first = 0
    for line in text.split("\n"):
        if words := line.split():
            yield first, words
            first += len(words)
