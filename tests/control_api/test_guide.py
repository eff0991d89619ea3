"""The guide names settings, commands and addresses that are there, and leaves no setting out."""

import base64
import re
from pathlib import Path

import pytest
from flask import Flask

from hyperion_control import cli
from hyperion_control.cli import COMMANDS
from hyperion_control.commands import remote
from hyperion_control.settings import NAMES, Settings
from lab.databases import MASTER_KEY, ON_SQLITE
from lab.house import ROOT

GUIDE = (ROOT / "docs/control-api.md").read_text()


def test_every_setting_is_in_the_guide_and_nothing_else_is() -> None:
    assert set(re.findall(r"HYPERION_[A-Z_]+", GUIDE)) == {*NAMES, *remote.NAMES}


def test_every_command_of_the_guide_is_there() -> None:
    named = re.findall(r"hyperion-control ((?:user |audit )?[a-z-]+)", GUIDE)
    assert named
    assert set(named) <= {command.name for command in COMMANDS}


def test_every_address_of_the_guide_is_there(app: Flask) -> None:
    named = re.findall(r"/api/[a-z/{}-]+", GUIDE)
    there = {re.sub("<[^>]+>", "{id}", rule.rule).rstrip("/") for rule in app.url_map.iter_rules()}
    assert named
    assert [address for address in named if address.rstrip("/") not in there] == []


def at_night() -> list[list[str]]:
    """The commands of the table, each as words."""
    table = GUIDE.partition("## At 3 a.m.")[2]
    cells = (row.split("|")[2] for row in table.splitlines() if row.startswith("| "))
    found = (re.findall(r"`(?:hyperion-control )?([a-z][^`]*)`", cell) for cell in cells)
    return [call.split() for calls in found for call in calls if "pg_dump" not in call]


@ON_SQLITE
@pytest.mark.usefixtures("people")
def test_every_command_at_night_works(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"ORGANISATION": "acme", "FILE": str(tmp_path / "copy")}
    monkeypatch.setenv("HYPERION_DATA", str(tmp_path))
    monkeypatch.setenv("HYPERION_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HYPERION_SECRET_KEY", base64.b64encode(MASTER_KEY).decode())
    assert len(at_night()) > 7
    for words in at_night():
        if words[0] == "restore":  # on an empty machine
            monkeypatch.setenv("HYPERION_DATABASE_URL", f"sqlite:///{tmp_path}/restored.sqlite")
        # Who is out gets no way back in.
        known["USER"] = "otto" if "disable" in words else "olga"
        assert cli.main([known.get(word, word) for word in words]) == 0, words
