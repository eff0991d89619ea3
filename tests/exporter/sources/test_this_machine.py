"""What a system tells of its machine; Windows' registry as it was recorded elsewhere."""

from pathlib import Path

import pytest

from hyperion_exporter.agent import files, telling
from hyperion_exporter.agent.files import BadFile
from hyperion_exporter.sources.this_machine import CRYPTOGRAPHY, VERSION, Linux, Windows

GUID = "5E2B9F40-6D1C-4B0A-9C55-0B7D1E8A4F21"
WINDOWS_11 = {
    (CRYPTOGRAPHY, "MachineGuid"): GUID,
    (VERSION, "ProductName"): "Windows 10 Pro",
    (VERSION, "CurrentBuild"): "22631",
}


def windows(registry: dict[tuple[str, str], str], since_boot: float = 5.5) -> Windows:
    def read(key: str, name: str) -> str:
        try:
            return registry[key, name]
        except KeyError:
            raise FileNotFoundError(2, "The system cannot find the file specified", key) from None

    return Windows(read, lambda: since_boot)


def test_this_one_is_known() -> None:
    here = Linux()
    assert len(here.own_id()) == 32
    assert here.uptime() > 0
    assert here.system()


@pytest.mark.parametrize(
    ("name", "build", "told"),
    [
        ("Windows 10 Pro", "22631", "Windows 11 Pro (22631)"),
        ("Windows 10 Pro", "19045", "Windows 10 Pro (19045)"),
        ("Windows Server 2022 Standard", "20348", "Windows Server 2022 Standard (20348)"),
    ],
)
def test_windows_is_called_what_people_call_it(name: str, build: str, told: str) -> None:
    values = {(VERSION, "ProductName"): name, (VERSION, "CurrentBuild"): build}
    assert windows(values).system() == told


def test_windows_is_known_by_its_own_id_which_is_not_told() -> None:
    here = windows(WINDOWS_11)
    assert here.own_id() == GUID.lower()
    assert GUID.lower() not in files.fingerprint(here)
    assert files.fingerprint(here) != files.fingerprint(
        windows({(CRYPTOGRAPHY, "MachineGuid"): GUID.replace("5", "6")})
    )


@pytest.mark.parametrize("registry", [{}, {(CRYPTOGRAPHY, "MachineGuid"): "none"}])
def test_a_windows_without_an_id_says_so(registry: dict[tuple[str, str], str]) -> None:
    with pytest.raises(BadFile, match="Cryptography cannot be read"):
        files.fingerprint(windows(registry))


def test_a_heartbeat_of_windows() -> None:
    beat = telling.beat("first", "http://127.0.0.1:9", machine=windows(WINDOWS_11, -1.0))
    assert beat["versions"]["system"] == "Windows 11 Pro (22631)"
    assert beat["uptime_seconds"] == 0, "the clock was set back"
    assert beat["host_key"] == ""


def test_nothing_updates_itself_on_windows(tmp_path: Path) -> None:
    here = tmp_path / (64 * "a") / "hyperion_exporter/agent/telling.py"
    assert telling.release(here, Linux()) == 64 * "a"
    assert telling.release(here, windows(WINDOWS_11)) == ""
