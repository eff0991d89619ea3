"""How samples become text: one template for a layout, filled anew for each scrape."""

import re
from collections.abc import Iterable, Sequence
from itertools import compress, count
from math import isfinite, isinf
from operator import itemgetter, ne
from typing import NamedTuple

from hyperion_exporter.collector import Block, Cell, Family, Value

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

# Some families are named by what a file says.
NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
# Equal to no value of a collector, its own NaN included.
_NOTHING = float("nan")
# Numbers in a piece of the text. A piece in which none changed is neither put together nor deflated
# anew: of hundreds of mounts few are in use. Smaller ones would deflate less well.
_IN_A_PIECE = 128


class BadValue(ValueError):
    """A collector gave what would, on the page, cost every other family."""


class Piece:
    """Some of a page. The same one, not just an equal one, is there as long as its text is."""

    __slots__ = ("deflated", "seen", "text")

    def __init__(self, text: bytes) -> None:
        self.text = text
        # Kept here by who sends it (serving/pack.py), so that it goes when the text goes.
        self.seen = False
        self.deflated = b""


def joined(pieces: Iterable[Piece]) -> bytes:
    return b"".join(piece.text for piece in pieces)


class Layout:
    """Which samples one collector gives, in which order. Building it is slow, filling it fast."""

    def __init__(
        self, shapes: list[object], cells: Iterable[Cell], limit: int, without: frozenset[str]
    ) -> None:
        self.shapes = shapes
        order, self._families, self.dropped = _grouped(cells, limit, without)
        self.series = len(order)
        self.names = frozenset(family.part_of or family.name for family, _ in self._families)
        self._order = order
        self._pick = itemgetter(*order) if len(order) > 1 else None
        self._texts: dict[str, _Text] = {}

    def fill(self, values: Sequence[Value], form: str) -> Sequence[Piece]:
        picked = self._pick(values) if self._pick else tuple(values[i] for i in self._order)
        text = self._texts.get(form)
        if text is None:
            text = self._texts[form] = _Text(_template(self._families, form))
        return text.renewed(picked)


