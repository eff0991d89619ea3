"""The pasted line on a real Debian machine, which then works by nothing but going out."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from lab.fleet import Fleet, Machine
from lab.ours import BIN
from lab.replicas import Replicas, replicas
from lab.servers import Server, answers, free_port, running
from lab.wait import wait_for

SOON = 60.0
# The image has no curl, which the line begins with.
LINE = """
python3 -c 'import sys, urllib.request as u
sys.stdout.buffer.write(u.urlopen(sys.argv[1]).read())' "$1/install.sh" >/root/install.sh
shift
sh /root/install.sh "$@" 2>&1
"""
LEFT = "ls -d /opt/hyperion /etc/hyperion /etc/systemd/system/hyperion* 2>/dev/null || true"


@pytest.fixture(scope="module")
def site(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    """With an API where the fleet can reach it."""
    with replicas(tmp_path_factory.mktemp("site")) as site:
        address = f"{fleet[0].address.rpartition('.')[0]}.1:{free_port()}"
        url = f"http://{address}"
        argv = [BIN / "hyperion-control", "serve", "--listen", address]
        env = {**site.env, "HYPERION_PUBLIC_URL": url}
        log = site.folder / "api-fleet.log"
        with running(argv, log, lambda: answers(f"{url}/healthz"), env=env) as started:
            yield replace(site, apis=(Server(started.process, started.log, url), site.apis[1]))


@pytest.fixture(scope="module")
def machine(fleet: Fleet) -> Iterator[Machine]:
    yield fleet[1]
    fleet[1].done("test ! -e /root/install.sh || sh /root/install.sh --uninstall")


def token(site: Replicas, **wanted: Any) -> str:
    code = {"X-OTP": site.people.code()}
    return str(site.ask("POST", "enrolments", "ada", json=wanted, **code)["secret"])


def install(site: Replicas, machine: Machine, *words: str) -> str:
    return machine.done(LINE, site.apis[0].url, *words)


def ended(site: Replicas, command_id: str) -> dict[str, Any]:
    def task() -> Any:
        [task] = site.ask("GET", f"commands/{command_id}/tasks")["data"]
        return task if task["state"] not in ("queued", "running", "canceling") else None

    return dict(wait_for(task, SOON, "the command to end"))


@pytest.mark.fleet
def test_a_line_brings_a_machine_in_and_a_command_goes_out_to_it(
    site: Replicas, machine: Machine
) -> None:
    said = install(site, machine, "--token", token(site), "--name", "far", "--act-as", "root")
    assert "this machine calls home" in said
    [found] = site.ask("GET", "machines?search=far")["data"]
    assert (found["state"], found["runner"]) == ("available", "queue")
    page = wait_for(lambda: metrics(site, found["id"]), SOON, "its metrics")
    assert "node_load1 " in page
    body = {"argv": ["sh", "-c", "id -un; hostname"], "machines": [found["id"]]}
    command_id = site.ask("POST", "commands", json=body)["id"]
    assert ended(site, command_id)["state"] == "succeeded"
    told = site.ask("GET", f"commands/{command_id}/output?machine=far")["text"]
    assert told == f"root\n{machine.done('hostname')}"
    machine.done("test ! -e /etc/hyperion/agent.token")
    assert machine.done("stat -c %a /var/lib/hyperion-agent/identity.json") == "600\n"

    again = install(site, machine)
    assert "this machine calls home" in again, "run again it keeps what it is"
    [same] = site.ask("GET", "machines?search=far")["data"]
    assert same["id"] == found["id"]

    machine.unplug()
    try:
        late = site.ask("POST", "commands", json={**body, "argv": ["echo", "late"]})["id"]
    finally:
        machine.plug()
    assert ended(site, late)["state"] == "succeeded"

    lasting = site.ask("POST", "commands", json={**body, "argv": ["sleep", "7654"]})["id"]
    wait_for(lambda: "sleep 7654" in machine.done("ps -eo args"), SOON, "it to run")
    machine.done("systemctl kill --kill-whom=main --signal=KILL hyperion-agent")
    assert ended(site, lasting)["state"] == "lost"
    assert "sleep 7654" not in machine.done("ps -eo args")

    machine.done("sh /root/install.sh --uninstall && rm /root/install.sh")
    assert machine.done(LEFT) == ""


@pytest.mark.fleet
def test_without_a_word_it_is_watched_and_nothing_runs(site: Replicas, machine: Machine) -> None:
    """The machine that was here before, under its name, by another agent."""
    [found] = site.ask("GET", "machines?search=far")["data"]
    site.ask("DELETE", f"machines/{found['id']}/agent", "ada")
    install(site, machine, "--token", token(site))
    body = {"argv": ["true"], "machines": [found["id"]]}
    task = ended(site, site.ask("POST", "commands", json=body)["id"])
    assert (task["state"], task["code"]) == ("failed", None)
    assert "lets nothing be run" in task["reason"]
    pid = "$(systemctl show -P MainPID hyperion-agent)"
    assert machine.done(f"stat -c %U /proc/{pid}") == "hyperion-agent\n"


@pytest.mark.fleet
def test_a_package_that_was_changed_on_its_way_is_not_installed(
    site: Replicas, machine: Machine
) -> None:
    machine.done("test ! -e /root/install.sh || sh /root/install.sh --uninstall")
    machine.done(
        LINE.replace('sh /root/install.sh "$@" 2>&1', "sed -i s/^sha256=./\\&0/ /root/install.sh"),
        site.apis[0].url,
    )
    said = machine.ssh("sh", "/root/install.sh", "--token", token(site))
    assert said.returncode == 1
    assert "nothing was installed" in said.stderr
    assert machine.done("ls /etc/systemd/system | grep hyperion || true") == ""
    machine.done("sh /root/install.sh --uninstall; rm /root/install.sh")


def metrics(site: Replicas, machine_id: str) -> str:
    login = {"Authorization": f"Bearer {site.people.login('olga')}"}
    url = f"{site.apis[0].url}/api/agents/{machine_id}/metrics"
    answer = requests.get(url, headers=login, timeout=10)
    return answer.text if answer.ok else ""
