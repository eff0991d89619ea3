"""The contract of a collector: the families it gives, and the two shapes it gives them in."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

from hyperion_exporter.paths import Paths

if TYPE_CHECKING:
    from hyperion_exporter.known import Known

# A token of /proc is handed on as the text it is; converting it twice is what makes others slow.
Value = str | int | float
Labels = tuple[str, ...]
Rows = Mapping[Labels, Sequence[Value]]


class NoData(Exception):
    """This machine has nothing of the kind; not a fault."""


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """One metric name; two samples of it differ in the values of its labels."""

    name: str
    kind: str
    help: str
    labels: Labels = ()
    # The histogram or summary whose samples these are a part of; then name ends in what part.
    part_of: str = ""

    def column(self, **fixed: str) -> "Column":
        """A column of a table; the labels not fixed here come from the row's key, in order."""
        return Column(self, fixed)

    def labelled(self, key: Labels) -> "Cell":
        return self, key


Cell = tuple[Family, Labels]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    family: Family
    fixed: Mapping[str, str]

    def labelled(self, key: Labels) -> Cell:
        rest = iter(key)
        return self.family, tuple(
            self.fixed[name] if name in self.fixed else next(rest) for name in self.family.labels
        )


def gauge(name: str, help: str, *labels: str) -> Family:
    return Family(name, "gauge", help, labels)


def counter(name: str, help: str, *labels: str) -> Family:
    return Family(name, "counter", help, labels)


def untyped(name: str, help: str, *labels: str) -> Family:
    return Family(name, "untyped", help, labels)


class Table:
    """Things of one kind: a row a thing, a column a family; the usual shape, and the fastest."""

    __slots__ = ("_columns", "_rows")

    def __init__(self, columns: Sequence[Family | Column], rows: Rows) -> None:
        self._columns = columns
        self._rows = rows

    def shape(self) -> object:
        """Equal as long as the same samples are there in the same order, whatever their values."""
        return self._columns, list(self._rows)

    def cells(self) -> Iterator[Cell]:
        return (column.labelled(key) for key in self._rows for column in self._columns)

    def values(self) -> Iterable[Value]:
        # One value more or less would move all behind it under a neighbour's labels.
        if odd := set(map(len, self._rows.values())) - {len(self._columns)}:
            raise ValueError(f"a row of {min(odd)} values in a table of {len(self._columns)}")
        return chain.from_iterable(self._rows.values())


class Samples:
    """One sample at a time, for things of which no two have the same families."""

    __slots__ = ("_cells", "_values")

    def __init__(self, cells: list[Cell] | None = None, values: list[Value] | None = None) -> None:
        self._cells: list[Cell] = cells or []
        self._values: list[Value] = values or []

    def add(self, family: Family, value: Value, *labels: str) -> None:
        self._cells.append((family, labels))
        self._values.append(value)

    def shape(self) -> object:
        return self._cells

    def cells(self) -> Iterator[Cell]:
        return iter(self._cells)

    def values(self) -> Iterable[Value]:
        return self._values


Block = Table | Samples


def one(families: Sequence[Family | Column], values: Sequence[Value]) -> Table:
    """The table of a subject of which the machine has one."""
    return Table(families, {(): values})


def option(default: Any, help: str, flag: str = "") -> Any:
    """A field of a collector's Options: `some_field` is --collector.<name>.some-field.

    `flag` replaces that last part where node_exporter spells it in another way.
    """
    return field(default=default, metadata={"help": help, "flag": flag})


class Filter:
    """Which names a collector gives, by two regular expressions; an empty one says nothing."""

    def __init__(self, include: str, exclude: str = "") -> None:
        self._include = re.compile(include)
        self._exclude = re.compile(exclude) if exclude else None

    def __call__(self, name: str) -> bool:
        if self._exclude and self._exclude.search(name):
            return False
        return bool(self._include.search(name))


@dataclass(frozen=True)
class NoOptions:
    """For the collectors that leave nothing to choose."""


class Collector(ABC):
    """One subject. `help` is its line in --collector.list; it starts on or off by `default`.

    `collect` reads and returns; it neither logs nor catches what it cannot mend: the Guard does.
    A block that was given stays as it is: given again, it is not looked through again.
    One that `yields` gives families of any name, and loses those that another gives too. One with
    a later `turn` is asked behind those with an earlier one.
    """

    name: ClassVar[str]
    help: ClassVar[str]
    default: ClassVar[bool] = True
    yields: ClassVar[bool] = False
    turn: ClassVar[int] = 0
    options: ClassVar[type[Any]] = NoOptions

    @abstractmethod
    def __init__(self, paths: Paths, options: Any) -> None: ...

    @abstractmethod
    def collect(self) -> Iterable[Block]: ...

    def see(self, known: "Known") -> None:  # noqa: B027 - most have no need to
        """Look at what the collectors gave last, before it is asked itself."""
