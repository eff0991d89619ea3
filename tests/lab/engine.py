"""Docker's engine from Debian, in a world of its own: no mount, link or rule of it is elsewhere."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hyperion_control.up import packages
from lab import programs
from lab.deploying import deploying
from lab.servers import running
from lab.wait import wait_for

PACKAGES = (
    *("docker.io", "containerd", "runc", "tini", "iptables"),
    # Libraries of those that a small system lacks.
    *("libdevmapper1.02.1", "libip4tc2", "libip6tc2", "libmnl0", "libnetfilter-conntrack3"),
    *("libnfnetlink0", "libnftnl11", "libxtables12"),
)
# Its groups of processes, which the kernel keeps when nobody is left in them.
GROUP = "hyperion-lab"
OWN_WORLD = ("unshare", "--mount", "--net", "--pid", "--mount-proc", "--fork", "--kill-child")
# Machines are looked at through a mount that follows theirs, which only a shared one lets it.
BEGIN = 'mount --make-rprivate / && mount --make-rshared / && ip link set lo up && exec "$@"'


@dataclass(frozen=True)
class Engine:
    env: Mapping[str, str]
    process: int  # whose network is the machine's

    def docker(self, *argv: object, stdin: bytes | None = None) -> str:
        return self._done(["docker", *argv], stdin, 600)

    def compose(self, folder: Path, *argv: object, stdin: bytes | None = None) -> str:
        program = [deploying("docker-compose"), "--project-directory", folder]
        return self._done([*program, *argv], stdin, 600)

    def here(self, *argv: object, stdin: bytes | None = None) -> str:
        """Run beside the engine, where what it publishes is reached."""
        return self._done(["nsenter", "--net", f"--target={self.process}", *argv], stdin, 60)

    def _done(self, argv: list[object], stdin: bytes | None, seconds: float) -> str:
        words = [str(word) for word in argv]
        done = subprocess.run(
            words, env=self.env, input=stdin or b"", capture_output=True, timeout=seconds
        )
        said = done.stdout.decode(), done.stderr.decode()
        assert done.returncode == 0, f"{' '.join(words)}\n{said[0]}\n{said[1]}"
        return said[0]


@contextmanager
def engine() -> Iterator[Engine]:
    if os.geteuid() != 0:
        programs.missing("Docker's engine: only root can start it")
    root = _unpacked()
    # Short, for paths of sockets have 108 letters at most; on disk, for images are large.
    home = Path(tempfile.mkdtemp(prefix="engine-", dir=programs.folder()))
    env = _environment(root, home)
    daemon = ["dockerd", f"--data-root={home}/data", f"--exec-root={home}/exec"]
    daemon += [f"--pidfile={home}/pid", f"--host=unix://{home}/sock"]
    daemon += [f"--cgroup-parent=/{GROUP}", "--ip6tables=false"]
    argv = [*OWN_WORLD, "sh", "-c", BEGIN, "sh", *daemon]
    client = ["docker", "version"]
    try:
        with running(
            argv,
            home / "log",
            lambda: subprocess.run(client, env=env, capture_output=True).returncode == 0,
            env=env,
        ) as started:
            yield Engine(env, started.process.pid)
    finally:
        shutil.rmtree(home)
        # The kernel lets go of them a moment after the last process has ended.
        wait_for(_ungrouped, 10, "the kernel to forget the containers")


def _ungrouped() -> bool:
    for group in Path("/sys/fs/cgroup").glob(f"*/{GROUP}"):
        for inner in sorted(group.glob("**/"), reverse=True):
            inner.rmdir()
    return True


def _unpacked() -> Path:
    try:
        return packages.fetch(PACKAGES, programs.folder() / "engine", "bookworm")
    except packages.PackageError as error:
        programs.missing(str(error))


def _environment(root: Path, home: Path) -> dict[str, str]:
    """Debian links iptables when it is installed; here that is done beside it."""
    links = home / "bin"
    links.mkdir()
    for name in ("iptables", "ip6tables"):
        (links / name).symlink_to(root / f"usr/sbin/{name}-legacy")
    places = (links, root / "usr/bin", root / "usr/sbin", os.environ["PATH"])
    libraries = next((root / "usr/lib").glob("*-linux-gnu"))
    return {
        "PATH": os.pathsep.join(map(str, places)),
        "HOME": str(home),
        "LD_LIBRARY_PATH": str(libraries),
        "XTABLES_LIBDIR": str(libraries / "xtables"),
        "DOCKER_HOST": f"unix://{home}/sock",
        # The older builder is all that Debian's engine brings.
        "DOCKER_BUILDKIT": "0",
    }
