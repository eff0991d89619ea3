"""How long people wait for the fleet's dashboard, where Prometheus watches 500 machines."""

import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import yaml

from bench.table import Row
from lab import programs
from lab.dashboards import read
from lab.house import ROOT
from lab.ours import exporter
from lab.pages import scrape, served
from lab.questions import Question, ask, distinct, questions
from lab.servers import Server, prometheus
from lab.wait import wait_for

MACHINES = 500
PROMISED = 0.3  # seconds, in 95 of 100 times
ROUNDS = 20
READY_SECONDS = 180.0
# The dashboard's own range, and the step that Grafana takes where scrapes are a minute apart.
SHOWN, STEP = 6 * 3600, 60
# What a machine with disks and systemd says besides.
MORE = """
hyperion_smart_verdict{device="sda",verdict="ok",reason=""} 0
node_hwmon_temp_celsius{chip="platform_coretemp_0",sensor="temp1"} 52
node_systemd_units{state="failed"} 1
hyperion_updates_pending{manager="apt",kind="all"} 31
hyperion_updates_pending{manager="apt",kind="security"} 4
"""
MOUNTS = ("/", "/boot", "/home", "/srv")


def dashboards() -> Iterable[Row]:
    with tempfile.TemporaryDirectory() as folder, _watching(Path(folder)) as store:
        asked = distinct(questions(read(ROOT / "grafana/dashboards")["hyperion-fleet"]))
        seconds = [_times(store, question) for question in asked]
    slowest = max(statistics.quantiles(times, n=20, method="inclusive")[-1] for times in seconds)
    yield Row(
        f"fleet dashboard of {MACHINES} machines, slowest of {len(asked)} queries, p95", "s",
        "what is promised", [(slowest, PROMISED)], 1.0,
    )  # fmt: skip


def _times(store: Server, question: Question) -> list[float]:
    times = []
    for _ in range(ROUNDS):
        end = time.time()
        begin = end - SHOWN
        over = {"start": begin, "end": end, "step": STEP} if question.over_time else {}
        expression = question.chosen(__from=f"{1000 * begin:.0f}", __to=f"{1000 * end:.0f}")
        begun = time.perf_counter()
        ask(store, expression, **over)
        times.append(time.perf_counter() - begun)
    return times


@contextmanager
def _watching(folder: Path) -> Iterator[Server]:
    """Prometheus with our rules, six hours of the past, and the machines as they are now."""
    with exporter(folder) as one:
        wait_for(lambda: "hyperion_health_score" in scrape(one), 30, "a whole page")
        page = scrape(one) + MORE.lstrip()
    history = folder / "history"
    with history.open("w") as file:
        _write(file, time.time() - 120)
    tool = programs.program("promtool")
    argv = [tool, "tsdb", "create-blocks-from", "openmetrics", history, folder / "prometheus"]
    subprocess.run(argv, check=True, capture_output=True)
    history.unlink()
    with served(page) as address:
        config = folder / "prometheus.yml"
        config.write_text(yaml.safe_dump(_scraping(address)))
        with prometheus(config, folder) as store:
            wait_for(lambda: _counted(store) == {MACHINES}, READY_SECONDS, "all to be scraped")
            yield store


def _counted(store: Server) -> set[float]:
    """How many machines answer, and of how many it is recorded how busy they are."""
    counts = ("count(up == 1)", "count(instance:node_cpu_utilisation:rate5m{job='node'})")
    return {float(ask(store, count)[0]["value"][1]) for count in counts}


def _labels(number: int) -> dict[str, str]:
    name = f"machine-{number:03}"
    return {"org": "acme", "group": f"group-{number % 7}", "machine": name,
            "instance": f"{name}:9100"}  # fmt: skip


def _scraping(address: str) -> dict[str, object]:
    targets = [
        {"targets": [address], "labels": {**_labels(number), "__metrics_path__": f"/{number}"}}
        for number in range(MACHINES)
    ]
    return {
        "global": {"scrape_interval": "30s", "evaluation_interval": "30s"},
        "rule_files": [str(ROOT / "prometheus/rules/*.yml")],
        "scrape_configs": [{"job_name": "node", "static_configs": targets}],
    }


def _write(file: TextIO, end: float) -> None:
    """What the graphs show of the past, in the order that promtool wants: by series."""
    for name, more in _shown_series():
        file.write(f"# TYPE {name} gauge\n")
        # Alerts fire for some.
        for number in range(0, MACHINES, 25 if name == "ALERTS" else 1):
            own = {**_labels(number), "job": "node", **more}
            series = ",".join(f'{label}="{value}"' for label, value in own.items())
            for step in range(SHOWN // STEP):
                value = (number * 7 + step) % 97 / 97
                file.write(f"{name}{{{series}}} {value:.4f} {end - SHOWN + step * STEP:.0f}\n")
    file.write("# EOF\n")


def _shown_series() -> Iterator[tuple[str, dict[str, str]]]:
    yield "hyperion_health_score", {}
    yield "up", {}
    yield "instance:node_cpu_utilisation:rate5m", {}
    yield "instance:node_memory_utilisation:ratio", {}
    yield "ALERTS", {"alertname": "Test", "alertstate": "firing", "severity": "warning"}
    for mount in MOUNTS:
        yield "instance_mountpoint:node_filesystem_avail:ratio", {"mountpoint": mount}
