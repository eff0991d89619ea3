"""The script of the pasted line on a machine without curl: again, only watched, tampered with."""

from collections.abc import Iterator

import pytest

from lab import at_home
from lab.at_home import SOON, Home, command, install, one_ended, page, put_script, token
from lab.fleet import Fleet, Machine
from lab.servers import free_port
from lab.wait import wait_for

TRUSTED = "/root/ca.pem"
LEFT = "ls -d /opt/hyperion /etc/hyperion /etc/systemd/system/hyperion* 2>/dev/null || true"


@pytest.fixture(scope="module")
def home(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    address = f"{fleet[0].address.rpartition('.')[0]}.1:{free_port()}"
    with at_home.home(tmp_path_factory.mktemp("home"), address) as home:
        yield home


@pytest.fixture(scope="module")
def machine(fleet: Fleet, home: Home) -> Iterator[Machine]:
    """Whose system trusts nobody here."""
    machine = fleet[1]
    machine.done("mv /usr/bin/curl /root/curl")
    machine.put(TRUSTED, home.ca.read_bytes())
    yield machine
    machine.done("test ! -e /root/install.sh || sh /root/install.sh --uninstall")
    machine.done(f"mv /root/curl /usr/bin/curl; rm {TRUSTED}")


@pytest.mark.fleet
def test_run_again_it_keeps_what_it_is_and_then_leaves_nothing(
    home: Home, machine: Machine
) -> None:
    words = ("--token", token(home.site), "--name", "far", "--act-as", "root")
    assert "this machine calls home" in install(home.site, machine, "--ca-file", TRUSTED, *words)
    [found] = home.site.ask("GET", "machines?search=far")["data"]
    assert (found["state"], found["runner"]) == ("available", "queue")
    machine.done("test ! -e /etc/hyperion/agent.token")
    assert machine.done("stat -c %a /var/lib/hyperion-agent/identity.json") == "600\n"

    assert "this machine calls home" in install(home.site, machine, "--ca-file", TRUSTED)
    [same] = home.site.ask("GET", "machines?search=far")["data"]
    assert same["id"] == found["id"]
    wait_for(lambda: "node_load1 " in page(home.site, found["id"]), SOON, "its metrics")
    task = one_ended(home.site, command(home.site, "id", machines=[found["id"]]))
    assert task["state"] == "succeeded"

    machine.done("sh /root/install.sh --uninstall && rm /root/install.sh")
    assert machine.done(LEFT) == ""


@pytest.mark.fleet
def test_without_a_word_it_is_watched_and_nothing_runs(home: Home, machine: Machine) -> None:
    """The machine that was here before, under its name, by another agent."""
    [found] = home.site.ask("GET", "machines?search=far")["data"]
    home.site.ask("DELETE", f"machines/{found['id']}/agent", "ada")
    install(home.site, machine, "--ca-file", TRUSTED, "--token", token(home.site))
    task = one_ended(home.site, command(home.site, "true", machines=[found["id"]]))
    assert (task["state"], task["code"]) == ("failed", None)
    assert "lets nothing be run" in task["reason"]
    pid = "$(systemctl show -P MainPID hyperion-agent)"
    assert machine.done(f"stat -c %U /proc/{pid}") == "hyperion-agent\n"


@pytest.mark.fleet
def test_a_package_that_was_changed_on_its_way_is_not_installed(
    home: Home, machine: Machine
) -> None:
    machine.done("test ! -e /root/install.sh || sh /root/install.sh --uninstall")
    put_script(home.site, machine)
    machine.done("sed -i s/^sha256=./\\&0/ /root/install.sh")
    said = machine.ssh("sh", "/root/install.sh", "--ca-file", TRUSTED, "--token", token(home.site))
    assert said.returncode == 1
    assert "nothing was installed" in said.stderr
    assert machine.done("ls /etc/systemd/system | grep hyperion || true") == ""
    machine.done("sh /root/install.sh --uninstall; rm /root/install.sh")
