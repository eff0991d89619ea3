"""Buttons: only where they are wanted, in the form that Grafana reads, beside the links."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from werkzeug.routing import MapAdapter

from hyperion_control.app import assembled
from lab.buttons import buttons, request
from lab.dashboards import content, generated, problems_of_dashboards, read
from lab.house import ROOT

Json = dict[str, Any]

DASHBOARDS = ROOT / "grafana/dashboards"
KINDS = ("login", "token")
# Each what Grafana's Action, ActionVariable and FetchOptions call it (grafana-data, action.ts).
ACTION = {"type", "title", "confirmation", "oneClick", "variables", "fetch"}
VARIABLE = {"key", "name", "type"}
FETCH = {"method", "url", "body", "queryParams", "headers"}
SHOWN = {"machine": "web-1", "org": "big acme", "name": "a@1.service", "hyperion_url": "http://c"}
TYPED = {"code": "123456", "token": "hyp_t_x"}
HEADERS = {"Content-Type": "application/json", "X-OTP": "123456", "X-Grafana-Action": "1"}
SENT = {"login": HEADERS, "token": HEADERS | {"Authorization": "Bearer hyp_t_x"}}


@pytest.fixture(scope="module", params=KINDS)
def by(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def made(by: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(by)
    generated(folder, f"--buttons={by}")
    shutil.copy(DASHBOARDS / ".lint", folder)
    return folder


def without_buttons(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: without_buttons(each) for name, each in part.items() if name != "actions"}
    if isinstance(part, list):
        return [without_buttons(each) for each in part if not is_button(each)]
    return part


def is_button(part: Any) -> bool:
    """In an override they are a property with a name."""
    return isinstance(part, dict) and part.get("id") == "actions"


def test_they_are_all_that_is_added_and_the_rest_is_whole(made: Path) -> None:
    assert without_buttons(read(made)) == read(DASHBOARDS)
    assert problems_of_dashboards(made) == []
    assert b'"actions"' not in b"".join(content(DASHBOARDS).values())


def test_they_stand_beside_the_links_that_lead_to_what_they_do(made: Path) -> None:
    titles = {}
    for uid, board in read(made).items():
        titles[uid] = {button["title"] for button in buttons(board)}
    assert titles["hyperion-processes"] == {"Maintenance for an hour", "Restart this service"}
    assert titles["hyperion-fleet"] == {"Maintenance for an hour"}
    # These name no machine.
    assert titles["hyperion-control"] == titles["hyperion-itself"] == set()


def test_they_have_the_form_that_grafana_reads_and_ask_before_they_act(made: Path) -> None:
    found = [button for board in read(made).values() for button in buttons(board)]
    for button in found:
        assert set(button) == ACTION
        assert (button["type"], button["oneClick"]) == ("fetch", False)
        assert set(button["fetch"]) == FETCH
        assert {frozenset(each) for each in button["variables"]} == {frozenset(VARIABLE)}
        assert re.search(r"\.machine}.*\?$", button["confirmation"])
        assert json.loads(button["fetch"]["body"])["reason"]


def test_what_they_send_is_asked_of_addresses_that_the_control_api_has(made: Path, by: str) -> None:
    addresses: MapAdapter = assembled().url_map.bind("c")
    routes = set()
    for board in read(made).values():
        for button in buttons(board):
            url, sent = request(button, SHOWN, TYPED)
            assert sent["headers"] == SENT[by]
            assert url.startswith("http://c/api/named/big%20acme/web-1/")
            path = url.removeprefix("http://c")
            rule, _ = addresses.match(path, sent["method"], return_rule=True)
            routes.add(rule.rule)
    named = "/api/named/<organisation>/<machine>"
    assert routes == {f"{named}/maintenance", f"{named}/services/<unit>/restart"}


def test_the_dashboards_beside_the_sources_are_not_given_any(tmp_path: Path) -> None:
    """A copy of those that are committed."""
    copy = shutil.copytree(ROOT / "grafana", tmp_path / "grafana")
    argv = [sys.executable, "-m", "sources", "--buttons=login"]
    environment = os.environ | {"PYTHONPATH": str(copy)}
    run = subprocess.run(argv, env=environment, capture_output=True, text=True)
    assert (run.returncode, "name a folder" in run.stderr) == (2, True)
    assert content(copy / "dashboards") == content(DASHBOARDS)
