"""The guide names settings, commands and addresses that are there, and leaves no setting out."""

import re

from flask import Flask

from hyperion_control.cli import COMMANDS
from hyperion_control.commands import remote
from hyperion_control.settings import NAMES
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
