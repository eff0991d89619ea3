"""Gets what the tests need, so that the time of a test is not the time of a download."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from hyperion_control.up import packages
from lab import (
    blackbox,
    deploying,
    process_exporter,
    smartctl_exporter,
    systemd_exporter,
    victoria,
)
from lab.image import SUITES, image
from lab.programs import PROGRAMS, Missing, find, folder

# What cannot be unpacked beside the system, and the package that brings it; none starts a service.
INSTALLED = {
    "chromedriver": "chromium-driver",
    "chromium": "chromium",
    "curl": "curl",
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "openssl": "openssl",
    "ssh": "openssh-client",
    "systemd-nspawn": "systemd-container",
}
# Each in a folder of its own, as one version of it is enough.
PACKAGES = (
    blackbox.PACKAGE,
    process_exporter.PACKAGE,
    smartctl_exporter.PACKAGE,
    systemd_exporter.PACKAGE,
    victoria.PACKAGE,
    *deploying.PROGRAMS,
)


def main() -> int:
    left_out = [*install(), *identify(), *fetch()]
    for what in left_out:
        print(f"the tests go without {what}", file=sys.stderr)
    return 1 if left_out and os.environ.get("CI") == "true" else 0


def install() -> list[str]:
    """Install what is missing, and return what is still missing and why."""
    wanted = [package for name, package in INSTALLED.items() if not shutil.which(name)]
    if not wanted:
        return []
    names = ", ".join(wanted)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return [f"{names}: only root on Debian or Ubuntu can install them"]
    quiet = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    # One by one: a system that lacks one of them, as Ubuntu lacks the browser, gets the others.
    installs = [["install", "--yes", "--no-install-recommends", package] for package in wanted]
    return [
        f"{act[-1]}: apt-get {act[0]} says: {' '.join(done.stderr.split())}"
        for act in (["update"], *installs)
        if (done := _run([*quiet, *act])).returncode
    ]


def _run(argv: list[str]) -> subprocess.CompletedProcess[str]:
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    return subprocess.run(argv, env=quiet, capture_output=True, text=True)


def identify(file: Path = Path("/etc/machine-id")) -> list[str]:
    """A machine that never booted, such as a container, has no id, and systemd-nspawn needs one."""
    if os.geteuid() != 0 or (file.is_file() and file.read_text().strip()):
        return []
    done = subprocess.run(["systemd-machine-id-setup"], capture_output=True, text=True)
    return [f"the id of this machine: {done.stderr.strip()}"] if done.returncode else []


def fetch() -> list[str]:
    """Fetch every program in every version and make the images; return what could not be had."""
    left_out = []
    for name, (_, versions) in PROGRAMS.items():
        for version in versions:
            try:
                find(name, version)
            except Missing as error:
                left_out.append(str(error))
    for package in PACKAGES:
        try:
            packages.fetch([package], folder() / package, "sid")
        except packages.PackageError as error:
            left_out.append(str(error))
    for suite in SUITES:
        try:
            image(suite)
        except Missing as error:
            left_out.append(str(error))
    return left_out


if __name__ == "__main__":
    sys.exit(main())
