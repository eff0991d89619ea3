"""The disks that machines of the fleet start from: small Debians, each made once and kept."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from hyperion_control.up import packages
from lab.programs import Missing, find, folder

SUITES = ("bookworm", "trixie")
INCLUDE = (
    "ca-certificates,curl,dbus,iproute2,nftables,openssh-server,procps,python3,sudo"
    ",systemd,systemd-sysv"
)
# Run in the new system: what is started at boot, and what must not be the same on two machines.
FINISH = """
systemctl enable systemd-networkd ssh
systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer
# It reads the command line of the kernel, and that is not this machine's.
systemctl mask systemd-network-generator
echo 'PermitRootLogin prohibit-password' >/etc/ssh/sshd_config.d/fleet.conf
rm -f /etc/ssh/ssh_host_* /etc/hostname /etc/machine-id /var/lib/dbus/machine-id
rm -f /var/cache/apt/*.bin
rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /usr/share/doc /usr/share/man
touch /etc/machine-id
"""


def image(suite: str) -> Path:
    """The folder of the image, made anew when its recipe has changed."""
    recipe = hashlib.sha256(f"{suite} {INCLUDE} {FINISH}".encode()).hexdigest()[:12]
    ready = folder() / f"image-{suite}-{recipe}"
    if os.geteuid() != 0:
        raise Missing("real machines: only root can boot them")
    find("systemd-nspawn")
    folder().mkdir(parents=True, exist_ok=True)
    with (folder() / ".image.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            _make(suite, ready)
    return ready


def _make(suite: str, ready: Path) -> None:
    partial = ready.with_name(".image.partial")
    shutil.rmtree(partial, ignore_errors=True)  # what a killed run left
    debootstrap = str(find("debootstrap"))
    flags = ["--variant=minbase", f"--include={INCLUDE}"]
    try:
        source = packages.own(packages.sources())[0]["uris"].split()[0]
        # What debootstrap mounts, it mounts where nobody else sees it: killed, it leaves no mount.
        _run(["unshare", "--mount", debootstrap, *flags, suite, str(partial), source])
        _run(["unshare", "--mount", "chroot", str(partial), "sh", "-ec", FINISH])
        partial.rename(ready)
    except packages.PackageError as error:
        raise Missing(f"an image of Debian: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _run(argv: list[str]) -> None:
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        last = " ".join(done.stdout.splitlines()[-3:])
        raise Missing(f"an image of Debian, which could not be made: {last}")
