"""One scrape: what it asks for, and its answer."""

from collections.abc import Sequence
from urllib.parse import parse_qs

from hyperion_exporter.guard import Guard
from hyperion_exporter.page import OPENMETRICS, TEXT, Piece, joined
from hyperion_exporter.serving import pack
from hyperion_exporter.serving.http import Request

# Prometheus says how long it waits; our answer must be on its way a little earlier.
MARGIN_SECONDS = 0.5
PATIENCE_SECONDS = 10.0
END = Piece(b"# EOF\n")


def answer(guard: Guard, asked: Request, query: str) -> tuple[bytes, dict[str, str]]:
    wanted = chosen(query, guard.names) if query else None
    form = OPENMETRICS if "application/openmetrics-text" in asked.header("accept") else TEXT
    pieces = guard.pieces(_seconds(asked), form, wanted)
    if form == OPENMETRICS:
        pieces.append(END)
    headers = {"Content-Type": form, "Vary": "Accept, Accept-Encoding"}
    if "gzip" in asked.header("accept-encoding"):
        headers["Content-Encoding"] = "gzip"
        return pack.gzip(pieces), headers
    return joined(pieces), headers


def chosen(query: str, known: Sequence[str]) -> set[str] | None:
    """The collectors that collect[] or exclude[] leave; None means all."""
    asked = parse_qs(query)
    only, without = set(asked.get("collect[]", ())), set(asked.get("exclude[]", ()))
    if only and without:
        raise ValueError("give collect[] or exclude[], not both")
    if unknown := (only | without).difference(known):
        have = ", ".join(known)
        raise ValueError(f"no collector {min(unknown)!r} is switched on; there are: {have}")
    return only or (set(known) - without if without else None)


def _seconds(asked: Request) -> float:
    try:
        said = float(asked.header("x-prometheus-scrape-timeout-seconds"))
    except ValueError:
        return PATIENCE_SECONDS
    # A margin larger than half of a short timeout would leave no time to gather.
    return max(said - MARGIN_SECONDS, said / 2) if 0 < said < 3600 else PATIENCE_SECONDS
