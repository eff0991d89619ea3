"""Caddy's files: it takes them, bounds what comes in, and lets through what it should."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lab.deploying import deploying
from lab.house import ROOT

Json = dict[str, Any]
FILES = ("Caddyfile", "dev.Caddyfile")


def caddy(verb: str, name: str, home: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    file = home / name
    # It makes the folder that it will keep certificates in, also when it is only asked.
    text = (ROOT / "control-api" / name).read_text()
    file.write_text(text if verb == "fmt" else text.replace("/var/lib/caddy", str(home / "store")))
    how = ["--diff", file] if verb == "fmt" else ["--adapter", "caddyfile", "--config", file]
    env = {"HOME": str(home), **settings}
    return subprocess.run(
        [deploying("caddy"), verb, *how], env=env, capture_output=True, text=True, timeout=30
    )


def adapted(home: Path, **settings: str) -> Json:
    said = caddy("adapt", "Caddyfile", home, **settings)
    assert said.returncode == 0, said.stderr
    whole: Json = json.loads(said.stdout)
    return whole


def routes(config: Json) -> list[Json]:
    """Those of the door, in the order in which they are tried."""
    door = next(
        each for each in config["apps"]["http"]["servers"].values() if ":8443" in each["listen"]
    )
    inner: list[Json] = door["routes"][0]["handle"][0]["routes"]
    return inner


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("host", ["localhost", "watch.example.org", "192.0.2.7"])
def test_caddy_takes_the_files(name: str, host: str, tmp_path: Path) -> None:
    settings = {"HYPERION_HOST": host, "HYPERION_PROXIES": "10.0.0.0/8 192.168.0.0/16"}
    said = caddy("validate", name, tmp_path, **settings)
    assert said.returncode == 0, said.stderr


@pytest.mark.parametrize("name", FILES)
def test_the_files_have_caddys_own_form(name: str, tmp_path: Path) -> None:
    said = caddy("fmt", name, tmp_path)
    assert [line for line in said.stdout.splitlines() if line[:1] in "+-"] == []
    assert said.returncode == 0, said.stderr


def test_requests_are_bounded_in_time_and_size(tmp_path: Path) -> None:
    config = adapted(tmp_path)
    for server in config["apps"]["http"]["servers"].values():
        assert server["read_header_timeout"] == 10_000_000_000
        assert server["read_timeout"] == 60_000_000_000
        assert server["max_header_bytes"] == 16_000
    bodies = [each for route in routes(config) for each in route["handle"]]
    assert {"handler": "request_body", "max_size": 10_000_000} in bodies


def test_what_programs_ask_inside_is_not_told_outside(tmp_path: Path) -> None:
    handled = [route for route in routes(adapted(tmp_path)) if "match" in route]
    metrics = next(each for each in handled if each["match"][0]["path"] == ["/metrics"])
    [inner] = metrics["handle"][0]["routes"]
    assert inner["handle"] == [{"handler": "static_response", "status_code": 404}]


def test_browsers_are_told_to_come_by_https_only(tmp_path: Path) -> None:
    handlers = [each for route in routes(adapted(tmp_path)) for each in route["handle"]]
    [headers] = [each for each in handlers if each["handler"] == "headers"]
    [value] = headers["response"]["set"]["Strict-Transport-Security"]
    assert int(value.partition("=")[2].partition(";")[0]) >= 31_536_000


def test_nobody_reconfigures_it_while_it_runs(tmp_path: Path) -> None:
    assert adapted(tmp_path)["admin"]["disabled"] is True
