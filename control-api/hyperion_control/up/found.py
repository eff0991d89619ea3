"""Prometheus, Alertmanager and Grafana: on PATH, out of the system's packages, or missing."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hyperion_control.up import packages
from hyperion_control.up.plan import Found

ON_PATH = {
    "prometheus": ("prometheus",),
    "alertmanager": ("alertmanager", "prometheus-alertmanager"),
    "grafana": ("grafana-server", "grafana"),
}
DEBIAN = {"prometheus": "prometheus", "alertmanager": "prometheus-alertmanager"}
# What Prometheus' own page is drawn with; without these it stays empty.
PAGE = (
    "fonts-glyphicons-halflings",
    "libjs-bootstrap4",
    "libjs-d3",
    "libjs-eonasdan-bootstrap-datetimepicker",
    "libjs-jquery",
    "libjs-jquery-hotkeys",
    "libjs-moment",
    "libjs-moment-timezone",
    "libjs-mustache",
    "libjs-popper.js",
    "libjs-rickshaw",
)
COSTS = {
    "prometheus": "nothing is stored, no alert can fire",
    "alertmanager": "alerts fire but reach nobody",
    "grafana": "no dashboards",
}
# Only where the system's own repository has a package of that name.
COMMANDS = {
    "pacman": ("pacman -S", ("prometheus", "alertmanager", "grafana")),
    "apk": ("apk add", ("prometheus", "alertmanager", "grafana")),
    "dnf": ("dnf install", ("grafana",)),
}
DOWNLOADS = {
    "prometheus": "https://prometheus.io/download/",
    "alertmanager": "https://prometheus.io/download/",
    "grafana": "https://grafana.com/grafana/download",
}
# 216 MB of time zones, each as it was in every year; the page reads none of them.
BALLAST = "share/javascript/moment-timezone/data"
# Alertmanager of Debian reads its templates from here and has no flag for it.
TEMPLATES = b"/usr/share/prometheus/alertmanager"


def on_path(path: str) -> Found:
    # An ordinary user's PATH lacks the folder that Grafana's packages use.
    places = os.pathsep.join((path, "/usr/local/sbin", "/usr/sbin"))
    return Found(**{name: _first(names, places) for name, names in ON_PATH.items()})


def fetched(found: Found, var: Path, say: Callable[[str], None]) -> tuple[Found, str]:
    """What was found and what the system's packages add; and why they did not, if so."""
    absent = {name: DEBIAN[name] for name in DEBIAN if not getattr(found, name)}
    if not absent or not packages.available():
        return found, ""
    try:
        say(f"getting {' and '.join(absent)} out of this system's packages, installing nothing")
        names = [*absent.values(), *(PAGE if "prometheus" in absent else ())]
        folder = packages.fetch(names, var / "packages") / "usr/bin"
        shutil.rmtree(folder.parent / BALLAST, ignore_errors=True)
        if "alertmanager" in absent:
            _movable(folder / DEBIAN["alertmanager"])
    except packages.PackageError as error:
        return found, str(error)
    return replace(found, **{name: folder / package for name, package in absent.items()}), ""


def missing(found: Found, why: str) -> list[str]:
    """One line each: what is missing, what that costs, what brings it."""
    absent = [name for name in ON_PATH if not getattr(found, name)]
    return [f"no {name}: {COSTS[name]}. {_remedy(name, why)}" for name in absent]


def _remedy(name: str, why: str) -> str:
    if why and name in DEBIAN:
        return why[0].upper() + why[1:]
    for manager, (command, packaged) in COMMANDS.items():
        if shutil.which(manager) and name in packaged:
            return f"To have it: {command} {name}"
    return f"To have it, put it on PATH: {DOWNLOADS[name]}"


def _first(names: tuple[str, ...], path: str) -> Path | None:
    places = (shutil.which(name, path=path) for name in names)
    return next((Path(place) for place in places if place), None)


def _movable(binary: Path) -> None:
    """Let an unpacked Alertmanager find its templates in the folder it is started in.

    Its path is a constant in the program, so it is overwritten in our copy, in its own length;
    the other ways need root or a namespace, which containers and some systems do not grant.
    """
    before = binary.read_bytes()
    after = before.replace(TEMPLATES, b"." + b"/" * (len(TEMPLATES) - 1))
    if after != before:
        partial = binary.with_name(f".{binary.name}")
        partial.write_bytes(after)
        partial.chmod(0o755)
        partial.replace(binary)
