"""What the agent tells of its machine: how it is, and the page of its exporter."""

import gzip
import http.client
import platform
import re
import socket
import time
import urllib.request
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hyperion_exporter import __version__
from hyperion_exporter.agent.home import Away

HOST_KEY = Path("/etc/ssh/ssh_host_ed25519_key.pub")
SECONDS = 10.0
MOST_PAGE_BYTES = 16 * 1024 * 1024
RELEASE = re.compile("[0-9a-f]{64}")  # the SHA-256 of the package of install.sh


def beat(run: str, url: str) -> dict[str, Any]:
    return {
        "run": run,
        "at": datetime.now(UTC).isoformat(),
        "hostname": socket.gethostname()[:253],
        "addresses": list(_addresses(url)),
        "uptime_seconds": time.clock_gettime(time.CLOCK_BOOTTIME),
        "versions": {
            "agent": __version__,
            "python": platform.python_version(),
            "system": platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")[:100],
            "release": release(),
        },
        "host_key": _host_key(),
    }


def page(url: str) -> bytes:
    """Of the exporter beside us, packed; raises Away when it does not answer."""
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310  from our file
            text = answer.read(MOST_PAGE_BYTES)
    except (OSError, http.client.HTTPException) as fault:
        raise Away(f"the exporter at {url}: {getattr(fault, 'reason', '') or fault}") from None
    return gzip.compress(text, 3)


def release(file: Path = Path(__file__)) -> str:
    """Which one this program is of, by its folder; empty: it was installed in another way."""
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


def _host_key(path: Path = HOST_KEY) -> str:
    """Without the comment, which changes with the name of the machine."""
    try:
        return " ".join(path.read_text().split()[:2])
    except OSError:
        return ""
