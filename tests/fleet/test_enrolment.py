"""Three real machines, brought in by the pasted line over TLS, which then work by calling out."""

import shlex
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

import pytest
import requests

from hyperion_control.usecases import tokens
from hyperion_control.usecases.tokens import Wanted
from lab import at_home
from lab.at_home import SOON, Home, command, ended, said
from lab.fleet import Fleet, Machine
from lab.house import ROOT
from lab.servers import Server, free_port, prometheus
from lab.sshd import ssh_command
from lab.wait import wait_for

# As update-ca-certificates does, which takes seconds for it.
TRUST = """
cd /etc/ssl/certs
cp ca-certificates.crt /root/trusted.crt
cat /root/lab.crt >>ca-certificates.crt
"""
AWAY = """
sh /root/install.sh --uninstall
mv /root/trusted.crt /etc/ssl/certs/ca-certificates.crt
rm /root/install.sh /root/lab.crt
"""
# Where an agent that is shut in may write.
STATE = "/var/lib/hyperion-agent"
WALL = """nft 'table inet wall { chain input { type filter hook input priority 0;
ct state established,related accept; iif lo accept; reject; }; }'"""
PROMETHEUS = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: node
    authorization: &token {{type: Bearer, credentials: {token}}}
    tls_config: &tls {{ca_file: {ca}}}
    http_sd_configs:
      - url: {url}/api/sd/agents
        refresh_interval: 1s
        authorization: *token
        tls_config: *tls
    # Instead of the half minute that discovery tells.
    relabel_configs:
      - {{target_label: __scrape_interval__, replacement: 1s}}
      - {{target_label: __scrape_timeout__, replacement: 1s}}
  - job_name: control-api
    static_configs: [{{targets: ["{api}"]}}]
"""
STOLEN = 'url = "{}"\nstate = "/root/stolen"\n'
FULL = """
for place; do
    mount -t tmpfs -o "size=64k,mode=$(stat -c %a $place),uid=$(stat -c %u $place)" tmpfs $place
    cat /dev/zero >$place/ballast 2>/dev/null || true
done
"""
PLACES = ("/tmp", "/var/tmp", STATE)


@pytest.fixture(scope="module")
def home(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    address = f"{fleet[0].address.rpartition('.')[0]}.1:{free_port()}"
    with at_home.home(tmp_path_factory.mktemp("home"), address) as home, home.site.worker():
        yield home


@pytest.fixture(scope="module")
def metrics(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    ada = home.site.people.actor("ada")
    made = tokens.create(home.site.parts, ada, Wanted("prometheus", ("sd:read",)))
    folder = tmp_path_factory.mktemp("prometheus")
    config = folder / "prometheus.yml"
    rules, api = ROOT / "prometheus/rules/control.yml", home.site.apis[0].url
    told = {"ca": home.ca, "url": home.url, "api": api.removeprefix("http://")}
    config.write_text(PROMETHEUS.format(rules=rules, token=made.secret, **told))
    with prometheus(config, folder) as server:
        yield server


@pytest.fixture(scope="module")
def ids(home: Home, fleet: Fleet, metrics: Server) -> Iterator[dict[str, str]]:
    """Each machine's id by its name; nobody gets into the third any more when its line is run."""
    addresses = [machine.address for machine in fleet]
    made = at_home.enrolment(home.site, uses=3, labels={"site": "far"}, addresses=addresses)
    with ExitStack() as after:
        for machine in fleet:
            machine.put("/root/lab.crt", home.ca.read_bytes())
            at_home.put_script(home.site, machine)
            machine.done(TRUST)
            after.callback(machine.done, AWAY)
        typed = after.enter_context(at_console(fleet[2]))
        typed(WALL)
        after.callback(typed, "nft delete table inet wall")
        for machine in fleet[:2]:
            assert "this machine calls home" in machine.done(made["line"], seconds=SOON)
            machine.put("/etc/hyperion/agent-policy.toml", b'run = true\ncommands = [["**"]]\n')
        assert "this machine calls home" in typed(made["line"] + " --act-as root")
        listed = home.site.ask("GET", "machines?selector=site=far")["data"]
        known = {each["name"]: each["id"] for each in listed}
        yield {machine.name: known[machine.name] for machine in fleet}


