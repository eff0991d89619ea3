"""Metrics that scripts of the machine leave in files; a bad file costs only itself."""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import NamedTuple

from hyperion_exporter.collector import Block, Collector, Family, Samples, gauge, option
from hyperion_exporter.exposition import PARTS, Metric, Sample, parsed
from hyperion_exporter.paths import Paths

MTIME = gauge(
    "node_textfile_mtime_seconds", "When a file that could be read was last written.", "file"
)
ERROR = gauge("node_textfile_scrape_error", "Whether a file or folder could not be read.")

# The series of a file this large would not find room on the page.
MAX_BYTES = 10_000_000


class Stamp(NamedTuple):
    """A file, and what tells that it is still the same."""

    path: str
    inode: int = 0
    size: int = 0
    written: int = 0
    changed: int = 0
    regular: bool = False


@dataclass(frozen=True)
class Options:
    directory: tuple[str, ...] = option(
        (), "folder of files named *.prom; may be a pattern, and given more than once"
    )


class Textfile(Collector):
    name = "textfile"
    help = "Metrics out of files that scripts leave in a folder."
    options = Options
    yields = True

    def __init__(self, paths: Paths, options: Options) -> None:
        self._patterns = [pattern for pattern in options.directory if pattern]
        self._stamps: list[Stamp] = []
        self._samples = Samples()
        self._refused = False

    def collect(self) -> Iterable[Block]:
        stamps, missing = _look(self._patterns)
        if stamps != self._stamps:
            self._samples, self._refused = _read(stamps)
            self._stamps = stamps
        errors = Samples()
        errors.add(ERROR, int(missing or self._refused))
        return [self._samples, errors]


def _look(patterns: Iterable[str]) -> tuple[list[Stamp], bool]:
    """The files that are there, and whether a folder could not be looked into."""
    stamps: list[Stamp] = []
    missing = False
    for pattern in patterns:
        for folder in map(Path, sorted(glob(pattern)) or [pattern]):  # noqa: PTH207 - any pattern
            try:
                files = sorted(file for file in folder.iterdir() if file.suffix == ".prom")
            except OSError:
                missing = True
            else:
                stamps += map(_stamp, files)
    return stamps, missing


def _stamp(file: Path) -> Stamp:
    path = os.fspath(file)
    try:
        now = file.stat()
    except OSError:
        return Stamp(path)
    regular = stat.S_ISREG(now.st_mode)
    return Stamp(path, now.st_ino, now.st_size, int(now.st_mtime), now.st_ctime_ns, regular)


def _read(stamps: Iterable[Stamp]) -> tuple[Samples, bool]:
    """What the files give together, and whether something of them was refused."""
    metrics: dict[str, Metric] = {}
    samples = Samples()
    refused = False
    for stamp in stamps:
        try:
            found = parsed(_text(stamp))
        except (OSError, ValueError):
            refused = True
            continue
        samples.add(MTIME, stamp.written, stamp.path)
        for name, metric in found.items():
            metric.help = metric.help or f"Read from {stamp.path}."
            refused |= not _merge(metrics.setdefault(name, metric), metric)
    for name, metric in metrics.items():
        _add(samples, name, metric)
    return samples, refused


def _text(stamp: Stamp) -> str:
    # To open a pipe would wait for whoever writes into it.
    if not stamp.regular or stamp.size > MAX_BYTES:
        raise ValueError("not a file of reasonable size")
    return Path(stamp.path).read_bytes().decode()


def _merge(known: Metric, metric: Metric) -> bool:
    """Add what a later file has of a family, unless that is of another kind there."""
    if known.kind != metric.kind:
        return False
    if known is not metric:
        known.samples += metric.samples
    return True


def _add(samples: Samples, name: str, metric: Metric) -> None:
    parts: dict[str, list[Sample]] = {}
    for sample in metric.samples:
        parts.setdefault(sample.name, []).append(sample)
    part_of = name if metric.kind in PARTS else ""
    for part, rows in parts.items():
        # Samples of one family need not have the same labels; an empty one is as none.
        labels = tuple(dict.fromkeys(label for row in rows for label in row.labels))
        family = Family(part, metric.kind, metric.help, labels, part_of)
        for row in rows:
            samples.add(family, row.value, *(row.labels.get(label, "") for label in labels))
