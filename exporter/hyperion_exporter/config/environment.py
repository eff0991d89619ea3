"""The environment: what it says of which settings."""

import re
from collections.abc import Mapping, Sequence

from hyperion_exporter.config.settings import ConfigError, Said, Setting, nearest

PREFIX = "HYPERION_EXPORTER_"
# Kubernetes gives these to every container beside a service that is called hyperion-exporter.
OF_KUBERNETES = re.compile(PREFIX + r"(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_\w+)?)")


def read(environ: Mapping[str, str], settings: Sequence[Setting]) -> dict[str, Said]:
    known = {setting.variable: setting for setting in settings}
    found = {}
    for name, text in environ.items():
        if not name.startswith(PREFIX) or OF_KUBERNETES.fullmatch(name):
            continue
        if name not in known:
            hint = nearest(name, list(known), "--help lists the settings")
            raise ConfigError(f"unknown variable {name}; {hint}")
        found[known[name].key] = _said(known[name], text)
    return found


def _said(setting: Setting, text: str) -> Said:
    if setting.kind is tuple:
        items = tuple(item.strip() for item in text.split(","))
        return setting.said(setting.variable, tuple(filter(None, items)))
    return setting.meant(setting.variable, text)
