"""A new version on a real Debian machine, and the way back from one that fails."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab.at_home import SOON, install, one_ended, page, serving, token
from lab.databases import OnSqlite
from lab.fleet import Fleet, Machine
from lab.house import ROOT
from lab.replicas import Replicas, peopled
from lab.servers import free_port
from lab.wait import wait_for

# Who has missed the API for a while looks for it seldom.
AT_ONCE = "systemctl restart hyperion-agent"
# Its unit takes the trial up again.
KILLED_IN_TRIAL = """
until test -e /opt/hyperion/trial; do sleep 0.1; done
systemctl kill --signal=KILL hyperion-update.service
"""
IN_THE_WAY = """
mv /etc/hyperion/agent.toml /root/agent.toml
systemctl start --no-block hyperion-update
"""
FAILING = '\n\ndef _run(config):\n    raise SystemExit("this version fails")\n'


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    folder = tmp_path_factory.mktemp("site")
    with peopled(folder, OnSqlite(folder)) as site:
        yield site


@pytest.fixture(scope="module")
def address(fleet: Fleet) -> str:
    """Of the API, where the fleet can reach it; each version of it answers there in turn."""
    return f"{fleet[0].address.rpartition('.')[0]}.1:{free_port()}"


@pytest.fixture
def machine(fleet: Fleet) -> Iterator[Machine]:
    yield fleet[2]
    fleet[2].done("test ! -e /root/install.sh || sh /root/install.sh --uninstall")


@contextmanager
def handing_out(own: Replicas, address: str, version: str, more: str = "") -> Iterator[Replicas]:
    """An API with this version of exporter and agent, whose agent has `more` in it."""
    copy = own.folder / version
    for room in ("control-api", "exporter"):
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / room, copy / room, ignore=unwanted)
    written(copy / "exporter/hyperion_exporter/__init__.py", f'__version__ = "{version}"\n')
    written(copy / "exporter/hyperion_exporter/agent/cli.py", more)
    code = os.pathsep.join(map(str, (copy / "control-api", copy / "exporter")))
    with serving(own, address, f"http://{address}", PYTHONPATH=code) as api:
        yield replace(own, apis=(api,))


def written(path: Path, more: str) -> None:
    with path.open("a") as file:
        file.write(more)


def update(site: Replicas, machine_id: str, seconds: int = 60) -> str:
    code = {"X-OTP": site.people.code()}
    body = {"machines": [machine_id], "seconds": seconds}
    return str(site.ask("POST", "updates", json=body, **code)["id"])


def of_updater(machine: Machine, fact: str) -> str:
    return machine.done(f"systemctl show -P {fact} hyperion-update").strip()


def standing(site: Replicas) -> dict[str, Any]:
    [found] = site.ask("GET", "updates")["data"]
    return dict(found)


@pytest.mark.fleet
def test_it_takes_a_new_version_and_comes_back_from_one_that_fails(
    own: Replicas, address: str, machine: Machine
) -> None:
    with handing_out(own, address, "0.1.1") as site:
        install(site, machine, "--token", token(site), "--name", "renewed")
        first = wait_for(lambda: standing(site)["release"], SOON, "its first heartbeat")

    with handing_out(own, address, "0.1.2") as site:
        machine.done(AT_ONCE)
        assert standing(site)["state"] == "old"
        machine_id = standing(site)["machine_id"]
        task = one_ended(site, update(site, machine_id))
        assert (task["state"], task["reason"]) == ("succeeded", "")
        second = standing(site)
        assert (second["version"], second["state"]) == ("0.1.2", "current")
        wait_for(lambda: "node_load1 " in page(site, machine_id), SOON, "its metrics")
        said = machine.done("/opt/hyperion/bin/hyperion-exporter --version")
        assert "0.1.2" in said
        links = machine.done("readlink /opt/hyperion/before /opt/hyperion/installed").split()
        assert links == [f"lib/{first}"] * 2, "the second is what runs as root"
        pid = "$(systemctl show -P MainPID hyperion-agent)"
        assert machine.done(f"stat -c %U /proc/{pid}") == "hyperion-agent\n"

    with handing_out(own, address, "0.1.3", FAILING) as site:
        machine.done(AT_ONCE)
        command_id = update(site, machine_id, seconds=5)
        killed = machine.ssh("sh", "-c", KILLED_IN_TRIAL, seconds=SOON)
        assert killed.returncode == 0, killed.stderr
        task = one_ended(site, command_id)
        assert task["state"] == "failed"
        assert "the version before is back" in task["reason"]
        assert "this version fails" in task["reason"]
        back = wait_for(
            lambda: standing(site)["release"] == second["release"] and standing(site),
            SOON,
            "the version before to report",
        )
        assert (back["version"], back["state"]) == ("0.1.2", "old")
        assert machine.done("ls /opt/hyperion/lib | wc -l").strip() == "2"

        machine.done(IN_THE_WAY)
        tried = lambda: of_updater(machine, "NRestarts") not in ("", "0")  # noqa: E731
        wait_for(tried, SOON, "it to try again")
        machine.done("mv /root/agent.toml /etc/hyperion/agent.toml")
        rests = lambda: of_updater(machine, "ActiveState") == "inactive"  # noqa: E731
        wait_for(rests, SOON, "it to find what was mended")
