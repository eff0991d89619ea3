"""A real journald, in a view of the system of its own: nothing of it is seen outside, or stays."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from lab.programs import missing
from lab.servers import Program, running
from lab.wait import wait_for

JOURNALD = Path("/lib/systemd/systemd-journald")
CONFIG = """[Journal]
Storage=volatile
RuntimeMaxUse=400M
RateLimitIntervalSec=0
Audit=no
ForwardToSyslog=no
ForwardToWall=no
"""
# What it takes for the kernel's log is a pipe; it must not be the first to open it.
START = """
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/systemd/journald.conf.d /run/log/journal
printf %s "$1" >/run/systemd/journald.conf.d/lab.conf
mkfifo /run/kmsg
mount --bind /run/kmsg /dev/kmsg
exec 9<>/run/kmsg
exec "$0"
"""


@dataclass(frozen=True)
class Journald(Program):
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def root(self) -> Path:
        """Below it is the system as journald sees it."""
        return Path(f"/proc/{self.process.pid}/root")

    def write(self, message: str | bytes, program: str = "lab", level: int = 6) -> None:
        text = message.encode() if isinstance(message, str) else message
        self.entry(SYSLOG_IDENTIFIER=program.encode(), PRIORITY=b"%d" % level, MESSAGE=text)

    def entry(self, **fields: bytes) -> None:
        """In journald's own protocol, which takes any bytes."""
        sized = (
            name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"
            for name, value in fields.items()
        )
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.connect(str(self.root / "run/systemd/journal/socket"))
            client.send(b"".join(sized))

    def kernel(self, message: str, level: int = 3) -> None:
        """As if the kernel said so."""
        record = f"{level},{next(self._numbers)},{1000000},-;{message}\n"
        pipe = os.open(self.root / "run/kmsg", os.O_WRONLY)
        os.write(pipe, record.encode())
        os.close(pipe)

    def rotate(self) -> None:
        self.process.send_signal(signal.SIGUSR2)


@contextmanager
def journald(folder: Path) -> Iterator[Journald]:
    if os.geteuid() != 0:
        missing("root, for a journald of its own")
    if not JOURNALD.exists():
        missing(f"{JOURNALD}")
    argv = ["unshare", "--mount", "--net", "sh", "-ec", START, JOURNALD, CONFIG]
    log = folder / "journald.log"
    with running(argv, log) as started:
        system = Journald(started.process, started.log)
        wait_for(lambda: (system.root / "run/systemd/journal/socket").exists(), 10, "journald")
        system.write("the first line")
        look = ["journalctl", "--quiet", f"--root={system.root}", "--identifier=lab"]
        wait_for(lambda: subprocess.run(look, capture_output=True).stdout, 10, "the journal")
        yield system
