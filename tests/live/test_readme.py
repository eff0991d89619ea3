"""The README does what it says: its calls are made as they stand there."""

import re
import subprocess
from functools import partial
from pathlib import Path

import pyotp

from lab.house import ROOT
from lab.up import Up, up
from lab.wait import wait_for

README = (ROOT / "README.md").read_text()
# What a stranger must see, by a word of the call.
SHOWS = {
    "/metrics": r"^node_load1 [0-9.]+$",
    "/api/v2/alerts": r'"alertname":"Watchdog"',
    "/api/auth/token": r'"access_token": ?"hyp_l_.*"username": ?"admin"',
}


def test_every_call_of_the_readme_shows_what_it_promises(tmp_path: Path) -> None:
    calls = re.findall(r"^curl (?:.*\\\n)*.*$", README, re.MULTILINE)
    assert len(calls) == len(SHOWS)
    with up(tmp_path / "var") as run:
        run.wait_until_said("Ctrl-C stops all of it.", 180)
        for word, shown in SHOWS.items():
            [call] = [call for call in calls if word in call]
            # The first alert needs a scrape, an evaluation and up to a minute to be sent again.
            wait_for(partial(prints, call, shown, run), 90, call)


def test_the_readme_names_only_what_is_there() -> None:
    rooms = re.findall(r"^\| `([^`]+)` \|", README, re.MULTILINE)
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert rooms and links
    assert [name for name in rooms + links if not (ROOT / name).exists()] == []
    commands = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)", README)) <= commands


def prints(call: str, shown: str, run: Up) -> bool:
    """With the ports of this run in place of the usual ones, and what it showed of the admin."""
    ports, shown_once = run.ports, run.output.read_text()
    for name, what in (("password", r"^  password +(\S+)"), ("code", r"^  secret +(\S+)")):
        [word] = re.findall(what, shown_once, re.MULTILINE)
        word = pyotp.TOTP(word).now() if name == "code" else word
        call = call.replace(f'"{name}": "…"', f'"{name}": "{word}"')
    for usual, here in ((9100, ports.exporter), (9093, ports.alertmanager), (8080, ports.control)):
        call = call.replace(f"127.0.0.1:{usual}", f"127.0.0.1:{here}")
    said = subprocess.run(call, shell=True, capture_output=True, text=True, timeout=10).stdout
    return re.search(shown, said, re.MULTILINE) is not None
