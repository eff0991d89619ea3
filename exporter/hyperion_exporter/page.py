"""How samples become text: one template for a layout, filled anew for each scrape."""

from collections import deque
from collections.abc import Iterable, Sequence
from math import inf
from operator import itemgetter

from hyperion_exporter.collector import Block, Cell, Family, Value

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class BadValue(ValueError):
    """A collector gave what is no number; on the page it would cost every other family."""


class Layout:
    """Which samples one collector gives, in which order. Building it is slow, filling it fast."""

    def __init__(self, shapes: list[object], cells: Iterable[Cell], limit: int) -> None:
        self.shapes = shapes
        order, self._families, self.dropped = _grouped(cells, limit)
        self.series = len(order)
        self.names = frozenset(family.name for family, _ in self._families)
        self._order = order
        self._pick = itemgetter(*order) if len(order) > 1 else None
        self._templates: dict[str, str] = {}

    def fill(self, values: Sequence[Value], form: str) -> str:
        picked = self._pick(values) if self._pick else tuple(values[i] for i in self._order)
        template = self._templates.get(form)
        if template is None:
            template = self._templates[form] = _template(self._families, form)
        return template % _numbers(picked)


class Page:
    """Keeps the layout of each collector from one scrape to the next."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._layouts: dict[str, Layout] = {}

    def layout(self, collector: str, blocks: Sequence[Block]) -> Layout:
        shapes = [block.shape() for block in blocks]
        kept = self._layouts.get(collector)
        if kept is None or kept.shapes != shapes:
            cells = (cell for block in blocks for cell in block.cells())
            kept = self._layouts[collector] = Layout(shapes, cells, self._limit)
        return kept


Grouped = list[tuple[Family, list[tuple[str, ...]]]]


def _grouped(cells: Iterable[Cell], limit: int) -> tuple[list[int], Grouped, int]:
    """Positions of the values family by family, without repeated samples and those past limit."""
    families: dict[str, tuple[Family, dict[tuple[str, ...], int]]] = {}
    kept = dropped = 0
    for position, (family, labels) in enumerate(cells):
        if len(labels) != len(family.labels):
            raise BadValue(f"{family.name} has {len(family.labels)} labels, got {len(labels)}")
        known, rows = families.setdefault(family.name, (family, {}))
        clean = tuple(map(_clean, labels))
        if kept == limit or clean in rows or known is not family:
            dropped += 1
            continue
        rows[clean] = position
        kept += 1
    order = [position for _, rows in families.values() for position in rows.values()]
    return order, [(family, list(rows)) for family, rows in families.values() if rows], dropped


def _clean(label: str) -> str:
    """Names on a machine need not be UTF-8; on the page they must."""
    return label.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _template(families: Grouped, form: str) -> str:
    return "".join(_family_template(family, rows, form) for family, rows in families)


def _family_template(family: Family, rows: list[tuple[str, ...]], form: str) -> str:
    name, kind = family.name, family.kind
    if form == OPENMETRICS:
        # There a counter's family is named without the ending that its samples have.
        if kind == "counter" and not name.endswith("_total"):
            kind = "unknown"
        kind = "unknown" if kind == "untyped" else kind
        name = name.removesuffix("_total") if kind == "counter" else name
    help_text = family.help.replace("\\", r"\\").replace("\n", r"\n")
    head = _literal(f"# HELP {name} {help_text}\n# TYPE {name} {kind}\n")
    lines = (_literal(family.name + _label_text(family.labels, row)) for row in rows)
    return head + "".join(f"{line} %s\n" for line in lines)


def _label_text(names: Sequence[str], values: Sequence[str]) -> str:
    pairs = (f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True))
    return "{" + ",".join(pairs) + "}" if names else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _literal(text: str) -> str:
    return text.replace("%", "%%")


def _numbers(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """The same values, each proven to be one number in the exposition's spelling."""
    joined = " ".join(map(str, values))
    # float() is more generous than the exposition (1_000, True, other scripts' digits, blanks),
    # the letters alone are too (1.2.3): what passes both is a number.
    odd = joined.encode("ascii", "replace").translate(None, b"0123456789 .-+e")
    if odd or joined.count(" ") != len(values) - 1:
        return tuple(map(_spelled, values))
    try:
        deque(map(float, values), maxlen=0)
    except (TypeError, ValueError):
        return tuple(map(_spelled, values))
    return values


def _spelled(value: Value) -> Value:
    text = str(value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise BadValue(f"not a number: {value!r:.40}") from None
    if number != number:
        return "NaN"
    if number in (inf, -inf):
        return "+Inf" if number > 0 else "-Inf"
    if text.encode("ascii", "replace").translate(None, b"0123456789.-+e"):
        raise BadValue(f"not a number: {value!r:.40}")
    return value
