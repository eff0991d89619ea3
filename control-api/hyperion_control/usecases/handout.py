"""What machines install: one package of the exporter and the agent, and the script that gets it."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from hyperion_control.errors import Unavailable
from hyperion_control.settings import CHECKOUT

PACKAGE = "hyperion_exporter"
UNITS = (
    "hyperion-exporter.service",
    "hyperion-agent.service",
    "hyperion-update.service",
    "hyperion-update.path",
)
# The same files make the same package, whenever and wherever it is made.
WHEN = (2026, 1, 1, 0, 0, 0)


def script(name: str, public_url: str, exporter: Path = CHECKOUT / "exporter") -> str:
    """For whoever runs it: where we are, and what the package must be."""
    text = (exporter / name).read_text()
    return text.replace("@URL@", public_url).replace("@SHA256@", release(exporter))


@cache
def release(exporter: Path = CHECKOUT / "exporter") -> str:
    """The package's SHA-256, by which machines know it."""
    return hashlib.sha256(package(exporter)).hexdigest()


@cache
def package(exporter: Path = CHECKOUT / "exporter") -> bytes:
    """Pure Python: on Linux it needs no other package for what it does by default."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in _files(exporter):
            name = path.relative_to(exporter).as_posix()
            archive.writestr(zipfile.ZipInfo(name, WHEN), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _files(exporter: Path) -> Iterator[Path]:
    found = sorted((exporter / PACKAGE).rglob("*.py"))
    if not found:
        said = "this control API was installed without the exporter, so it cannot hand it out"
        raise Unavailable(said, code="no-package")
    yield from found
    yield from (exporter / unit for unit in UNITS)