@contextmanager
def at_console(machine: Machine) -> Iterator[Callable[[str], str]]:
    """A shell of root that is open already, whoever may get in from now on."""
    login = ssh_command(machine.key, machine.known_hosts, f"root@{machine.address}", "sh")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(login, **pipes, text=True, bufsize=1) as shell:

        def typed(line: str) -> str:
            shell.stdin.write(f"sh -ec {shlex.quote(line)} </dev/null 2>&1; echo ended: $?\n")
            lines = list(takewhile(lambda each: not each.startswith("ended: "), shell.stdout))
            return "".join(lines)

        yield typed


def system(home: Home, machine_id: str) -> str:
    return home.site.ask("GET", f"machines/{machine_id}/agent")["facts"]["versions"]["system"]


def lets_in(machine: Machine, port: int) -> bool:
    with suppress(ConnectionRefusedError), socket.create_connection((machine.address, port), 30):
        return True
    return False


def count(metrics: Server, query: str) -> int:
    answer = requests.get(f"{metrics.url}/api/v1/query", {"query": query}, timeout=10).json()
    return len(answer["data"]["result"])


def test_they_come_in_by_one_line_also_where_nobody_is_let_in(
    home: Home, fleet: Fleet, ids: dict[str, str]
) -> None:
    for machine_id, number in zip(ids.values(), ("12", "13", "12"), strict=True):
        said = f"Debian GNU/Linux {number}"
        wait_for(lambda m=machine_id, s=said: s in system(home, m), SOON, said)
    for port in (22, 9100):
        for machine in fleet[:2]:
            wait_for(lambda m=machine, p=port: lets_in(m, p), SOON, "it to listen")
        assert not lets_in(fleet[2], port)


def test_their_metrics_arrive_in_prometheus(metrics: Server, ids: dict[str, str]) -> None:
    for query in ('up{job="node",site="far"} == 1', 'node_load1{job="node",org="acme"}'):
        wait_for(lambda query=query: count(metrics, query) == len(ids), SOON, query)
    for name in ids:
        mine = f'machine="{name}",instance="{name}"'
        assert count(metrics, f'node_uname_info{{{mine},nodename="{name}"}}') == 1


def test_a_command_runs_on_all_that_have_a_label(home: Home, ids: dict[str, str]) -> None:
    script = "id -un; . /etc/os-release; echo $VERSION_ID"
    command_id = command(home.site, "sh", "-c", script, selector="site=far")
    assert states(home, command_id) == dict.fromkeys(ids, "succeeded")
    answers = [said(home.site, command_id, name).split() for name in ids]
    assert answers == [["hyperion-agent", "12"], ["hyperion-agent", "13"], ["root", "12"]]


def test_one_that_is_away_gets_it_on_return_unless_it_has_run_out(
    home: Home, fleet: Fleet, ids: dict[str, str]
) -> None:
    machine = fleet[0]
    body = {"machines": [ids[machine.name]]}
    machine.unplug()
    try:
        soon = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
        early = command(home.site, "touch", f"{STATE}/early", expires_at=soon, **body)
        late = command(home.site, "touch", f"{STATE}/late", **body)
        assert states(home, early) == {machine.name: "expired"}
    finally:
        machine.plug()
    assert states(home, late) == {machine.name: "succeeded"}
    assert machine.done(f"cd {STATE}; ls -d *e; rm late") == "late\n"


