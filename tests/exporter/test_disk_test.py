"""Self-tests of disks, as who is root starts them."""

from pathlib import Path

import pytest

from hyperion_exporter.disk_test import main
from lab.disks import Disks

SAID = Path(__file__).parent / "sources/old_smartctl"
RUNNING = """\
Self-test execution status:      ( 249)	Self-test routine in progress...
					90% of test remaining.
"""


@pytest.fixture
def disks(tmp_path: Path) -> Disks:
    disks = Disks(tmp_path / "smartctl")
    disks.put("/dev/sda", (SAID / "ata.txt").read_text(), "sat")
    disks.put("/dev/sdb", (SAID / "scsi.txt").read_text(), "scsi")
    return disks


def asked(disks: Disks, *words: str) -> int:
    return main(words, [str(disks.bin)])


def test_a_test_is_started(disks: Disks, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(disks, "short", "/dev/sda", "--kind=sat") == 0
    said = "the short test has begun; it ends about Sat Nov 21 09:00:00 2026\n"
    assert capsys.readouterr().out == said
    assert disks.calls()[-1] == ["--test=short", "--device=sat", "/dev/sda"]


def test_a_test_is_broken_off(disks: Disks, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(disks, "abort", "/dev/sdb") == 0
    assert capsys.readouterr().out == "no test runs any more\n"
    assert disks.calls()[-1] == ["--abort", "--device=auto", "/dev/sdb"]


def test_the_last_tests_are_told(disks: Disks, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(disks, "report", "/dev/sda") == asked(disks, "report", "/dev/sdb") == 0
    assert capsys.readouterr().out.splitlines() == [
        "Short offline, at 44600 h switched on: Completed: read failure",
        "Extended offline, at 40000 h switched on: Completed without error",
        "Background short, at 33124 h switched on: Completed",
    ]


def test_no_second_test_is_started_beside_a_running_one(
    disks: Disks, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = (SAID / "ata.txt").read_text()
    begin = whole.index("Self-test execution status:")
    end = whole.index("Offline data collection\n")
    disks.put("/dev/sda", whole[:begin] + RUNNING + whole[end:], "sat")
    assert asked(disks, "report", "/dev/sda") == 0
    assert capsys.readouterr().out.startswith("a test runs, 10 % are done\n")
    assert asked(disks, "long", "/dev/sda") == 1
    assert "Self-test in progress" in capsys.readouterr().err
    assert not [call for call in disks.calls() if "--test=long" in call]


def test_a_test_that_the_disk_has_not_is_refused(
    disks: Disks, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(disks, "conveyance", "/dev/sdb") == 1
    assert "does not support the 'conveyance' test" in capsys.readouterr().err


def test_a_disk_that_is_not_there_is_named(
    disks: Disks, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(disks, "report", "/dev/sdz") == 1
    said = "hyperion-disk-test: /dev/sdz: Smartctl open device: /dev/sdz failed: No such device\n"
    assert capsys.readouterr().err == said


def test_a_machine_without_smartctl_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "/dev/sda"], [str(tmp_path)]) == 1
    assert "install smartmontools" in capsys.readouterr().err
