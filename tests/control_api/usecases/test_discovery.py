"""A real Prometheus that finds the machines here, and what it then knows of them."""

import json
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from control_api.people import ACME, People
from hyperion_control.domain.actors import Actor
from hyperion_control.store import sightings as table
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import machine_measures, machines, sightings, tokens
from hyperion_control.usecases.parts import Parts, utc_now
from hyperion_control.usecases.tokens import Wanted
from lab.databases import ON_SQLITE
from lab.ours import exporter
from lab.servers import Server, prometheus
from lab.wait import wait_for

pytestmark = [pytest.mark.live, ON_SQLITE]

CONFIG = """\
global: {{scrape_interval: 1m}}
scrape_configs:
  - job_name: node
    http_sd_configs:
      - url: {url}/api/sd/prometheus
        refresh_interval: 1s
        # 2.42 sends the token alone unless the type is named.
        authorization: {{type: Bearer, credentials: {token}}}
"""


@pytest.fixture
def clock() -> Callable[[], datetime]:
    return utc_now


@pytest.fixture
def ada(people: People) -> Actor:
    return people.actor("ada")


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Server]:
    with exporter(tmp_path) as started:
        yield started


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def found(served: str, parts: Parts, ada: Actor, tmp_path: Path) -> Iterator[Server]:
    """Prometheus, which knows nothing but where to ask."""
    made = tokens.create(parts, ada, Wanted("prometheus", ("sd:read",)))
    config = tmp_path / "prometheus.yml"
    config.write_text(CONFIG.format(url=served, token=made.secret))
    with prometheus(config, tmp_path) as started:
        yield started


def asked(server: Server, path: str, **query: Any) -> Any:
    url = f"{server.url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)["data"]


def target(server: Server) -> Any:
    """The only one."""
    (only,) = asked(server, "targets", state="active")["activeTargets"]
    return only


def scraped(server: Server) -> float:
    """When last."""
    at: str = target(server)["lastScrape"]
    return datetime.fromisoformat(at[:19] + "+00:00").timestamp() if at[:4] != "0001" else 0


def holes(server: Server, since: float, until: float) -> list[int]:
    """The seconds at which a graph of this machine has no value."""
    query = "max by (machine) (up) == 1"
    span = {"start": int(since), "end": int(until), "step": 1}
    (series,) = asked(server, "query_range", query=query, **span)["result"]
    return sorted({*range(int(since), int(until))} - {int(at) for at, _ in series["values"]})


def test_a_new_machine_and_a_changed_interval_are_found_without_a_hole(
    parts: Parts, ada: Actor, machine: Server, found: Server
) -> None:
    parts = replace(parts, settings=replace(parts.settings, prometheus_url=found.url))
    port = int(machine.url.rpartition(":")[2])
    values = {"name": "web-1", "ips": ("127.0.0.1",), "port": port, "labels": {"env": "prod"}}
    made = machines.create(parts, ada, values)
    with parts.database.writing(ACME) as connection:
        table.set_intervals(connection, {made.id: 30})
    wait_for(lambda: target(found)["health"] == "up", 60, "Prometheus to scrape the machine")
    first = target(found)
    assert first["scrapeInterval"] == "30s"
    own = {"org": "acme", "machine": "web-1", "env": "prod", "job": "node"}
    assert own.items() <= first["labels"].items()
    begun = scraped(found)

    sightings.look(parts, Worker("wrk_1", "test", utc_now()))
    seen = machines.look(parts, ada, made.id)
    assert machines.state(seen, utc_now()) == "available"
    with parts.database.writing(ACME) as connection:
        table.set_intervals(connection, {made.id: 15})
    # The other way round Prometheus may leave one: it ends the series of the shorter interval
    # before the longer one has come.
    wait_for(lambda: target(found)["scrapeInterval"] == "15s", 20, "the new interval")
    wait_for(lambda: scraped(found) > begun + 20, 60, "two more scrapes")
    ended = time.time()
    assert holes(found, begun + 1, ended - 1) == []

    network = {each.interface: each for each in machine_measures.network(parts, ada, "web-1")}
    assert network["lo"].received > 0
    assert 0 < machine_measures.memory(parts, ada, made.id).usage < 100
    assert 0 <= machine_measures.cpu(parts, ada, "web-1").usage <= 100
