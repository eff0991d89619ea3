"""Which programs of others this machine has, and what is said of those it lacks."""

from pathlib import Path

import pytest

from hyperion_control.up import found
from hyperion_control.up.plan import Found


def command(folder: Path, name: str) -> Path:
    file = folder / name
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return file


def test_programs_on_path_are_taken_by_either_name(tmp_path: Path) -> None:
    expected = Found(
        command(tmp_path, "prometheus"),
        command(tmp_path, "prometheus-alertmanager"),
        command(tmp_path, "grafana-server"),
    )
    assert found.on_path(str(tmp_path)) == expected


def test_what_is_on_path_is_not_fetched(tmp_path: Path) -> None:
    have = Found(command(tmp_path, "prometheus"), command(tmp_path, "alertmanager"))
    assert found.fetched(have, tmp_path, pytest.fail) == (have, "")


def test_each_missing_program_is_one_line_with_its_cost_and_remedy() -> None:
    prometheus, alertmanager, grafana = found.missing(Found(), "the network is away; try again")
    assert prometheus.startswith("no prometheus: nothing is stored, no alert can fire.")
    assert prometheus.endswith("The network is away; try again")
    assert "reach nobody" in alertmanager
    assert "To have it" in grafana
    assert all("To have it" in line for line in found.missing(Found(), ""))


def test_nothing_is_said_of_what_is_there(tmp_path: Path) -> None:
    file = command(tmp_path, "any")
    assert found.missing(Found(file, file, file), "") == []
