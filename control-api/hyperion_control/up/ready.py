"""Waiting until each program answers, or is known to fail."""

import time
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from hyperion_control.up.plan import Program
from hyperion_control.up.process import rest
from hyperion_control.up.supervisor import Supervisor

# The first start after a crash replays what Prometheus had not written out yet.
PATIENCE_SECONDS = 60.0
# A program that fails once may have met a passing trouble; one that fails again tells.
FAILURES = 2


def wait_until_ready(
    supervisor: Supervisor, programs: Sequence[Program], seconds: float = PATIENCE_SECONDS
) -> dict[str, str]:
    """The state of each program, by name: ready, failing or starting."""
    states = {program.name: "starting" for program in programs}
    deadline = time.monotonic() + seconds
    while "starting" in states.values() and time.monotonic() < deadline:
        supervisor.tick()
        for program in programs:
            if states[program.name] == "starting":
                states[program.name] = _state(supervisor, program)
        rest(0.1)
    return states


def _state(supervisor: Supervisor, program: Program) -> str:
    if answers(program.health):
        return "ready"
    return "failing" if supervisor.failures(program.name) >= FAILURES else "starting"


def answers(url: str) -> bool:
    """Asks directly: what the environment says of proxies is not meant for loopback."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=2)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
