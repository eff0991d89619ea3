"""Every amtool that people have is asked, and one that gives no answer lets nothing pass."""

from pathlib import Path

import pytest

from hyperion_control.channels.http import Rejected, Unanswered
from hyperion_control.usecases import amtool
from lab import programs
from lab.messenger import VERSIONS

GOOD = "{route: {receiver: ops}, receivers: [{name: ops}], templates: ['templates/*.tmpl']}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """What is in use."""
    used = tmp_path / "alertmanager.yml"
    used.write_text("as it was")
    return used


def script(folder: Path, text: str) -> Path:
    program = folder / "amtool"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("version", VERSIONS)
def test_a_good_configuration_passes_and_a_bad_one_is_refused_by_its_reason(
    version: str, file: Path
) -> None:
    program = programs.program("amtool", version)
    amtool.check(program, file, GOOD)
    with pytest.raises(Rejected, match="amtool refuses the configuration: undefined receiver"):
        amtool.check(program, file, GOOD.replace("name: ops", "name: dev"))
    (file.parent / "templates").mkdir()
    (file.parent / "templates/a.tmpl").write_text('{{ define "a" }}{{ nothing }}{{ end }}')
    with pytest.raises(Rejected, match='configuration: template: a.tmpl:1: function "nothing" not'):
        amtool.check(program, file, GOOD)
    assert sorted(each.name for each in file.parent.iterdir()) == [file.name, "templates"]
    assert file.read_text() == "as it was"


def test_one_that_hangs_is_ended_and_nothing_passes(file: Path, tmp_path: Path) -> None:
    with pytest.raises(Unanswered, match="checks no configuration: it did not end within 1 s"):
        amtool.check(script(tmp_path, "exec sleep 600"), file, GOOD, seconds=1)
    assert file.read_text() == "as it was"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kill -KILL $$", "checks no configuration: it was ended by KILL"),
        ("echo no memory >&2; exit 2", "refuses the configuration: no memory"),
        ("exec /no/program", "refuses the configuration: .*/no/program"),
    ],
)
def test_one_that_breaks_is_named_and_nothing_passes(
    text: str, said: str, file: Path, tmp_path: Path
) -> None:
    with pytest.raises(Unanswered, match=f"amtool {said}"):
        amtool.check(script(tmp_path, text), file, GOOD)
