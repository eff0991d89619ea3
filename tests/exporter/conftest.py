"""A machine made of files, and what a collector says of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from hyperion_exporter.collector import Block, Collector
from hyperion_exporter.page import TEXT, Page, joined
from hyperion_exporter.paths import Paths

# A sample is known by its name and the values of its labels, in the order of the page.
Samples = dict[tuple[str, ...], float]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(*(tmp_path / name for name in ("proc", "sys", "root", "udev")))
    for folder in (paths.procfs, paths.sysfs, paths.rootfs, paths.udev_data):
        folder.mkdir()
    return paths


@pytest.fixture
def write(paths: Paths) -> Callable[[str, str | bytes], Path]:
    """write("proc/stat", text) gives the machine that file."""

    def write(name: str, content: str | bytes) -> Path:
        path = paths.procfs.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def page() -> Callable[..., str]:
    """The blocks as text, without a Guard: what is wrong with them is raised."""

    def page(blocks: list[Block], form: str = TEXT, limit: int = 10_000) -> str:
        values = [value for block in blocks for value in block.values()]
        return joined(Page(limit).layout("test", blocks).fill(values, form)).decode()

    return page


@pytest.fixture
def parse() -> Callable[[str], Samples]:
    def parse(text: str) -> Samples:
        found = [
            ((sample.name, *sample.labels.values()), sample.value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        ]
        assert len(dict(found)) == len(found), "no sample is there twice"
        return dict(found)

    return parse


@pytest.fixture
def scrape(
    page: Callable[..., str], parse: Callable[[str], Samples]
) -> Callable[[Collector], Samples]:
    return lambda collector: parse(page(list(collector.collect())))
