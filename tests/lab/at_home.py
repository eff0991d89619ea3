"""A control API that machines call home to, over TLS, and what people ask of it."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests

from lab.certificates import issue
from lab.databases import OnSqlite
from lab.deploying import deploying
from lab.fleet import Machine
from lab.ours import BIN
from lab.replicas import Replicas, peopled
from lab.servers import Server, answers, free_port, running
from lab.wait import wait_for

SOON = 60.0
OPEN = ("queued", "running", "canceling")
CADDYFILE = """
{{
	admin off
	auto_https off
	persist_config off
}}
https://{address} {{
	tls {cert} {key}
	reverse_proxy {behind}
}}
"""


@dataclass
class Home:
    """Its API is killed and started again as a test likes; its door stays."""

    site: Replicas  # with that API alone, for people on loopback
    url: str
    ca: Path  # whom machines are to trust
    life: ExitStack

    def kill(self) -> None:
        api = self.site.apis[0].process
        os.killpg(api.pid, signal.SIGKILL)
        api.wait()

    def start(self) -> None:
        address = self.site.apis[0].url.removeprefix("http://")
        api = self.life.enter_context(serving(self.site, address, self.url))
        self.site = replace(self.site, apis=(api,))


@contextmanager
def home(folder: Path, address: str) -> Iterator[Home]:
    """Machines find it at this address."""
    own, url = f"127.0.0.1:{free_port()}", f"https://{address}"
    with peopled(folder, OnSqlite(folder)) as site, ExitStack() as life:
        api = life.enter_context(serving(site, own, url))
        ca = life.enter_context(_door(folder, address, own))
        yield Home(replace(site, apis=(api,)), url, ca, life)


@contextmanager
def serving(site: Replicas, address: str, public_url: str, **env: str) -> Iterator[Server]:
    """An API that listens there, and that machines know by that URL."""
    argv = [BIN / "hyperion-control", "serve", "--listen", address]
    more = {"HYPERION_PUBLIC_URL": public_url, "HYPERION_TRUSTED_PROXIES": "127.0.0.1/32"}
    log, url = site.folder / "api.log", f"http://{address}"
    ready = lambda: answers(f"{url}/healthz")  # noqa: E731
    with running(argv, log, ready, env={**site.env, **more, **env}) as started:
        yield Server(started.process, started.log, url)


@contextmanager
def _door(folder: Path, address: str, behind: str) -> Iterator[Path]:
    """TLS before it; yields whom to trust: an authority as people make them, with openssl."""
    authority = issue(folder, "authority")
    own = issue(folder, "home", address.partition(":")[0], signer=authority)
    config = folder / "Caddyfile"
    config.write_text(CADDYFILE.format(address=address, cert=own.cert, key=own.key, behind=behind))
    argv = [deploying("caddy"), "run", "--adapter", "caddyfile", "--config", config]
    ready = lambda: requests.get(f"https://{address}/healthz", verify=authority.cert, timeout=5).ok  # noqa: E731
    with running(argv, folder / "caddy.log", ready, env={"HOME": str(folder)}):
        yield authority.cert


def put_script(site: Replicas, machine: Machine) -> None:
    answer = requests.get(f"{site.apis[0].url}/install.sh", timeout=30)
    machine.put("/root/install.sh", answer.content)


def install(site: Replicas, machine: Machine, *words: str) -> str:
    """As the pasted line does, from a file in /root."""
    put_script(site, machine)
    return machine.done('sh /root/install.sh "$@" 2>&1', *words, seconds=SOON)


def token(site: Replicas) -> str:
    return str(enrolment(site)["secret"])


def enrolment(site: Replicas, **wanted: Any) -> dict[str, Any]:
    code = {"X-OTP": site.people.code()}
    return dict(site.ask("POST", "enrolments", "ada", json=wanted, **code))


def command(site: Replicas, *argv: str, **more: Any) -> str:
    return str(site.ask("POST", "commands", json={"argv": argv, **more})["id"])


def ended(site: Replicas, command_id: str) -> dict[str, dict[str, Any]]:
    """Each machine's task, once all of them have ended."""

    def tasks() -> Any:
        found = site.ask("GET", f"commands/{command_id}/tasks")["data"]
        return found if all(task["state"] not in OPEN for task in found) else None

    return {task["machine"]: task for task in wait_for(tasks, SOON, "the command to end")}


def one_ended(site: Replicas, command_id: str) -> dict[str, Any]:
    [task] = ended(site, command_id).values()
    return task


def said(site: Replicas, command_id: str, machine: str, stream: str = "stdout") -> str:
    where = f"commands/{command_id}/output?machine={machine}&stream={stream}"
    return str(site.ask("GET", where)["text"])


def page(site: Replicas, machine_id: str) -> str:
    """What its agent brought of its metrics; empty: nothing that is fresh."""
    login = {"Authorization": f"Bearer {site.people.login('olga')}"}
    url = f"{site.apis[0].url}/api/agents/{machine_id}/metrics"
    answer = requests.get(url, headers=login, timeout=10)
    return answer.text if answer.ok else ""
