"""The rules of the house; behind each rule, a planted violation that it catches."""

import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import hyperion_control
import hyperion_exporter
from exporter import golden
from hyperion_exporter.collector import Collector, NoData, gauge, one
from hyperion_exporter.collectors import COLLECTORS
from hyperion_exporter.paths import Paths
from lab import fixtures, house, objects


def planted(folder: Path, text: str, name: str = "planted.py") -> list[Path]:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return [file]


def test_no_file_is_too_long_to_read() -> None:
    assert house.too_long(house.modules()) == []


def test_a_file_that_is_too_long_is_named(tmp_path: Path) -> None:
    assert house.too_long(planted(tmp_path, "x = 1\n" * 301)) == ["planted.py: 301 lines"]
    assert house.too_long(planted(tmp_path, '"""A table, long because."""\n' * 301)) == []


def test_every_module_says_in_one_line_what_it_is() -> None:
    assert house.without_docstring(house.modules()) == []


def test_a_module_that_does_not_say_what_it_is_is_named(tmp_path: Path) -> None:
    assert house.without_docstring(planted(tmp_path, "x = 1\n")) == ["planted.py"]
    assert house.without_docstring(planted(tmp_path, '"""Two\nlines."""\n')) == ["planted.py"]


def test_programs_are_started_only_where_that_is_the_work() -> None:
    assert house.starting_programs(house.modules()) == []


def test_a_file_that_starts_a_program_elsewhere_is_named(tmp_path: Path) -> None:
    for text, what in {
        "import subprocess\n": "subprocess",
        "from subprocess import run\n": "subprocess",
        "import os\nos.system('ls')\n": "os.system",
        "import os\nos.execv('/bin/ls', ['ls'])\n": "os.execv",
    }.items():
        files = planted(tmp_path, text)
        assert house.starting_programs(files, tmp_path) == [f"planted.py: {what}"]
    allowed = planted(tmp_path, "import subprocess\n", "sources/planted.py")
    assert house.starting_programs(allowed, tmp_path) == []


def test_every_collector_is_in_the_list() -> None:
    folder = Path(hyperion_exporter.__file__).parent / "collectors"
    assert house.unlisted(folder, COLLECTORS) == []
    names = [kind.name for kind in COLLECTORS]
    assert names == sorted(set(names)), "the list is in the order of names, each once"


def test_a_collector_that_was_forgotten_in_the_list_is_named(tmp_path: Path) -> None:
    planted(tmp_path, "", "forgotten.py")
    planted(tmp_path, "", "known.py")
    known = type("Known", (Collector,), {"__module__": "hyperion_exporter.collectors.known"})
    assert house.unlisted(tmp_path, [known]) == ["forgotten"]


def on_our_machine(folder: Path) -> list[Collector]:
    return golden.collectors(golden.captured(folder / "machine"))


def on_theirs(folder: Path) -> list[Collector]:
    machine = fixtures.machine(folder)
    paths = Paths(machine / "proc", machine / "sys", machine, machine / "udev/data")
    return [kind(paths, kind.options()) for kind in COLLECTORS if kind.name not in golden.ASKING]


@pytest.mark.parametrize("collectors", [on_our_machine, on_theirs])
def test_objects_of_prometheus_client_give_the_same_samples(
    collectors: Callable[[Path], list[Collector]], tmp_path: Path
) -> None:
    different = {}
    for collector in collectors(tmp_path):
        with suppress(NoData, FileNotFoundError):
            blocks = list(collector.collect())
            different[collector.name] = objects.differing(objects.text(blocks), blocks)
    assert {name: families for name, families in different.items() if families} == {}
    assert len(different) > 50, "nearly all have something to say"


def test_a_sample_that_objects_give_in_another_way_is_named() -> None:
    doors = gauge("doors", "Doors by state.", "state")
    blocks = [one((doors.column(state="open"), doors.column(state="shut")), ("3", 4.0))]
    page = objects.text(blocks)
    assert objects.differing(page, blocks) == []
    for spoiled in (
        page.replace(" 3", " 3.5"),
        page.replace("open", "ajar"),
        page.replace(" gauge", " untyped"),
        page.replace("Doors", "Windows"),
        page.replace('doors{state="open"} 3\n', ""),
        page.replace("doors", "gates"),
    ):
        assert "doors" in objects.differing(spoiled, blocks), spoiled


def test_the_version_is_one() -> None:
    project = tomllib.loads((house.ROOT / "pyproject.toml").read_text())["project"]
    assert hyperion_exporter.__version__ == hyperion_control.__version__ == project["version"]