class _Text:
    """A template and its numbers, of which only those that changed are spelled anew.

    Most subjects stand still from one scrape to the next: names, limits, idle disks.
    """

    def __init__(self, template: list[str]) -> None:
        self._parts = template
        self._values: tuple[Value, ...] = (_NOTHING,) * (len(template) // 2)
        # What follows the last number stands in a piece of its own where the one before is full.
        self._pieces = tuple(map(self._piece, range(len(self._values) // _IN_A_PIECE + 1)))

    def renewed(self, values: tuple[Value, ...]) -> Sequence[Piece]:
        if values != self._values:
            changed = list(compress(count(), map(ne, values, self._values)))
            numbers = _numbers([values[place] for place in changed])
            for place, number in zip(changed, numbers, strict=True):
                self._parts[2 * place + 1] = number
            pieces = list(self._pieces)
            for place in {place // _IN_A_PIECE for place in changed}:
                pieces[place] = self._piece(place)
            self._values, self._pieces = values, tuple(pieces)
        return self._pieces

    def _piece(self, place: int) -> Piece:
        begin, end = (2 * _IN_A_PIECE * at for at in (place, place + 1))
        return Piece("".join(self._parts[begin:end]).encode())


class Rendered(NamedTuple):
    blocks: Sequence[Block]
    form: str
    layout: Layout
    pieces: Sequence[Piece]


class Page:
    """Keeps the layout and the text of each collector from one scrape to the next."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._layouts: dict[tuple[str, frozenset[str]], Layout] = {}
        self._rendered: dict[tuple[str, frozenset[str]], Rendered] = {}

    def render(
        self,
        collector: str,
        blocks: Sequence[Block],
        form: str,
        without: frozenset[str] = frozenset(),
    ) -> Rendered:
        """The same blocks as the last time, not just equal ones, are not looked through again."""
        last = self._rendered.get((collector, without))
        if last is None or (last.blocks, last.form) != (blocks, form):
            layout = self.layout(collector, blocks, without)
            values: list[Value] = []
            for block in blocks:
                values += block.values()
            last = Rendered(blocks, form, layout, layout.fill(values, form))
            self._rendered[collector, without] = last
        return last

    def layout(
        self, collector: str, blocks: Sequence[Block], without: frozenset[str] = frozenset()
    ) -> Layout:
        """The layout of these blocks, the families named in `without` left out."""
        shapes = [block.shape() for block in blocks]
        kept = self._layouts.get((collector, without))
        if kept is None or kept.shapes != shapes:
            cells = (cell for block in blocks for cell in block.cells())
            kept = Layout(shapes, cells, self._limit, without)
            self._layouts[collector, without] = kept
        return kept


Grouped = list[tuple[Family, list[tuple[str, ...]]]]


def _grouped(
    cells: Iterable[Cell], limit: int, without: frozenset[str]
) -> tuple[list[int], Grouped, int]:
    """Positions of the values family by family, without repeated samples and those past limit."""
    families: dict[str, tuple[Family, dict[tuple[str, ...], int]]] = {}
    kept = dropped = 0
    for position, (family, labels) in enumerate(cells):
        if len(labels) != len(family.labels):
            raise BadValue(f"{family.name} has {len(family.labels)} labels, got {len(labels)}")
        if not NAME.fullmatch(family.name):
            raise BadValue(f"not a name of a metric: {family.name!r:.40}")
        known, rows = families.setdefault(family.name, (family, {}))
        clean = tuple(map(_clean, labels))
        unwanted = known is not family or (family.part_of or family.name) in without
        if kept == limit or clean in rows or unwanted:
            dropped += 1
            continue
        rows[clean] = position
        kept += 1
    order = [position for _, rows in families.values() for position in rows.values()]
    return order, [(family, list(rows)) for family, rows in families.values() if rows], dropped


def _clean(label: str) -> str:
    """Names on a machine need not be UTF-8; on the page they must."""
    return label.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _template(families: Grouped, form: str) -> list[str]:
    """The text between the numbers, and at every second place room for one."""
    parts: list[str] = []
    text = before = ""
    for family, rows in families:
        head = _head(family, form)
        # The parts of one histogram have one head together.
        text += head if head != before else ""
        for row in rows:
            parts += f"{text}{family.name}{_label_text(family.labels, row)} ", ""
            text = "\n"
        before = head
    return [*parts, text]


def _head(family: Family, form: str) -> str:
    name, kind = family.name, family.kind
    if family.part_of and form == OPENMETRICS:
        # There the parts would have to stand together by label, not by name.
        kind = "unknown"
    elif family.part_of:
        name = family.part_of
    elif form == OPENMETRICS:
        # There a counter's family is named without the ending that its samples have.
        if kind == "counter" and not name.endswith("_total"):
            kind = "unknown"
        kind = "unknown" if kind == "untyped" else kind
        name = name.removesuffix("_total") if kind == "counter" else name
    help_text = _clean(family.help).replace("\\", r"\\").replace("\n", r"\n")
    if form == OPENMETRICS:
        help_text = help_text.replace('"', r"\"")
    return f"# HELP {name} {help_text}\n# TYPE {name} {kind}\n"


def _label_text(names: Sequence[str], values: Sequence[str]) -> str:
    pairs = (f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True))
    return "{" + ",".join(pairs) + "}" if names else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _numbers(values: Sequence[Value]) -> list[str]:
    """The values as text, each proven to be one number in the exposition's spelling."""
    tokens = list(map(str, values))
    joined = " ".join(tokens)
    # float() is more generous than the exposition (1_000, True, other scripts' digits, blanks),
    # the letters alone are too (1.2.3): what passes both is a number.
    odd = joined.encode("ascii", "replace").translate(None, b"0123456789 .-+e")
    if odd or joined.count(" ") != len(values) - 1:
        return list(map(_spelled, values))
    try:
        # To Prometheus, digits that no float can hold are no number, and spoil the whole page.
        if isfinite(sum(map(float, tokens))):
            return tokens
    except (OverflowError, TypeError, ValueError):
        pass
    return list(map(_spelled, values))


def _spelled(value: Value) -> str:
    text = str(value)
    try:
        number = float(value)
    except (OverflowError, TypeError, ValueError):
        raise BadValue(f"not a number: {value!r:.40}") from None
    if number != number:
        return "NaN"
    if isinf(number) and text.lstrip("+-").isalpha():
        return "+Inf" if number > 0 else "-Inf"
    if isinf(number) or text.encode("ascii", "replace").translate(None, b"0123456789.-+e"):
        raise BadValue(f"not a number: {value!r:.40}")
    return text
