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
from lab.wait import wait_for

ENV = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
SYSTEMS = ("win32", "darwin")
# psutil has no sensors on either; macOS has neither services nor an event log of that kind.
WITHOUT = {"win32": {"hwmon"}, "darwin": {"events", "hwmon", "service"}}
# One that was empty, and has had one event since.
WEVTUTIL = """#!/bin/sh
case "$*" in
    *rd:true*) ;;
    *System*) sed -n '/Print Spooler/s/.* | //p' "$EVENTS" ;;
esac
"""
Samples = dict[tuple[str, ...], float]
FAILED = ("hyperion_events_total", "system", "err", "unit_failure")
SHOP = ("windows_service_state", "Shop", "stopped")


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
    (tmp_path / "System32").mkdir()
    (tmp_path / "System32/wevtutil.exe").write_text(WEVTUTIL)
    (tmp_path / "System32/wevtutil.exe").chmod(0o755)
    events = Path(__file__).parent / "collectors/events/windows.txt"
    env = ENV | {"SystemRoot": str(tmp_path), "EVENTS": str(events)}
    state = f"--collector.events.state-folder={tmp_path}"
    command = argv(system, f"--web.listen-address={address}", state)
    url = f"http://{address}"

    def scraped() -> Samples:
        with urlopen(f"{url}/metrics", timeout=10) as answer:
            return parse(answer.read().decode())

    with running(command, tmp_path / "log", lambda: answers(f"{url}/healthz"), env=env) as started:
        if system == "win32":
            # They are asked beside the scrapes, and on a laden machine have no answer yet.
            wait_for(lambda: scraped()[FAILED] == scraped()[SHOP] == 1, 30, "its events, services")
        samples = scraped()
        log = started.log.read_text()
    succeeded = {
        key[1]: value for key, value in samples.items() if key[0] == "node_scrape_collector_success"
    }
    wanted = {kind.name: kind.name not in WITHOUT[system] for kind in portable.COLLECTORS}
    assert succeeded.items() >= wanted.items()
    assert samples["node_load1",] == load
    failed = [line for line in log.splitlines() if "failed" in line]
    assert [line for line in failed if "yet" not in line] == []


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
