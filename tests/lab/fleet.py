"""Real Debian machines, booted under systemd-nspawn on a bridge of their own."""

import ipaddress
import os
import shlex
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import pytest

from lab import cgroups, image, servers
from lab.programs import Missing, folder, missing
from lab.sshd import make_key, ssh_command
from lab.wait import wait_for

BOOT_SECONDS = 60.0  # three machines take two; a busy computer may take many times that
NETWORK = ipaddress.IPv4Network("10.213.0.0/16")  # each fleet has a /24 of it
PREFIX = "hyf"  # names of bridges and machines; with two numbers they fit into an interface's name
# The disk is laid over the image where only the machine sees it, so no mount outlives a machine;
# and the first process takes all others with it, which those of a killed systemd-nspawn survive.
OWN_VIEW = ["unshare", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child", "--"]
# Nothing can be laid over from a disk that is itself laid over, as in a container: then its place
# is memory.
LAY = """
lay() { mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$3/root"; }
in_memory() { mount -t tmpfs tmpfs "$1/memory" && cp -a "$1/upper" "$1/work" "$1/memory"; }
lay "$0" "$1" "$1" 2>/dev/null || { in_memory "$1" && lay "$0" "$1/memory" "$1"; } || exit
for place in $2; do echo 0 >"$place" || exit; done
shift 2
exec "$@"
"""
UP = ("running", "degraded")  # sshd lets nobody but root in before


@dataclass(frozen=True)
class Machine(servers.Program):
    name: str
    address: str
    key: Path
    known_hosts: Path

    def ssh(self, *argv: str, seconds: float = 30) -> subprocess.CompletedProcess[str]:
        """Run a command as root, each word as it is given; 255 says that ssh itself failed."""
        return subprocess.run(
            ssh_command(self.key, self.known_hosts, f"root@{self.address}", shlex.join(argv)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
        )

    def done(self, script: str, *words: str, seconds: float = 30) -> str:
        """What a shell's script says, every line of which must work."""
        said = self.ssh("sh", "-ec", script, "sh", *words, seconds=seconds)
        assert said.returncode == 0, said.stderr
        return said.stdout

    def put(self, path: str, content: bytes) -> None:
        words = ("install", "-D", "-m", "644", "/dev/stdin", path)
        login = ssh_command(self.key, self.known_hosts, f"root@{self.address}", *words)
        subprocess.run(login, input=content, check=True, timeout=60)

    def stop(self) -> None:
        """Shut down in order, as `poweroff` would."""
        servers.end(self.process, seconds=30)
        self._await_end()

    def kill(self) -> None:
        """Pull the plug."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._await_end()

    def unplug(self) -> None:
        """Take the cable out: the machine lives on and nobody reaches it."""
        _ip("link", "set", f"vb-{self.name}", "down")

    def plug(self) -> None:
        _ip("link", "set", f"vb-{self.name}", "up")

    def is_up(self) -> bool:
        if self.process.poll() is not None:
            pytest.fail(f"{self.name} has ended; its last lines:\n{self.last_lines()}")
        return self.ssh("systemctl", "is-system-running").stdout.strip() in UP

    def _await_end(self) -> None:
        # The kernel takes the link away when the machine's last process is gone.
        link = Path(f"/sys/class/net/vb-{self.name}")
        wait_for(lambda: not link.exists(), 30, f"the processes of {self.name} to end")
        wait_for(lambda: cgroups.remove(self.name), 30, f"the groups of {self.name} to go")


Fleet = Sequence[Machine]


@contextmanager
def fleet(size: int) -> Iterator[Fleet]:
    """Boot machines, of each Debian in turn, and hand them over when all have finished booting."""
    with ExitStack() as after:
        try:
            bases = [image.image(suite) for suite in image.SUITES]
            number = after.enter_context(_own_number())
        except Missing as error:
            missing(str(error))
        home = folder() / "fleet" / f"{PREFIX}{number}"
        after.callback(_clean, number)
        home.mkdir(parents=True)
        key = home / "key"
        make_key(key)
        network = list(NETWORK.subnets(new_prefix=24))[number]
        _ip("link", "add", f"{PREFIX}{number}", "type", "bridge")
        _ip("address", "add", f"{network[1]}/24", "dev", f"{PREFIX}{number}")
        _ip("link", "set", f"{PREFIX}{number}", "up")
        machines = []
        for index, base in enumerate(islice(cycle(bases), size), start=1):
            machine = _start(base, home, f"{PREFIX}{number}-{index}", str(network[index + 1]))
            after.callback(machine.kill)
            machines.append(machine)
        for machine in machines:
            wait_for(machine.is_up, BOOT_SECONDS, f"{machine.name} to boot")
        yield machines


def _start(base: Path, fleet_home: Path, name: str, address: str) -> Machine:
    home, key = fleet_home / name, fleet_home / "key"
    upper = home / "upper"
    for path in (
        home / "work",
        home / "root",
        home / "memory",
        upper / "etc/ssh",
        upper / "etc/systemd/network",
    ):
        path.mkdir(parents=True)
    (upper / "root/.ssh").mkdir(parents=True, mode=0o700)
    (upper / "root/.ssh/authorized_keys").write_text(key.with_suffix(".pub").read_text())
    known_hosts = fleet_home / "known_hosts"
    with known_hosts.open("a") as hosts:
        hosts.write(f"{address} {make_key(upper / 'etc/ssh/ssh_host_ed25519_key')}\n")
    # Sorts before nspawn's own 80-container-host0.network, which would ask for an address.
    (upper / "etc/systemd/network/10-fleet.network").write_text(
        f"[Match]\nName=host0\n[Network]\nAddress={address}/24\nLinkLocalAddressing=no\n"
    )
    nspawn = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit"]
    nspawn += [f"--directory={home / 'root'}", f"--machine={name}"]
    # A machine may look at its clock: the exporter does.
    nspawn += ["--system-call-filter=adjtimex clock_adjtime"]
    nspawn += [f"--network-bridge={name.partition('-')[0]}"]
    place = " ".join(map(str, cgroups.make(name)))
    log = home / "console.log"
    with log.open("wb") as console:
        process = subprocess.Popen(
            # Its life hangs on ours: should the tests be killed, it dies with them.
            [
                "setpriv",
                "--pdeathsig",
                "KILL",
                *OWN_VIEW,
                "sh",
                "-c",
                LAY,
                base,
                home,
                place,
                *nspawn,
            ],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Machine(process, log, name, address, key, known_hosts)


@contextmanager
def _own_number() -> Iterator[int]:
    """A number that no living fleet has; what dead ones left is cleaned on the way."""
    with ExitStack() as held:
        mine: int | None = None
        for number in range(256):
            claim = held.enter_context(socket.socket(socket.AF_UNIX))
            try:
                # A name without a file: the kernel gives it back when its owner dies, however.
                claim.bind(f"\0hyperion-{PREFIX}{number}")
            except OSError:
                continue
            _clean(number)
            if mine is None and not _in_use(number):
                mine = number
            else:
                claim.close()
        if mine is None:
            raise Missing(f"a free network within {NETWORK}")
        yield mine


def _in_use(number: int) -> bool:
    network = list(NETWORK.subnets(new_prefix=24))[number]
    known = _ip("-4", "-oneline", "address").split() + _ip("-4", "route").split()
    taken = [ipaddress.ip_network(word, strict=False) for word in known if "/" in word]
    return any(network.overlaps(other) for other in taken)


def _clean(number: int) -> None:
    """Remove the bridge and the disks of a fleet whose owner is gone, and so its machines."""
    links = Path("/sys/class/net")
    machines = f"vb-{PREFIX}{number}-*"
    wait_for(lambda: not list(links.glob(machines)), 30, f"machines of fleet {number} to end")
    wait_for(lambda: cgroups.remove(f"{PREFIX}{number}-*"), 30, "their groups to go")
    if (links / f"{PREFIX}{number}").exists():
        _ip("link", "delete", f"{PREFIX}{number}")
    home = folder() / "fleet" / f"{PREFIX}{number}"
    if home.exists():
        shutil.rmtree(home)


def _ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout
