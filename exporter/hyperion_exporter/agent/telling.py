"""What the agent tells of its machine: how it is, and the page of its exporter."""

import gzip
import http.client
import platform
import re
import socket
import urllib.request
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hyperion_exporter import __version__
from hyperion_exporter.agent.home import Away
from hyperion_exporter.sources.this_machine import ThisMachine, this_machine

SECONDS = 10.0
MOST_PAGE_BYTES = 16 * 1024 * 1024
RELEASE = re.compile("[0-9a-f]{64}")  # the SHA-256 of the package of install.sh


def beat(
    run: str, url: str, labels: bool = False, machine: ThisMachine | None = None
) -> dict[str, Any]:
    """`labels` asks for those that the machine has in Prometheus."""
    here = machine or this_machine()
    return {
        **({"labels": True} if labels else {}),
        "run": run,
        "at": datetime.now(UTC).isoformat(),
        "hostname": socket.gethostname()[:253],
        "addresses": list(_addresses(url)),
        "uptime_seconds": here.uptime(),
        "versions": {
            "agent": __version__,
            "python": platform.python_version(),
            "system": here.system()[:100],
            "release": release(machine=here),
        },
        "host_key": _host_key(here.host_key),
    }


def page(url: str) -> bytes:
    """Packed."""
    return gzip.compress(text(url), 3)


def text(url: str) -> bytes:
    """The page of the exporter beside us; raises Away when it does not answer."""
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310  from our file
            return bytes(answer.read(MOST_PAGE_BYTES))
    except (OSError, http.client.HTTPException) as fault:
        raise Away(f"the exporter at {url}: {getattr(fault, 'reason', '') or fault}") from None


def release(file: Path = Path(__file__), machine: ThisMachine | None = None) -> str:
    """Which one this program is of, by its folder; empty: it is updated in another way."""
    if not (machine or this_machine()).updates:
        return ""
    name = file.resolve().parents[2].name
    return name if RELEASE.fullmatch(name) else ""


def machine_name(configured: str) -> str:
    return configured or socket.gethostname().partition(".")[0]


def _addresses(url: str) -> Iterable[str]:
    """By which it goes out to us; no packet is sent for that."""
    home = urlsplit(url)
    try:
        found = socket.getaddrinfo(home.hostname, home.port or 443, type=socket.SOCK_DGRAM)
        family, kind, _, _, address = found[0]
        with socket.socket(family, kind) as out:
            out.connect(address)
            yield out.getsockname()[0]
    except (OSError, IndexError):
        return


def _host_key(path: Path) -> str:
    """Without the comment, which changes with the name of the machine."""
    try:
        return " ".join(path.read_text().split()[:2])
    except OSError:
        return ""
