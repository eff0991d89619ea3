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

address, port, login, host_key, key, before, user, script = sys.argv[1:]
way = Way(Hop(address, login, host_key, Key(Path(key).read_text()), int(port)))
runner = SshRunner(Pool(), way)
for _ in range(int(before)):
    runner.run(Order(("true",)))
order = Order(("sh", "-c", script), user=user)
# sudo has a word of its own on stderr, before it starts anything.
runner.run(order, lambda stream, _: stream == "stdout" and print("up", flush=True))
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
def control_process(
    way: Way, key: Path, script: str, before: int = 0, user: str = ""
) -> Iterator[subprocess.Popen[bytes]]:
    """Another process runs this script there; handed over when it has said something on stdout.

    `before`: how many orders have used its connection then; `user`: who it runs as.
    """
    to = way.machine
    words = [to.address, str(to.port), to.login, to.host_key, str(key), str(before), user, script]
    argv = [sys.executable, "-c", SCRIPT, *words]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout and process.stdout.readline() == b"up\n"
            yield process
        finally:
            process.kill()
