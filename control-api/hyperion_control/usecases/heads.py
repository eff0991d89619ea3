"""The head of the audit's chain, told to a second place that who changes the database misses."""

import json
import os
import socket
from pathlib import Path

from hyperion_control.domain.chain import Broken
from hyperion_control.settings import Settings
from hyperion_control.store import records
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.workers import Worker
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import moment

SYSLOG = "syslog://"
# Facility "log audit", severity "informational".
PRIORITY = 13 * 8 + 6


def tell(parts: Parts, _worker: Worker) -> None:
    """A chore."""
    with parts.database.reading(EVERY_ORGANISATION) as connection:
        head = records.head(connection)
    line = json.dumps({"at": moment(parts.clock()), "seq": head.seq, "hash": head.hash})
    place = parts.settings.audit_heads
    if place.startswith(SYSLOG):
        _send(place.removeprefix(SYSLOG), line)
    else:
        _append(Path(place), line)


def file(settings: Settings) -> Path | None:
    """Where the heads can be read again, if they can."""
    return None if settings.audit_heads.startswith(SYSLOG) else Path(settings.audit_heads)


def told(path: Path) -> dict[int, str]:
    """The hash of each record that was head when it was told."""
    if not path.exists():
        return {}
    found = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            head = json.loads(line)
            found[int(head["seq"])] = str(head["hash"])
        except (ValueError, KeyError, TypeError):
            raise Broken(f"line {number} of {path} is no head of a chain") from None
    return found


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _send(path: str, line: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.connect(path)
        log.send(f"<{PRIORITY}>hyperion-control: audit head {line}".encode())