def test_an_api_that_dies_in_the_middle_costs_nothing(home: Home, ids: dict[str, str]) -> None:
    script = "for i in $(seq 1 40); do echo $i; sleep 0.1; done"
    command_id = command(home.site, "sh", "-c", script, selector="site=far")
    for name in ids:
        wait_for(lambda name=name: said(home.site, command_id, name), SOON, "its first word")
    home.kill()
    home.start()
    assert states(home, command_id) == dict.fromkeys(ids, "succeeded")
    for name in ids:
        told = said(home.site, command_id, name)
        assert told == "".join(f"{number}\n" for number in range(1, 41))


def test_what_ran_when_its_agent_was_killed_is_lost_and_not_begun_again(
    home: Home, fleet: Fleet, ids: dict[str, str]
) -> None:
    machine = fleet[1]
    script = f"echo begun >>{STATE}/begun; exec sleep 7654"
    body = {"machines": [ids[machine.name]]}
    command_id = command(home.site, "sh", "-c", script, **body)
    wait_for(lambda: machine.done(f"cat {STATE}/begun"), SOON, "it to run")
    machine.done("systemctl kill --kill-whom=main --signal=KILL hyperion-agent")
    assert states(home, command_id) == {machine.name: "lost"}
    assert states(home, command(home.site, "true", **body)) == {machine.name: "succeeded"}
    assert "sleep 7654" not in machine.done("ps -eo args")
    assert machine.done(f"cat {STATE}/begun; rm {STATE}/begun") == "begun\n"


def test_a_copied_secret_is_refused_and_an_alert(
    home: Home, metrics: Server, fleet: Fleet, ids: dict[str, str]
) -> None:
    alert = 'ALERTS{alertname="ControlAgentSecretCopied",alertstate="firing"}'
    assert count(metrics, alert) == 0
    copied = fleet[0].done(f"cat {STATE}/identity.json")
    thief = fleet[1]
    thief.put("/root/stolen/identity.json", copied.encode())
    thief.put("/root/stolen/agent.toml", STOLEN.format(home.url).encode())
    agent = "/opt/hyperion/bin/hyperion-agent --config /root/stolen/agent.toml"
    refused = thief.ssh("timeout", "30", *agent.split())
    thief.done("rm -r /root/stolen")
    assert (refused.returncode, "belongs to another machine" in refused.stderr) == (2, True)
    wait_for(lambda: count(metrics, alert), SOON, "the alert")
    whole = command(home.site, "true", selector="site=far")
    assert states(home, whole) == dict.fromkeys(ids, "succeeded"), "whose it is works on"


def test_a_machine_whose_disk_is_full_is_still_acted_on(
    home: Home, fleet: Fleet, ids: dict[str, str]
) -> None:
    machine = fleet[1]
    body: dict[str, Any] = {"machines": [ids[machine.name]]}
    machine.done(FULL, *PLACES)
    try:
        full = command(home.site, "sh", "-s", script=f"cp /bin/true {STATE}", **body)
        much = command(home.site, "head", "-c", "50000000", "/dev/zero", tail=1000, **body)
        [failed], [cut] = (ended(home.site, each).values() for each in (full, much))
        resident = machine.done(
            "grep VmHWM /proc/$(systemctl show -P MainPID hyperion-agent)/status"
        )
    finally:
        machine.done('umount "$@"', *PLACES)
    assert (failed["state"], failed["code"]) == ("failed", 1)
    assert "No space left on device" in said(home.site, full, machine.name, "stderr")
    assert (cut["state"], cut["stdout"]["truncated"]) == ("succeeded", True)
    assert cut["stdout"]["size"] == 50_000_000
    assert int(resident.split()[1]) < 100_000, "what it holds back is bounded"
    again = command(home.site, "sh", "-c", f"cp /bin/true {STATE}; rm {STATE}/true", **body)
    assert states(home, again) == {machine.name: "succeeded"}


def states(home: Home, command_id: str) -> dict[str, str]:
    """How it ended on each machine."""
    return {name: task["state"] for name, task in ended(home.site, command_id).items()}
