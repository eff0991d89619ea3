"""How long the exporter takes from its start to its first answer."""

import tempfile
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path

from bench.table import Row
from lab.ours import exporter

STARTS = 7
PROMISED_SECONDS = 0.5


def start() -> Iterable[Row]:
    pairs = [(seconds(), PROMISED_SECONDS) for _ in range(STARTS)]
    return [Row("start to first page", "s", "what is promised", pairs, 1.0)]


def seconds() -> float:
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, exporter(Path(folder)) as ours:
        with urllib.request.urlopen(f"{ours.url}/metrics", timeout=30) as page:
            page.read()
        return time.perf_counter() - begun
