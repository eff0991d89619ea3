"""The last minutes of machines as if they had been scraped, for Prometheus or VictoriaMetrics."""

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab import programs
from lab.servers import Server

STEP, STEPS = 60, 16  # seconds; enough for windows of a quarter of an hour
# VictoriaMetrics holds what is younger than half a minute for incomplete.
LATE = 60
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")


@dataclass(frozen=True)
class Machine:
    """A page that stays as it is, but that its counters grow, each at its own pace."""

    labels: Mapping[str, str]
    page: str
    steps: int = STEPS
    later: int = 0  # seconds that its end is after that of the others

    def samples(self, end: int) -> Iterator[tuple[str, int]]:
        """Each line without its time, and its time."""
        target = ",".join(f"{name}={json.dumps(value)}" for name, value in self.labels.items())
        for number, (name, labels, value, counts) in enumerate(_lines(self.page)):
            # A target's labels are stronger than what its page says.
            own = re.sub(rf"(^|,)({'|'.join(self.labels)})=", r"\1exported_\2=", labels)
            both = ",".join(filter(None, (target, own)))
            for step in range(self.steps):
                grown = (2 + number % 7) * STEP * step if counts else 0
                now = value if not grown else repr(float(value) + grown)
                yield f"{name}{{{both}}} {now}", end + self.later - (self.steps - 1 - step) * STEP


def _lines(page: str) -> Iterator[tuple[str, str, str, bool]]:
    counts = False
    for line in page.splitlines():
        if line.startswith("# TYPE"):
            counts = line.endswith(" counter")
        elif found := SAMPLE.fullmatch(line):
            yield found[1], found[2] or "", found[3], counts


def into_prometheus(machines: Sequence[Machine], end: int, folder: Path) -> None:
    """Before it starts, into the folder that it keeps its data in."""
    text = folder.with_suffix(".om")
    with text.open("w") as file:
        for machine in machines:
            file.writelines(f"{sample} {at}\n" for sample, at in machine.samples(end))
        file.write("# EOF\n")
    tool = programs.program("promtool", "3.5")
    argv = [tool, "tsdb", "create-blocks-from", "openmetrics", "--quiet", text, folder]
    subprocess.run(argv, check=True, capture_output=True, timeout=60)


def into_victoriametrics(machines: Sequence[Machine], end: int, store: Server) -> None:
    lines = (f"{line} {at}000" for machine in machines for line, at in machine.samples(end))
    url = f"{store.url}/api/v1/import/prometheus"
    with urllib.request.urlopen(url, "\n".join(lines).encode(), timeout=60):
        pass
    # What came in can be asked for now instead of in a moment.
    with urllib.request.urlopen(f"{store.url}/internal/force_flush", timeout=60):
        pass
