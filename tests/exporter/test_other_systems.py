"""The whole program where the system is not Linux: what it loads, lists and serves."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from urllib.request import urlopen

import pytest

from hyperion_exporter.collector import Family
from hyperion_exporter.collectors import filesystem, portable, uname
from lab import house
from lab.servers import answers, free_port, running

ENV = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
SYSTEMS = ("win32", "darwin")
Samples = dict[tuple[str, ...], float]


def argv(system: str, *flags: str) -> list[str]:
    return [sys.executable, "-m", "lab.systems", system, *flags]


def said(*command: str) -> str:
    ended = subprocess.run(command, env=ENV, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize(("system", "load"), [("win32", 0.5), ("darwin", 2.5)])
def test_the_program_starts_there_and_answers_a_scrape(
    system: str, load: float, tmp_path: Path, parse: Callable[[str], Samples]
) -> None:
    address = f"127.0.0.1:{free_port()}"
    command = argv(system, f"--web.listen-address={address}")
    url = f"http://{address}"
    with running(command, tmp_path / "log", lambda: answers(f"{url}/healthz"), env=ENV) as started:
        with urlopen(f"{url}/metrics", timeout=10) as answer:
            samples = parse(answer.read().decode())
        log = started.log.read_text()
    succeeded = {
        key[1]: value for key, value in samples.items() if key[0] == "node_scrape_collector_success"
    }
    # psutil has no sensors on either.
    assert succeeded.items() >= {k.name: k.name != "hwmon" for k in portable.COLLECTORS}.items()
    assert samples["node_load1",] == load
    assert "failed" not in log


@pytest.mark.parametrize("system", SYSTEMS)
def test_it_lists_the_collectors_that_exist_there(system: str) -> None:
    lines = said(*argv(system, "--collector.list")).splitlines()[1:]
    assert [line.split()[0] for line in lines] == [kind.name for kind in portable.COLLECTORS]


def test_every_module_that_a_machine_there_may_load_can_be_loaded() -> None:
    """TLS, passwords and configuration come with a flag, not with the first scrape."""
    folder = Path(portable.__file__).parents[2]
    names = [f"hyperion_exporter.{file.stem}" for file in folder.glob("*.py")]
    loading = "import importlib, sys; from lab.systems import become; become(sys.argv[1])\n"
    loading += "for name in sys.argv[2:]: importlib.import_module(name)"
    for system in SYSTEMS:
        said(sys.executable, "-c", loading, system, *names)


def test_linux_pays_for_none_of_it() -> None:
    looking = "import sys; from hyperion_exporter.cli import main; main(['--once'])\n"
    looking += "print([name for name in sys.modules if 'psutil' in name or 'portable' in name])"
    assert said(sys.executable, "-c", looking).splitlines()[-1] == "[]"


def test_every_portable_collector_is_in_the_list() -> None:
    folder = Path(portable.__file__).parent
    assert house.unlisted(folder, portable.COLLECTORS) == ["system"]  # what they stand on
    names = [kind.name for kind in portable.COLLECTORS]
    assert names == sorted(set(names))


@pytest.mark.parametrize(
    ("there", "here"), [(portable.filesystem, filesystem), (portable.uname, uname)]
)
def test_what_is_written_twice_says_the_same(there: ModuleType, here: ModuleType) -> None:
    """These two of Linux cannot be loaded on Windows, so their families stand here again."""

    def families(module: ModuleType) -> dict[str, tuple[object, ...]]:
        known = {name: value for name, value in vars(module).items() if isinstance(value, Family)}
        return {name: (f.name, f.kind, f.help, f.labels) for name, f in known.items()}

    assert families(there)
    assert families(there).items() <= families(here).items()
