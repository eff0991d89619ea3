"""What it costs Prometheus 2.42 to know what is usual, of 500 signals with a day behind them."""

import json
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import yaml

from bench.table import Row
from lab import programs
from lab.house import ROOT
from lab.pages import samples, scrape, served
from lab.questions import ask
from lab.servers import Server, prometheus
from lab.wait import wait_for

VERSION = "2.42"
MACHINES = 100
PROMISED = 5.0  # milliseconds
ROUNDS = 25
# An evaluation comes when Prometheus has done other things, not on the heels of the one before.
PAUSE_SECONDS = 0.25
DAY, SAMPLED = 86400, 1200
# The kinds of rules, and in which file their groups are.
FILES = {"samples": "signals", "quarters and ends": "usual", "alerts": "anomalies"}
SIGNALS = {
    "cpu": "instance:node_cpu_utilisation:rate5m",
    "memory": "instance:node_memory_utilisation:ratio",
    "disk": "instance_device:node_disk_io_time_seconds:rate5m",
    "receive": "instance:node_network_receive_bytes_excluding_lo:rate5m",
    "transmit": "instance:node_network_transmit_bytes_excluding_lo:rate5m",
}
HOURLY = {"known": 0.3, "quarter": 0.2, "three_quarters": 0.4, "upper": 0.9, "lower": 0.0}
# What Prometheus makes of a day when it has had the time: no more than two of each of its sizes.
BLOCKS = 8


def bands() -> Iterable[Row]:
    with tempfile.TemporaryDirectory() as folder, _knowing(Path(folder)) as store:
        for kind, file in FILES.items():
            groups = yaml.safe_load((ROOT / f"prometheus/rules/{file}.yml").read_text())["groups"]
            found = [_evaluated(store, group) for group in groups for _ in range(ROUNDS)]
            pairs = [(took, PROMISED) for took in found]
            what = f"{5 * MACHINES} signals, {kind}: an evaluation"
            yield Row(what, "ms", "what is promised", pairs, 1.0)


def _evaluated(store: Server, group: dict[str, list[dict[str, str]]]) -> float:
    """How long Prometheus took for what a group asks, in milliseconds, by its own clock."""
    seconds = 0.0
    for rule in group["rules"]:
        asked = urllib.parse.urlencode({"query": rule["expr"], "stats": "all"})
        with urllib.request.urlopen(f"{store.url}/api/v1/query?{asked}", timeout=30) as answer:
            data = json.load(answer)["data"]
        # What is as usual is no alert.
        assert data["result"] or "alert" in rule, rule["expr"]
        seconds += data["stats"]["timings"]["execTotalTime"]
    time.sleep(PAUSE_SECONDS)
    return 1000 * seconds


@contextmanager
def _knowing(folder: Path) -> Iterator[Server]:
    history = folder / "history"
    with history.open("w") as file:
        _write(file, int(time.time()) - 60)
    tool = programs.program("promtool", VERSION)
    argv = [tool, "tsdb", "create-blocks-from", "openmetrics", history, folder / "prometheus"]
    subprocess.run(argv, check=True, capture_output=True)
    history.unlink()
    with served("".join(_now())) as address:
        config = folder / "prometheus.yml"
        config.write_text(yaml.safe_dump(_scraping(address)))
        with prometheus(config, folder, VERSION) as store:
            wait_for(lambda: _blocks(store) <= BLOCKS, 300, "the day to be compacted")
            wait_for(lambda: ask(store, "up == 1"), 60, "the signals of now")
            yield store


def _blocks(store: Server) -> float:
    return samples(scrape(store))["prometheus_tsdb_blocks_loaded", frozenset()]


def _scraping(address: str) -> dict[str, object]:
    return {
        "global": {"scrape_interval": "30s"},
        "scrape_configs": [
            {
                "job_name": "node",
                "honor_labels": True,
                "static_configs": [{"targets": [address]}],
            }
        ],
    }


def _labels(number: int, **more: str) -> str:
    name = f"machine-{number:03}"
    own = {"job": "node", "org": "acme", "group": f"group-{number % 7}", "machine": name,
           "instance": f"{name}:9100", **more}  # fmt: skip
    return ",".join(f'{label}="{value}"' for label, value in own.items())


def _more(signal: str) -> dict[str, str]:
    return {"device": "sda"} if signal == "disk" else {}


def _now() -> Iterator[str]:
    """The signals, and what was last made of their day, which Prometheus still has in memory."""
    for signal, name in SIGNALS.items():
        for number in range(MACHINES):
            yield f"{name}{{{_labels(number, **_more(signal))}}} 0.3\n"
    for name, value in HOURLY.items():
        for labels in _all():
            yield f"hyperion_signal:{name}{{{labels}}} {value}\n"


def _write(file: TextIO, end: int) -> None:
    """A day of samples, in the order that promtool wants."""
    file.write("# TYPE hyperion_signal gauge\n")
    for labels in _all():
        for step, at in enumerate(range(end - DAY, end, SAMPLED)):
            file.write(f"hyperion_signal{{{labels}}} {(step * 7) % 97 / 97:.4f} {at}\n")
    file.write("# EOF\n")


def _all() -> Iterator[str]:
    for signal in SIGNALS:
        for number in range(MACHINES):
            yield _labels(number, signal=signal, **_more(signal))
