"""What a bench gives back, and how it is printed."""

import os
import platform
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Row:
    """One quantity, measured in pairs: the first of each is ours, the second the peer's."""

    quantity: str
    unit: str
    peer: str
    pairs: Sequence[tuple[float, float]]
    reach: float

    @property
    def ours(self) -> float:
        return statistics.median(ours for ours, _ in self.pairs)

    @property
    def theirs(self) -> float:
        return statistics.median(theirs for _, theirs in self.pairs)

    @property
    def ratio(self) -> float:
        """The median of the pairs' ratios: it holds when the machine's speed drifts."""
        return statistics.median(ours / theirs for ours, theirs in self.pairs)


Bench = Callable[[], Iterable[Row]]

HEAD = ("quantity", "peer", "ours", "peer's", "ratio", "reach", "pairs")


def lines(rows: Sequence[Row]) -> list[str]:
    """A table that reads in a terminal and in Markdown alike."""
    cells = [HEAD, tuple("-" * len(head) for head in HEAD), *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in cells]


def _cells(row: Row) -> tuple[str, ...]:
    reached = "" if row.ratio <= row.reach else " missed"
    return (
        row.quantity,
        row.peer,
        f"{row.ours:.3g} {row.unit}",
        f"{row.theirs:.3g} {row.unit}",
        f"{row.ratio:.2f}",
        f"{row.reach:.2f}{reached}",
        str(len(row.pairs)),
    )


def page(rows: Sequence[Row]) -> str:
    machine = f"{os.cpu_count()} cores, Linux {platform.release()}, Python"
    head = (
        "# Bench\n\nWritten by `make bench WRITE=1`. Ours and the peer run in turn on one machine;"
        " the figures are medians, the ratio is the median of the pairs' ratios, and smaller is"
        " better. Compare ratios, not times: machines differ and drift.\n\n"
        f"{date.today()}, {machine} {platform.python_version()}.\n\n"
    )
    return head + "\n".join(lines(rows)) + "\n"
