"""A machine that nobody reaches: the agent and the exporter as programs, two APIs, Prometheus."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from hyperion_control.usecases import tokens
from hyperion_control.usecases.tokens import Wanted
from lab.ours import exporter
from lab.processes import living
from lab.replicas import Replicas, replicas
from lab.servers import Program, prometheus, running
from lab.wait import wait_for

SOON = 20.0
PROMETHEUS = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: node-behind-agents
    authorization: {{credentials: {token}}}
    http_sd_configs:
      - url: {url}/api/sd/agents
        refresh_interval: 1s
        authorization: {{type: Bearer, credentials: {token}}}
    # Instead of the half minute that discovery tells.
    relabel_configs:
      - {{target_label: __scrape_interval__, replacement: 1s}}
      - {{target_label: __scrape_timeout__, replacement: 1s}}
"""


@dataclass
class Home:
    """An agent's own folder, from which it is started again and again."""

    folder: Path
    site: Replicas
    metrics_url: str
    name: str
    machine: dict[str, Any] = field(default_factory=dict)

    def install(self, **wanted: Any) -> None:
        code = {"X-OTP": self.site.people.code()}
        made = self.site.ask("POST", "enrolments", "ada", json=wanted, **code)
        (self.folder / "token").write_text(made["secret"])
        settings = {
            "url": self.site.apis[0].url,
            "state": self.folder,
            "token_file": self.folder / "token",
            "policy_file": self.folder / "policy.toml",
            "metrics_url": self.metrics_url,
            "name": self.name,
        }
        lines = [f'{name} = "{value}"' for name, value in settings.items()]
        (self.folder / "agent.toml").write_text("\n".join(lines))
        self.allow('["**"]')

    def allow(self, *commands: str) -> None:
        text = f"run = true\ncommands = [{', '.join(commands)}]\n"
        (self.folder / "policy.toml").write_text(text)

    @contextmanager
    def also_writing(self, url: str) -> Iterator[None]:
        """By remote write."""
        config = self.folder / "agent.toml"
        before = config.read_text()
        config.write_text(f'{before}\nremote_write_url = "{url}"\n')
        yield
        config.write_text(before)

    def argv(self) -> list[str]:
        start = [sys.executable, "-m", "hyperion_exporter.agent.cli"]
        return [*start, "--config", str(self.folder / "agent.toml")]

    @contextmanager
    def running(self) -> Iterator[Program]:
        log = self.folder / "agent.log"
        with running(
            self.argv(), log, lambda: "this is" in log.read_text(), env=os.environ
        ) as program:
            self.machine = self.find()
            yield program

    def find(self) -> dict[str, Any]:
        [found] = self.site.ask("GET", f"machines?search={self.name}")["data"]
        return dict(found)

    def begin(self, *argv: str, **more: Any) -> str:
        body = {"argv": argv, "machines": [self.machine["id"]], **more}
        return str(self.site.ask("POST", "commands", json=body)["id"])

    def state(self, command_id: str) -> str:
        return str(self.site.ask("GET", f"commands/{command_id}")["state"])

    def ended(self, command_id: str) -> dict[str, Any]:
        """Its one task, once it has ended."""
        is_open = ("queued", "running", "canceling")
        wait_for(lambda: self.state(command_id) not in is_open, SOON, "the command to end")
        [task] = self.site.ask("GET", f"commands/{command_id}/tasks")["data"]
        return dict(task)

    def said(self, command_id: str, stream: str = "stdout") -> str:
        where = f"commands/{command_id}/output?machine={self.name}&stream={stream}"
        return str(self.site.ask("GET", f"{where}&limit=1000000", api=1)["text"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    with replicas(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with exporter(tmp_path_factory.mktemp("exporter")) as server:
        yield f"{server.url}/metrics"


@pytest.fixture(scope="module")
def home(site: Replicas, page: str, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("agent"), site, page, "far-away")
    home.install()
    return home


@pytest.fixture
def agent(home: Home) -> Iterator[Program]:
    with home.running() as agent:
        yield agent


def is_true(url: str, query: str) -> Callable[[], bool]:
    def ask() -> bool:
        answer = requests.get(f"{url}/api/v1/query", {"query": query}, timeout=5).json()
        return bool(answer["data"]["result"])

    return ask


def labels(url: str, name: str) -> list[dict[str, str]]:
    query = {"query": f'{name}{{machine="far-away"}}'}
    answer = requests.get(f"{url}/api/v1/query", query, timeout=5).json()
    return [each["metric"] for each in answer["data"]["result"]]


@pytest.mark.live
def test_its_metrics_arrive_in_prometheus_and_go_with_it(home: Home, tmp_path: Path) -> None:
    token = tokens.create(
        home.site.parts, home.site.people.actor("ada"), Wanted("prometheus", ("sd:read",))
    ).secret
    config = tmp_path / "prometheus.yml"
    config.write_text(PROMETHEUS.format(token=token, url=home.site.apis[1].url))
    with prometheus(config, tmp_path, flags=["--web.enable-remote-write-receiver"]) as server:
        with home.also_writing(f"{server.url}/api/v1/write"), home.running():
            both = 'count(node_load1{machine="far-away",org="acme",instance="far-away"}) == 2'
            wait_for(is_true(server.url, both), SOON, "its load, brought here and written there")
            for name in ("node_load1", "up"):
                scraped, written = labels(server.url, name)
                assert {**scraped, "job": "node"} == {**written, "job": "node"}
                assert {scraped["job"], written["job"]} == {"node", "node-behind-agents"}
            assert home.find()["state"] == "available"
        wait_for(is_true(server.url, 'up{machine="far-away"} == 0'), 90, "it to be away")


@pytest.mark.live
@pytest.mark.usefixtures("agent")
def test_a_command_goes_there_and_comes_back_whole(home: Home) -> None:
    script = "cat; seq 1 20000; echo bad >&2; exit 3"
    command_id = home.begin("sh", "-c", script, head=200_000)
    task = home.ended(command_id)
    assert (task["state"], task["code"]) == ("failed", 3)
    assert home.said(command_id) == "".join(f"{number}\n" for number in range(1, 20001))
    assert home.said(command_id, "stderr") == "bad\n"


@pytest.mark.live
@pytest.mark.usefixtures("agent")
def test_what_is_canceled_is_gone(home: Home) -> None:
    command_id = home.begin("sh", "-c", "echo up; sleep 4321")
    wait_for(lambda: home.said(command_id) == "up\n", SOON, "its first word")
    home.site.ask("POST", f"commands/{command_id}/cancel")
    assert home.ended(command_id)["state"] == "canceled"
    assert not living("sleep 4321")


@pytest.mark.live
@pytest.mark.usefixtures("agent")
def test_what_the_machine_does_not_allow_is_not_run(home: Home, tmp_path: Path) -> None:
    home.allow('["uptime"]')
    refused = home.ended(home.begin("touch", str(tmp_path / "canary")))
    assert refused["state"] == "failed"
    assert "policy of this machine" in refused["reason"]
    assert list(tmp_path.iterdir()) == []
    assert home.ended(home.begin("uptime"))["state"] == "succeeded"
    home.allow('["**"]')


@pytest.mark.live
def test_one_that_is_away_gets_it_on_return(home: Home) -> None:
    command_id = home.begin("echo", "late")
    assert home.state(command_id) == "queued"
    with home.running():
        assert home.ended(command_id)["state"] == "succeeded"
        assert home.said(command_id) == "late\n"


@pytest.mark.live
def test_what_an_agent_ran_that_was_killed_is_lost(home: Home) -> None:
    with home.running() as agent:
        command_id = home.begin("sh", "-c", "echo up; exec sleep 30")
        wait_for(lambda: home.said(command_id) == "up\n", SOON, "its first word")
        agent.process.kill()
        agent.process.wait()
    assert home.state(command_id) == "running"
    with home.running():
        assert home.ended(command_id)["state"] == "lost"
        assert home.ended(home.begin("true"))["state"] == "succeeded", "it works on"


@pytest.mark.live
@pytest.mark.usefixtures("agent")
def test_an_api_that_is_away_in_the_middle_costs_no_byte(home: Home) -> None:
    script = "for i in $(seq 1 60); do echo $i; sleep 0.1; done"
    command_id = home.begin("sh", "-c", script)
    wait_for(lambda: home.said(command_id), SOON, "its first word")
    api = home.site.apis[0].process.pid
    os.killpg(api, signal.SIGSTOP)
    try:
        wait_for(lambda: not living("seq 1 60"), SOON, "the program to end")
        assert len(home.said(command_id).split()) < 60
    finally:
        os.killpg(api, signal.SIGCONT)
    assert home.ended(command_id)["state"] == "succeeded"
    assert home.said(command_id) == "".join(f"{number}\n" for number in range(1, 61))


@pytest.mark.live
def test_its_files_on_another_machine_are_refused_and_an_alarm(home: Home, tmp_path: Path) -> None:
    other = tmp_path / "machine-id"
    other.write_text(32 * "b" + "\n")
    rights = [] if os.geteuid() == 0 else ["--map-root-user"]
    moved = ["sh", "-c", 'mount --bind "$0" /etc/machine-id && exec "$@"', other]
    argv = ["unshare", "--mount", *rights, *moved, *home.argv()]
    said = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert said.returncode == 2
    assert "belongs to another machine" in said.stderr
    told = requests.get(f"{home.site.apis[1].url}/metrics", timeout=10).text
    assert "hyperion_control_agents_foreign 1.0" in told


@pytest.mark.live
def test_who_is_put_out_ends_with_a_sentence(home: Home) -> None:
    """The last test here: this agent is nobody from now on."""
    with home.running() as agent:
        home.site.ask("DELETE", f"machines/{home.machine['id']}/agent", "ada")
        home.begin("true")
        wait_for(lambda: agent.process.poll() is not None, SOON + 60, "the agent to end")
        assert agent.process.returncode == 2
        assert "enrol again" in agent.last_lines()
