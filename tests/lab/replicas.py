"""The control API as a large site runs it: PostgreSQL, two API processes, workers that can die."""

import base64
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import requests

from control_api.people import People
from hyperion_control.settings import Settings
from hyperion_control.usecases.parts import Parts
from lab.databases import MASTER_KEY, OnPostgres, OnSqlite, on_postgres
from lab.ours import BIN
from lab.servers import Program, Server, answers, free_port, running


@dataclass(frozen=True)
class Replicas:
    folder: Path
    env: Mapping[str, str]
    people: People
    apis: tuple[Server, ...]
    logins: dict[str, str] = field(default_factory=dict)

    @property
    def parts(self) -> Parts:
        return self.people.parts

    def ask(
        self,
        method: str,
        path: str,
        name: str = "olga",
        *,
        api: int = 0,
        json: Mapping[str, Any] | None = None,
        **headers: str,
    ) -> Any:
        """What one of them answers that person."""
        if name not in self.logins:
            self.logins[name] = self.people.login(name)
        signed = {"Authorization": f"Bearer {self.logins[name]}", "If-Match": "*"}
        url = f"{self.apis[api].url}/api/{path}"
        answer = requests.request(method, url, headers=signed | headers, json=json, timeout=60)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    @contextmanager
    def worker(self, name: str = "worker") -> Iterator[Program]:
        log = self.folder / f"{name}.log"
        ready = lambda: "started as" in log.read_text()  # noqa: E731
        with running([BIN / "hyperion-control", "worker"], log, ready, env=self.env) as worker:
            yield worker


@contextmanager
def replicas(folder: Path) -> Iterator[Replicas]:
    with on_postgres() as databases, peopled(folder, databases) as site, ExitStack() as stack:
        apis = []
        for number in range(2):
            address = f"127.0.0.1:{free_port()}"
            argv = [BIN / "hyperion-control", "serve", "--listen", address]
            log, home = folder / f"api-{number}.log", f"http://{address}"
            ready = lambda home=home: answers(f"{home}/healthz")  # noqa: E731
            started = stack.enter_context(running(argv, log, ready, env=site.env))
            apis.append(Server(started.process, started.log, home))
        yield replace(site, apis=tuple(apis))


@contextmanager
def peopled(folder: Path, databases: OnPostgres | OnSqlite) -> Iterator[Replicas]:
    """Before any of it runs."""
    with databases.migrated(folder) as url:
        own = {
            "HYPERION_DATA": str(folder),
            "HYPERION_DATABASE_URL": url,
            "HYPERION_SECRET_KEY": base64.b64encode(MASTER_KEY).decode(),
        }
        with closing(Parts.build(Settings.from_env(own))) as parts:
            people = People(parts)
            people.move_in()
            yield Replicas(folder, os.environ | own, people, ())
