"""The questions to smartctl, all of them."""

from pathlib import Path

import pytest

from hyperion_exporter.sources.smartctl import Refused, command, find


def test_a_question_about_a_disk_is_one_call() -> None:
    argv = command(["read", "standby", "sat+megaraid,5", "/dev/bus/0"])
    assert argv[-3:] == ["--nocheck=standby,3", "--device=sat+megaraid,5", "/dev/bus/0"]


@pytest.mark.parametrize("name", ["/dev/sda", "/dev/disk/by-id/ata-A_B-1.2", "/dev/cciss/c0d0"])
def test_disks_have_many_names(name: str) -> None:
    assert command(["read", "standby", "auto", name])[-1] == name


@pytest.mark.parametrize(
    "question",
    [
        [],
        ["rm"],
        ["scan", "--scan-open"],
        ["read", "standby", "sat"],
        ["read", "awake", "sat", "/dev/sda"],
        ["read", "standby", "sat --smart=off", "/dev/sda"],
        ["read", "standby", "sat", "-s"],
        ["read", "standby", "sat", "/etc/passwd"],
        ["read", "standby", "sat", "/dev/../etc/passwd"],
        ["read", "standby", "sat", "/dev/./sda"],
        ["read", "standby", "sat", "/dev/sda\n--test=long"],
        ["read", "standby", "sat", "/dev/sd\u0430"],
        ["read", "standby", "sat", "/dev/sda", "--test=long"],
        ["test", "standby", "sat", "/dev/sda"],
    ],
)
def test_nothing_else_can_be_asked(question: list[str]) -> None:
    with pytest.raises(Refused, match="not a question for smartctl"):
        command(question)


def test_it_is_found_where_systems_put_it(tmp_path: Path) -> None:
    (tmp_path / "smartctl").touch()
    assert find([str(tmp_path)]) is None, "it cannot be started"
    (tmp_path / "smartctl").chmod(0o755)
    assert find([str(tmp_path / "none"), str(tmp_path)]) == tmp_path / "smartctl"
