"""docs/guide.md from its first block to its last, as Ada types them, for a real machine."""

import base64
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from control_api.people import PASSWORD, People
from hyperion_control.domain import ssh_keys as key_texts
from hyperion_control.settings import Settings
from hyperion_control.usecases import ssh_keys
from lab import guides
from lab.databases import MASTER_KEY, ON_SQLITE
from lab.errands import add_machine, recorded, working
from lab.fleet import Machine
from lab.house import ROOT
from lab.ours import BIN
from lab.ways import to_machine

pytestmark = ON_SQLITE

BLOCKS = guides.blocks((ROOT / "docs/guide.md").read_text())
# What is refused ends it.
STRICT = 'set -eu -o pipefail\ncurl() { command curl --fail-with-body "$@"; }\n'
# What the page tells to look for in the answers.
FIELDS = ("line", "link", "public_key", "silent")
# What it comes to, by the record.
DONE = (
    *(
        "user:create",
        "user:disable",
        "user:erase",
        "service:restart",
        "command:run",
        "enrolment:create",
    ),
    *("ssh-key:create", "machine:create", "machine:import", "maintenance:begin", "maintenance:end"),
)


@pytest.fixture
def web_1(people: People, nginx: Machine) -> Iterator[None]:
    """The same in the inventory, with a worker that reaches it."""
    pair, hop = key_texts.read(nginx.key.read_text()), to_machine(nginx)
    key = ssh_keys.create(people.parts, people.actor("ada"), "lab", pair)
    way = {"runner": "ssh", "hostname": hop.address, "host_key": hop.host_key}
    add_machine(people.parts, "web-1", ssh_key_id=key.id, labels={"role": "web"}, **way)
    with working(people.parts):
        yield


@pytest.fixture
def env(settings: Settings) -> dict[str, str]:
    """Of a shell on the server itself, as some of the commands want it."""
    return os.environ | {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "HYPERION_DATA": str(settings.data),
        "HYPERION_DATABASE_URL": settings.database_url,
        "HYPERION_SECRET_KEY": base64.b64encode(MASTER_KEY).decode(),
    }


def typed(people: People, url: str) -> str:
    """All blocks, with what Ada has in place of what only stands for it."""
    text = STRICT + "\n".join(BLOCKS)
    for stands, ours in (
        ("https://watch.example.org", url),
        ('"password": "…"', f'"password": "{PASSWORD}"'),
        ('"code": "123456"', f'"code": "{people.code()}"'),
    ):
        assert stands in text
        text = text.replace(stands, ours)
    return text


@pytest.mark.usefixtures("web_1")
def test_the_guide_works_from_the_first_call_to_the_last(
    people: People, url: str, env: dict[str, str], nginx: Machine, tmp_path: Path
) -> None:
    argv = ["bash", "-c", typed(people, url)]
    done = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [field for field in FIELDS if f'"{field}":' not in done.stdout] == []
    assert nginx.done("systemctl is-active nginx") == "active\n"
    assert [action for action in DONE if not recorded(people.parts, action)] == []
