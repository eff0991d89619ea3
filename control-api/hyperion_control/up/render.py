"""The committed configuration, with loopback in place of the names it has under Compose."""

from typing import Any

import yaml

from hyperion_control.up.plan import Settings, url


def render(settings: Settings) -> None:
    """Write the configuration of Prometheus and Alertmanager below `var`."""
    names = _names(settings)
    for room, key in (("prometheus", "rule_files"), ("alertmanager", "templates")):
        source = settings.house / room / f"{room}.yml"
        config = replaced(yaml.safe_load(source.read_text()), names)
        if key in config:
            config[key] = [str(source.parent / pattern) for pattern in config[key]]
        target = settings.var / room / f"{room}.yml"
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
    }
