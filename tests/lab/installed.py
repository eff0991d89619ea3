"""The exporter as docs/exporter.md installs it, on a machine of the fleet."""

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.fleet import Machine
from lab.house import ROOT
from lab.wait import wait_for

UNIT = "hyperion-exporter.service"
FLAGS = "/etc/default/hyperion-exporter"
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
systemctl start "$1"
"""
REMOVE = """
systemctl stop "$1"
userdel hyperion-exporter
rm -r /opt/hyperion /root/*.whl /etc/systemd/system/hyperion-*
rm -rf /etc/default/hyperion-exporter /var/lib/hyperion-exporter
systemctl daemon-reload
"""


@contextmanager
def installed(machine: Machine, folder: Path, *units: str) -> Iterator[None]:
    """The first of the units runs there; the folder is for what is built on the way."""
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*build, "--directory", folder], cwd=ROOT, check=True, capture_output=True)
    wheel = next(folder.glob("*.whl"))
    machine.put(f"/root/{wheel.name}", wheel.read_bytes())
    for unit in units:
        machine.put(f"/etc/systemd/system/{unit}", (ROOT / "exporter" / unit).read_bytes())
    try:
        machine.done(INSTALL, units[0])
        yield
    finally:
        machine.done(REMOVE, units[0])


@contextmanager
def exporting(machine: Machine, folder: Path, flags: str = "") -> Iterator[None]:
    """The exporter answers there."""
    machine.put(FLAGS, f'ARGS="{flags}"\n'.encode())
    with installed(machine, folder, UNIT):
        wait_for(lambda: page(machine), 20, "the exporter to answer")
        yield


def page(machine: Machine, query: str = "") -> str:
    url = f"http://{machine.address}:9100/metrics{query}"
    with urllib.request.urlopen(url, timeout=10) as response:
        return str(response.read().decode())
