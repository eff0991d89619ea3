"""The committed configuration, with loopback in place of the names it has under Compose."""

from typing import Any

import yaml

from hyperion_control.domain import routes
from hyperion_control.notifying import Notifying
from hyperion_control.up.plan import Settings, exporter_state, prometheus_token, url


def render(settings: Settings) -> None:
    """Make the folders below `var` and write the configuration of Prometheus and Alertmanager."""
    exporter_state(settings).mkdir(parents=True, exist_ok=True)
    names = _names(settings)
    for room, key in (("prometheus", "rule_files"), ("alertmanager", "templates")):
        source = settings.house / room / f"{room}.yml"
        target = settings.var / room / f"{room}.yml"
        config = yaml.safe_load(source.read_text())
        if room == "alertmanager":
            # Until the worker writes it again, with the channels and routes that it knows.
            folder, api = str(target.parent), url(settings.ports.control)
            config = routes.rendered(config, folder, api, Notifying())
        else:
            # Nothing here asks from outside.
            jobs = config["scrape_configs"]
            config["scrape_configs"] = [job for job in jobs if job["job_name"] != "probe"]
        config = replaced(config, names)
        if key in config:
            config[key] = [str(source.parent / pattern) for pattern in config[key]]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(yaml.safe_dump(config, sort_keys=False))


def replaced(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: replaced(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [replaced(each, names) for each in value]
    if isinstance(value, str):
        for name, address in names.items():
            value = value.replace(name, address)
    return value


def _names(settings: Settings) -> dict[str, str]:
    ports = settings.ports
    return {
        "http://localhost:8080": url(ports.control),
        "http://localhost:3000": url(ports.grafana),
        "exporter:9100": f"127.0.0.1:{ports.exporter}",
        "control-api:8080": f"127.0.0.1:{ports.control}",
        "prometheus:9090": f"127.0.0.1:{ports.prometheus}",
        "alertmanager:9093": f"127.0.0.1:{ports.alertmanager}",
        "grafana:3000": f"127.0.0.1:{ports.grafana}",
        "/etc/prometheus/secrets/sd_token": str(prometheus_token(settings)),
    }
