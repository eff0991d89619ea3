"""Remote write as real receivers take it: Debian's Prometheus and VictoriaMetrics."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from hyperion_exporter.agent.files import Config
from hyperion_exporter.agent.home import Away
from hyperion_exporter.agent.remote import IDLE_SECONDS, Remote
from lab import programs
from lab.house import ROOT
from lab.receiver import Receiver, receiver
from lab.servers import answers, free_port, running
from lab.victoria import victoriametrics
from lab.wait import wait_for

pytestmark = pytest.mark.live

OWN = {"job": "node", "instance": "web-1", "machine": "web-1", "org": "acme"}
SECONDS = 20.0
PATH = "/api/v1/write"


@pytest.fixture
def page() -> Iterator[Receiver]:
    """An exporter whose page is what a test says."""
    with receiver() as at:
        yield at


def remote(page: Receiver, store: str) -> Remote:
    config = Config("http://127.0.0.1", metrics_url=page.url, remote_write_url=f"{store}{PATH}")
    made = Remote(config)
    made.labels = OWN
    return made


def bring(remote: Remote, page: Receiver, text: str) -> None:
    page.answer = text.encode()
    remote.gather()
    # Receivers tell pages apart by milliseconds.
    gathered = milliseconds()
    wait_for(lambda: milliseconds() > gathered, SECONDS, "the next millisecond")


def milliseconds() -> int:
    return time.time_ns() // 1_000_000


def deliver(remote: Remote) -> None:
    while remote.deliver() != IDLE_SECONDS:
        pass


def ask(store: str, query: str) -> list[Any]:
    answer = requests.get(f"{store}/api/v1/query", {"query": query}, timeout=SECONDS).json()
    return list(answer["data"]["result"])


def values(store: str, query: str) -> list[float]:
    """Of one series, by time."""
    found = ask(store, query)
    return [float(value) for _, value in found[0]["values"]] if found else []


def exported(store: str, name: str) -> list[float | None]:
    """All that VictoriaMetrics has of one series."""
    asked = {"match[]": name, "start": 0, "end": time.time() + 60}
    answer = requests.get(f"{store}/api/v1/export", asked, timeout=SECONDS)
    return list(answer.json()["values"])


@contextmanager
def prometheus(folder: Path, address: str) -> Iterator[None]:
    """At an address that it comes back to."""
    config = folder / "prometheus.yml"
    config.write_text("")
    argv = [
        programs.program("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        "--web.enable-remote-write-receiver",
    ]
    ready = lambda: answers(f"http://{address}/-/ready")  # noqa: E731
    with running(argv, folder / "prometheus.log", ready):
        yield


def test_an_outage_leaves_no_hole_and_nothing_comes_twice(page: Receiver, tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    store, counts = f"http://{address}", iter(range(1, 100))
    sender = remote(page, store)

    def count() -> None:
        bring(sender, page, f'jobs_total{{queue="a b"}} {next(counts)}\n')

    with prometheus(tmp_path, address):
        for _ in range(3):
            count()
        deliver(sender)
        [found] = ask(store, "jobs_total")
        assert found["metric"] == {"__name__": "jobs_total", "queue": "a b", **OWN}
    for _ in range(3):
        count()
        with pytest.raises(Away):
            sender.deliver()
    with prometheus(tmp_path, address):
        count()
        deliver(sender)
        assert values(store, "jobs_total[10m]") == [1, 2, 3, 4, 5, 6, 7]
        assert values(store, "up[10m]") == [1, 1, 1, 1, 1, 1, 1]
        bring(sender, page, "other 1\n")
        deliver(sender)
        assert ask(store, "jobs_total") == [], "it has ended, and not five minutes later"
        page.status = 503
        bring(sender, page, "")
        deliver(sender)
        assert [each["value"][1] for each in ask(store, "up")] == ["0"]


def test_a_whole_page_arrives_in_prometheus_as_it_is(page: Receiver, tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    text = (ROOT / "tests/exporter/expected.prom").read_text()
    with prometheus(tmp_path, address):
        sender = remote(page, f"http://{address}")
        bring(sender, page, text)
        deliver(sender)
        found = ask(f"http://{address}", '{machine="web-1"}')
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(found) == len(lines) + 1
    numbers = sorted(float(line.rpartition(" ")[2]) for line in lines)
    assert sorted(float(each["value"][1]) for each in found) == sorted([1.0, *numbers])


def test_victoriametrics_takes_it_too(page: Receiver, tmp_path: Path) -> None:
    with victoriametrics(tmp_path) as server:
        sender = remote(page, server.url)
        for number in (1, 2):
            bring(sender, page, f'jobs_total{{queue="a b"}} {number}\nleaves 1\n')
        bring(sender, page, 'jobs_total{queue="a b"} 3\n')
        deliver(sender)
        requests.get(f"{server.url}/internal/force_flush", timeout=SECONDS)
        assert exported(server.url, "jobs_total") == [1, 2, 3]
        assert exported(server.url, "leaves") == [1, 1, None], "it was told that this has ended"
