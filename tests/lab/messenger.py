"""A real Alertmanager with our own configuration, which waits for nothing, and its alerts."""

import json
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from hyperion_control.domain import routes
from hyperion_control.domain.routes import Tenant
from hyperion_control.notifying import Notifying
from lab import programs
from lab.house import ROOT
from lab.servers import answers, free_port, running

BASE = ROOT / "alertmanager"
VERSIONS = ("0.25", "0.28", "0.33")


@dataclass(frozen=True)
class Fired:
    """An alert as Prometheus sends it."""

    labels: dict[str, str]
    annotations: dict[str, str] = field(default_factory=dict)
    begin: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(minutes=15))
    end: datetime | None = None

    def sent(self) -> dict[str, Any]:
        end = self.end or datetime.now(UTC) + timedelta(hours=1)
        times = {"startsAt": self.begin.isoformat(), "endsAt": end.isoformat()}
        return {"labels": self.labels, "annotations": self.annotations, **times}


def base() -> dict[str, Any]:
    return dict(yaml.safe_load((BASE / "alertmanager.yml").read_text()))


def config(
    folder: Path, api: str, notifying: Notifying, tenants: Sequence[Tenant] = ()
) -> dict[str, Any]:
    """As it is rendered, with its secrets below the folder."""
    secrets = folder / "secrets"
    secrets.mkdir(exist_ok=True)
    (secrets / "slack_url").write_text(notifying.slack_url)
    (secrets / "smtp_password").write_text(notifying.smtp.password if notifying.smtp else "")
    (secrets / "bridge_token").write_text("hyp_t_of_the_test")
    found = routes.rendered(base(), str(folder), api, notifying, tenants)
    return {**found, "templates": [str(BASE / "templates/*.tmpl")]}


def hastened(config: dict[str, Any]) -> dict[str, Any]:
    """With the waits of a test."""
    waits = {"group_wait": "0s", "group_interval": "1s"}

    def hasten(route: dict[str, Any]) -> dict[str, Any]:
        children = [hasten(child) for child in route.get("routes", [])]
        return route | waits | ({"routes": children} if children else {})

    return {**config, "route": hasten(config["route"])}


def written(folder: Path, config: dict[str, Any]) -> Path:
    file = folder / "alertmanager.yml"
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    return file


@contextmanager
def pair(file: Path, folder: Path, version: str) -> Iterator[tuple[str, str]]:
    """Two that gossip with each other; their URLs."""
    first, second = (f"127.0.0.1:{free_port()}" for _ in range(2))
    with (
        _peer(file, folder, version, first, second) as one,
        _peer(file, folder, version, second, first) as two,
    ):
        yield one, two


@contextmanager
def _peer(file: Path, folder: Path, version: str, own: str, other: str) -> Iterator[str]:
    path, address = programs.program("alertmanager", version), f"127.0.0.1:{free_port()}"
    data = folder / own.replace(":", "-")
    argv = [
        str(path),
        f"--config.file={file}",
        f"--storage.path={data}",
        f"--web.listen-address={address}",
        f"--cluster.listen-address={own}",
        f"--cluster.peer={other}",
        # How long the second waits for the first to have told.
        "--cluster.peer-timeout=2s",
        "--cluster.gossip-interval=50ms",
    ]
    if root := programs.root(path):
        argv = programs.as_installed(root, argv)
    url, log = f"http://{address}", folder / f"{data.name}.log"
    with running(argv, log, lambda: answers(f"{url}/-/ready")):
        yield url


def send(url: str, alerts: Sequence[Fired]) -> None:
    request = urllib.request.Request(
        f"{url}/api/v2/alerts",
        data=json.dumps([alert.sent() for alert in alerts]).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=10).close()


def known(url: str, state: str) -> list[dict[str, str]]:
    """Labels of the alerts in this state."""
    with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=10) as answer:
        alerts = json.load(answer)
    return [alert["labels"] for alert in alerts if alert["status"]["state"] == state]
