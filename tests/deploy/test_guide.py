"""docs/deploy.md names settings, services, commands and files that are there, and all settings."""

import re

import pytest
import yaml

from hyperion_control.cli import COMMANDS
from lab.house import ROOT

GUIDE = (ROOT / "docs/deploy.md").read_text()
FILE = (ROOT / "docker-compose.yml").read_text()
SERVICES = yaml.safe_load(FILE)["services"]
# Written by hand only where a profile is chosen; Compose reads it by itself.
OF_COMPOSE = {"COMPOSE_PROFILES"}


def test_every_setting_of_the_file_is_in_the_guide_and_nothing_else_is() -> None:
    asked = set(re.findall(r"\$\{(HYPERION_\w+)", FILE))
    assert set(re.findall(r"HYPERION_[A-Z_]+", GUIDE)) == asked


def test_the_head_of_the_file_tells_no_setting_that_it_does_not_read() -> None:
    head = re.findall(r"(?m)^#   ([A-Z_]+)", FILE)
    assert set(head) - OF_COMPOSE <= set(re.findall(r"\$\{(HYPERION_\w+)", FILE))


def test_every_service_that_the_guide_names_is_there() -> None:
    named = re.findall(r"docker compose (?:exec|cp|restart)(?: -T)? ([a-z-]+)", GUIDE)
    named += re.findall(r"--entrypoint sh ([a-z-]+)", GUIDE)
    assert len(named) > 10
    assert set(named) <= set(SERVICES)


def test_every_command_that_the_guide_names_is_there() -> None:
    known = {command.name for command in COMMANDS}
    named = re.findall(r"hyperion-control ((?:user |audit )?[a-z-]+)", GUIDE)
    named += re.findall(r"`… ((?:user |audit )?[a-z-]+)", GUIDE)
    assert len(named) > 8
    assert set(named) - known == set()


def test_every_profile_is_in_the_guide() -> None:
    profiles = {profile for each in SERVICES.values() for profile in each.get("profiles", [])}
    assert profiles == set(re.findall(r"profile `(\w+)`", GUIDE))


@pytest.mark.parametrize("name", re.findall(r"\b(?:exporter|prometheus|docs)/[\w./-]+\w", GUIDE))
def test_every_file_that_the_guide_names_is_there(name: str) -> None:
    assert list(ROOT.glob(f"{name}*"))
