"""Ways to the lab's machines, and a control process of its own that can be killed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hyperion_control.runners.line import Hop, Key, Way
from lab.fleet import Machine
from lab.sshd import Sshd

SCRIPT = """
import sys
from pathlib import Path
from hyperion_control.domain.orders import Order
from hyperion_control.runners.line import Hop, Key, Way
from hyperion_control.runners.pool import Pool
from hyperion_control.runners.ssh import SshRunner

address, port, login, host_key, key, script = sys.argv[1:]
way = Way(Hop(address, login, host_key, Key(Path(key).read_text()), int(port)))
SshRunner(Pool(), way).run(Order(("sh", "-c", script)), lambda *_: print("up", flush=True))
"""


def to_sshd(server: Sshd) -> Hop:
    key = Key(server.key.read_text())
    return Hop(server.address, server.user, _pinned(server.known_hosts), key, server.port)


def to_machine(machine: Machine) -> Hop:
    key = Key(machine.key.read_text())
    return Hop(machine.address, "root", _pinned(machine.known_hosts, machine.address), key)


def _pinned(known_hosts: Path, address: str = "") -> str:
    lines = (line.split() for line in known_hosts.read_text().splitlines())
    return next(f"{kind} {key}" for name, kind, key, *_ in lines if address in ("", name))


@contextmanager
def control_process(way: Way, key: Path, script: str) -> Iterator[subprocess.Popen[bytes]]:
    """Another process runs this script there; handed over when the script has said something."""
    to = way.machine
    words = [to.address, str(to.port), to.login, to.host_key, str(key), script]
    argv = [sys.executable, "-c", SCRIPT, *words]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout and process.stdout.readline() == b"up\n"
            yield process
        finally:
            process.kill()
