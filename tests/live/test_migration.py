"""docs/migration.md: what is to be typed works, beside a node_exporter and with a Kuma's file."""

import json
import os
import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import yaml

from lab import guides
from lab.house import ROOT
from lab.ours import BIN
from lab.programs import program
from lab.servers import node_exporter

PAGE = (ROOT / "docs/migration.md").read_text()
BLOCKS = guides.blocks(PAGE)
# As Uptime Kuma 1.23 and 2.0 have it, without what is not asked for.
MONITOR = "CREATE TABLE monitor (name, type, url, hostname, port, active)"
MONITORS = [
    ("Shop", "http", "https://shop.example.org/", None, None, 1),
    ("Basket", "keyword", "https://shop.example.org/basket", None, None, 1),
    ("Mail", "port", "https://", "mail.example.org", 25, 1),
    ("Router", "ping", "https://", "192.0.2.1", None, 1),
    ("Old shop", "http", "https://old.example.org/", None, None, 0),
]


def typed(block: str, folder: Path, url: str = "") -> subprocess.CompletedProcess[str]:
    script = "set -eu -o pipefail\n" + block.replace("127.0.0.1:9100", url.partition("//")[2])
    env = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env=env, capture_output=True, text=True, timeout=60
    )


def test_who_has_node_exporter_sees_what_would_be_lost(tmp_path: Path) -> None:
    [block] = [block for block in BLOCKS if "hyperion-exporter" in block]
    with node_exporter(tmp_path, "1.11") as theirs:
        done = typed(block, tmp_path, theirs.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert "the configuration can be obeyed" in done.stdout
    lost = {line[2:] for line in done.stdout.splitlines() if line.startswith("<")}
    assert "node_selinux_enabled" in lost
    # By its name, or by that of its collector.
    named = set(re.findall(r"`(\w+)`", PAGE))
    assert [family for family in lost if named.isdisjoint({family, family.split("_")[1]})] == []


def test_monitors_of_uptime_kuma_become_probes(tmp_path: Path) -> None:
    [block] = [block for block in BLOCKS if "kuma.db" in block]
    with closing(sqlite3.connect(tmp_path / "kuma.db")) as kuma, kuma:
        kuma.execute(MONITOR)
        kuma.executemany("INSERT INTO monitor VALUES (?, ?, ?, ?, ?, ?)", MONITORS)
    (tmp_path / "prometheus/probes").mkdir(parents=True)
    done = typed(block, tmp_path)
    assert (done.returncode, done.stderr) == (0, "left out: Router (ping)\n")
    probes = json.loads((tmp_path / "prometheus/probes/kuma.yml").read_text())
    modules = yaml.safe_load((ROOT / "prometheus/blackbox.yml").read_text())["modules"]
    assert {probe["labels"]["module"] for probe in probes} <= set(modules)
    assert [(probe["labels"]["monitor"], *probe["targets"]) for probe in probes] == [
        ("Shop", "https://shop.example.org/"),
        ("Basket", "https://shop.example.org/basket"),
        ("Mail", "mail.example.org:25"),
    ]
    ours = yaml.safe_load((ROOT / "prometheus/prometheus.yml").read_text())["scrape_configs"]
    config = tmp_path / "prometheus/prometheus.yml"
    config.write_text(json.dumps({"scrape_configs": [j for j in ours if j["job_name"] == "probe"]}))
    argv = [str(program("promtool")), "check", "config", str(config)]
    checked = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stderr
