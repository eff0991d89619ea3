"""Which operating system this is, as its os-release file says."""

import re
import shlex
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from hyperion_exporter.collector import Block, Collector, NoData, NoOptions, Samples, gauge
from hyperion_exporter.paths import Parsed, Paths

LABELS = (
    "build_id",
    "id",
    "id_like",
    "image_id",
    "image_version",
    "name",
    "pretty_name",
    "variant",
    "variant_id",
    "version",
    "version_codename",
    "version_id",
)
INFO = gauge("node_os_info", "What the operating system calls itself; always 1.", *LABELS)
VERSION = gauge(
    "node_os_version", "Version of the operating system, as far as it is a number.",
    "id", "id_like", "name",
)  # fmt: skip
SUPPORT_END = gauge(
    "node_os_support_end_timestamp_seconds", "When the operating system's support ends."
)


class Os(Collector):
    name = "os"
    help = "Name and version of the operating system."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        names = ("etc/os-release", "usr/lib/os-release")
        # A file that stays gives the same blocks, which are not looked through again.
        self._files = [Parsed(paths.rootfs / name, _blocks) for name in names]

    def collect(self) -> Iterable[Block]:
        for file in self._files:
            try:
                return file.get()
            except FileNotFoundError:
                continue
        raise NoData("no os-release file")


def _blocks(text: str) -> Sequence[Block]:
    facts = _parse(text)
    samples = Samples()
    samples.add(INFO, 1, *(facts.get(label, "") for label in LABELS))
    if version := re.match(r"\d+(\.\d+)?", facts.get("version_id", "")):
        samples.add(VERSION, version[0], *(facts.get(label, "") for label in VERSION.labels))
    if end := facts.get("support_end"):
        samples.add(SUPPORT_END, datetime.fromisoformat(end).replace(tzinfo=UTC).timestamp())
    return [samples]


def _parse(text: str) -> dict[str, str]:
    """Lines of NAME=value, quoted as in a shell (os-release(5))."""
    facts = {}
    for line in text.splitlines():
        name, _, value = line.partition("=")
        try:
            facts[name.strip().lower()] = "".join(shlex.split(value, comments=True))
        except ValueError:
            continue  # a quote that never ends
    return facts
