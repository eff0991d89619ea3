"""One scrape: what it asks for, and its answer."""

import zlib
from collections.abc import Sequence
from urllib.parse import parse_qs

from hyperion_exporter.guard import Guard
from hyperion_exporter.page import OPENMETRICS, TEXT
from hyperion_exporter.serving.http import Request

# Prometheus says how long it waits; our answer must be on its way a little earlier.
MARGIN_SECONDS = 0.5
PATIENCE_SECONDS = 10.0
# Added to the size of the window it asks zlib for gzip's format (zlib.h, deflateInit2).
GZIP = 16


def answer(guard: Guard, asked: Request, query: str) -> tuple[bytes, dict[str, str]]:
    wanted = chosen(query, guard.names)
    form = OPENMETRICS if "application/openmetrics-text" in asked.header("accept") else TEXT
    text = guard.gather(_seconds(asked), form, wanted)
    body = (text + "# EOF\n" if form == OPENMETRICS else text).encode()
    headers = {"Content-Type": form, "Vary": "Accept, Accept-Encoding"}
    if "gzip" in asked.header("accept-encoding"):
        headers["Content-Encoding"] = "gzip"
        # Level 1: a seventh of level 9's time for a seventh more bytes, measured on such pages.
        body = zlib.compress(body, level=1, wbits=zlib.MAX_WBITS | GZIP)
    return body, headers


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
