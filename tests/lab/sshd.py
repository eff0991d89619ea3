"""A real sshd on loopback, with keys made for the test."""

import getpass
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.programs import environment, program
from lab.servers import free_port, running

# Root's sshd wants a user of its own, a folder under /run and a root that is not locked. It gets
# them without a change of the system: in a view of /etc and /run that this program alone has.
EVERYWHERE = "0.0.0.0"  # noqa: S104  only for as long as a test runs
OWN_VIEW = (
    'mount -t overlay overlay -o "lowerdir=$0:/etc" /etc'
    ' && mount -t tmpfs -o mode=755 tmpfs /run && mkdir /run/sshd && exec "$@"'
)


@dataclass(frozen=True)
class Sshd:
    address: str
    port: int
    user: str
    key: Path  # the private key that it accepts
    known_hosts: Path

    def command(self, *argv: str) -> list[str]:
        """The ssh command line that runs a command there, asking nothing and trusting nobody."""
        return ssh_command(
            self.key, self.known_hosts, f"{self.user}@{self.address}", *argv, port=self.port
        )


def make_key(path: Path) -> str:
    """Make a key pair without a passphrase and return the public half."""
    argv = [
        str(program("ssh-keygen")),
        "-q",
        "-t",
        "ed25519",
        "-N",
        "",
        "-C",
        "test",
        "-f",
        str(path),
    ]
    subprocess.run(argv, check=True)
    return path.with_name(f"{path.name}.pub").read_text().strip()


def ssh_command(key: Path, known_hosts: Path, target: str, *argv: str, port: int = 22) -> list[str]:
    options = {
        "IdentitiesOnly": "yes",
        "BatchMode": "yes",
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": str(known_hosts),
        "GlobalKnownHostsFile": "/dev/null",
        "ConnectTimeout": "5",
        "LogLevel": "ERROR",
    }
    flags = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    ssh = str(program("ssh"))
    return [ssh, "-F", "/dev/null", "-i", str(key), "-p", str(port), *flags, target, "--", *argv]


@contextmanager
def sshd(version: str | None = None, *, many: bool = False, sessions: int = 10) -> Iterator[Sshd]:
    """Start an sshd that lets the user of this test run in with one key.

    `many`: it stands for many machines, at every address of loopback. `sessions`: how many it lets
    one connection have at once.
    """
    server, port = program("sshd", version), free_port()
    home = Path(tempfile.mkdtemp(prefix="hyperion-sshd-"))
    try:
        host_key = make_key(home / "host_key")
        (home / "authorized_keys").write_text(make_key(home / "key"))
        (home / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}\n")
        (home / "sshd_config").write_text(
            f"ListenAddress {EVERYWHERE if many else '127.0.0.1'}:{port}\nMaxStartups 1000\n"
            f"HostKey {home}/host_key\nPidFile none\n"
            f"AuthorizedKeysFile {home}/authorized_keys\nStrictModes no\nUsePAM no\n"
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
            f"MaxSessions {sessions}\nSubsystem sftp internal-sftp\n"
        )
        argv = [str(server), "-D", "-e", "-f", str(home / "sshd_config")]
        if os.geteuid() == 0:
            argv = ["unshare", "--mount", "sh", "-c", OWN_VIEW, str(_own_etc(home)), *argv]
        log = home / "log"
        with running(
            argv, log, lambda: "Server listening" in log.read_text(), env=environment(server)
        ):
            yield Sshd("127.0.0.1", port, getpass.getuser(), home / "key", home / "known_hosts")
    finally:
        shutil.rmtree(home)


def _own_etc(home: Path) -> Path:
    """The two files of /etc that root's sshd asks for its user, and for root's lock and shell."""
    etc = home / "etc"
    etc.mkdir()
    users = Path("/etc/passwd").read_text().splitlines()
    # Another shell would first read what root has it read here.
    users = [re.sub("^(root:.*:).*", r"\1/bin/sh", line) for line in users]
    if not any(line.startswith("sshd:") for line in users):
        users.append("sshd:x:64998:65534::/run/sshd:/usr/sbin/nologin")
    (etc / "passwd").write_text("\n".join(users) + "\n")
    (etc / "shadow").write_text("root:*:19000:0:99999:7:::\n")
    return etc
