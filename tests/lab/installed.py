"""The exporter as docs/exporter.md installs it, on a machine of the fleet."""

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.fleet import Machine
from lab.house import ROOT
from lab.sshd import ssh_command
from lab.wait import wait_for

UNIT = "hyperion-exporter.service"
# Without a network: the wheel has nothing to build, and on Linux it needs no other package for what
# it serves by default.
INSTALL = """
useradd --system --no-create-home --shell /usr/sbin/nologin hyperion-exporter
python3 -m venv --without-pip /opt/hyperion
cd /opt/hyperion
bin/python -m zipfile -e /root/*.whl lib/python3*/site-packages
echo '#!/opt/hyperion/bin/python
import sys
from hyperion_exporter.cli import main
sys.exit(main())' >bin/hyperion-exporter
chmod +x bin/hyperion-exporter
systemctl daemon-reload
systemctl start hyperion-exporter
"""
REMOVE = """
systemctl stop hyperion-exporter
userdel hyperion-exporter
rm -r /opt/hyperion /root/*.whl /etc/systemd/system/hyperion-exporter.service
rm -rf /var/lib/hyperion-exporter
systemctl daemon-reload
"""


@dataclass(frozen=True)
class Installed:
    machine: Machine

    def done(self, script: str) -> str:
        said = self.machine.ssh("sh", "-ec", script)
        assert said.returncode == 0, said.stderr
        return said.stdout

    def page(self) -> str:
        url = f"http://{self.machine.address}:9100/metrics"
        with urllib.request.urlopen(url, timeout=10) as response:
            return str(response.read().decode())

    def put(self, file: Path, folder: str) -> None:
        words = ("dd", f"of={folder}/{file.name}", "status=none")
        machine = self.machine
        login = ssh_command(machine.key, machine.known_hosts, f"root@{machine.address}", *words)
        with file.open("rb") as content:
            subprocess.run(login, stdin=content, check=True, timeout=60)


@contextmanager
def installed(machine: Machine, folder: Path) -> Iterator[Installed]:
    """The unit runs there; the folder is for what is built on the way."""
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*build, "--directory", folder], cwd=ROOT, check=True, capture_output=True)
    there = Installed(machine)
    there.put(next(folder.glob("*.whl")), "/root/")
    there.put(ROOT / "exporter" / UNIT, "/etc/systemd/system/")
    try:
        there.done(INSTALL)
        wait_for(there.page, 20, "the exporter to answer")
        yield there
    finally:
        there.done(REMOVE)
