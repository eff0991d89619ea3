"""What the agent and vmalert of the profile scale start from, made of what Prometheus has."""

import re
from pathlib import Path
from typing import Any

import yaml

from hyperion_control.settings import CHECKOUT
from hyperion_control.usecases.whole_files import SECRET, put

RULES = CHECKOUT / "prometheus" / "rules"
# VictoriaMetrics has the name of the one whose place it takes.
STORE = "http://prometheus:9090/api/v1/write"
PROGRAMS = {
    "prometheus": "prometheus-agent:9090",
    "victoriametrics": "prometheus:9090",
    "vmalert": "vmalert:8880",
    "vmauth": "vmauth:8426",
}
# Of these the names of Prometheus mean something else there: they also count what a counter held
# when it was first seen, so a machine that comes in would tell of all that it ever suffered.
OTHERWISE = re.compile(r"\b(changes|delta|increase)(?=\s*\()")
LINK = re.compile(r"\{\{\s*\$externalLabels\.(\w+)\s*\}\}")
Config = dict[str, Any]


def furnish(folder: Path, config: Config, public_url: str) -> None:
    """`config` is Prometheus's own; `folder` is what the volumes are mounted in."""
    text = yaml.safe_dump(agent(config), sort_keys=False)
    put(folder / "prometheus/agent.yml", text, SECRET)
    judged = folder / "vmalert"
    judged.mkdir(exist_ok=True)
    for file in RULES.glob("*.yml"):
        put(judged / file.name, rules(file.read_text(), public_url), SECRET)
    for left in judged.glob("*.yml"):
        if not (RULES / left.name).exists():
            left.unlink()


def agent(config: Config) -> Config:
    """Without what is for judging, which it refuses; external labels would stand on all series."""
    asked = [job for job in config["scrape_configs"] if job["job_name"] != "prometheus"]
    for name, target in PROGRAMS.items():
        asked.append({"job_name": name, "static_configs": [{"targets": [target]}]})
    return {
        "global": {"scrape_interval": config["global"]["scrape_interval"]},
        "scrape_configs": asked,
        "remote_write": [{"url": STORE}],
    }


def rules(text: str, public_url: str) -> str:
    """vmalert would put external labels on what rules record, so addresses stand in their place."""
    links = {"hyperion_url": public_url, "grafana_url": f"{public_url}/grafana"}
    text = LINK.sub(lambda found: links.get(found[1], ""), text)
    return OTHERWISE.sub(r"\1_prometheus", text)
