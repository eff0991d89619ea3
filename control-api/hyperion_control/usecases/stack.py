"""What the other programs under Compose start from: configuration, tokens, passwords."""

import secrets
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from hyperion_control.errors import StartRefused
from hyperion_control.settings import CHECKOUT
from hyperion_control.usecases import own_tokens, routing, scale, vmauth
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.whole_files import SECRET, put

BASE = CHECKOUT / "prometheus" / "prometheus.yml"
# Of these there may be several, of which Prometheus knows each.
SEVERAL = ("control-api", "prometheus", "alertmanager")
OF_GRAFANA = ("admin_password", "secret_key")
Config = dict[str, Any]


def furnish(parts: Parts, folder: Path, replicas: int) -> None:
    """What is there and still good stays as it is; from here on the worker keeps the tokens."""
    try:
        config = prometheus(yaml.safe_load(BASE.read_text()), parts.settings.public_url, replicas)
        text = yaml.safe_dump(config, sort_keys=False)
        put(folder / "prometheus/prometheus.yml", text, SECRET)
        scale.furnish(folder, config, parts.settings.public_url)
        if token := parts.settings.prometheus_token:
            own_tokens.keep(parts, own_tokens.PROMETHEUS, token)
        for name in OF_GRAFANA:
            if not (folder / "grafana" / name).exists():
                put(folder / "grafana" / name, secrets.token_urlsafe(24), SECRET)
    except OSError as fault:
        raise StartRefused(f"cannot write {fault.filename}: {fault.strerror}") from None
    # Alertmanager does not run yet: it will find its file.
    routing.apply_now(parts)
    vmauth.apply(parts)


def prometheus(base: Config, public_url: str, replicas: int) -> Config:
    config = deepcopy(base)
    config["global"]["external_labels"] = {
        "hyperion_url": public_url,
        "grafana_url": f"{public_url}/grafana",
    }
    for place in (*config["alerting"]["alertmanagers"], *config["scrape_configs"]):
        for group in place.get("static_configs", []):
            group["targets"] = [
                each for target in group["targets"] for each in _each(target, replicas)
            ]
    return config


def _each(target: str, replicas: int) -> list[str]:
    name, _, port = target.partition(":")
    if replicas == 1 or name not in SEVERAL:
        return [target]
    return [f"{name}-{number}:{port}" for number in range(1, replicas + 1)]
