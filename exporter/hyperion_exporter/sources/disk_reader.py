"""Reads disks for an exporter that has no right to: one question a connection, from a fixed list.

systemd starts it for each connection to a socket that only the exporter may open
(hyperion-disk-reader.socket), with the connection as standard input and output.
"""

import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from hyperion_exporter.sources import smartctl
from hyperion_exporter.sources.program import Failed, Output, read_all, run
from hyperion_exporter.sources.smartctl import Ask, Refused

SOCKET = "run/hyperion-disk-reader.socket"
# The longest question has a name of a disk in it.
MOST_BYTES = 1024
# Shorter than the unit's RuntimeMaxSec=, longer than any exporter waits.
PATIENCE_SECONDS = 100.0
# Ends an answer, before the exit status.
MARK = b"\nexit "


def through(path: Path) -> Ask:
    """Asks at the socket."""
    return lambda question, seconds: _ask(path, question, seconds)


def _ask(path: Path, question: Sequence[str], seconds: float) -> Output:
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(os.fspath(path))
            connection.sendall(" ".join(question).encode() + b"\n")
            answer = read_all(connection.fileno(), seconds, "the disk reader")
        except OSError as fault:
            raise Failed(f"{path} does not answer: {fault.strerror}") from fault
        except Failed:
            # As long as smartctl is there, no second one is to be started.
            while connection.recv(1 << 16):
                pass
            raise
    text, mark, status = answer.rpartition(MARK)
    if not mark or not status.strip().isdigit():
        raise Failed("the disk reader broke off; its journal says why")
    return Output(int(status), text)


def main() -> int:
    line = sys.stdin.buffer.readline(MOST_BYTES)
    program = smartctl.find()
    try:
        if program is None:
            raise Failed("smartctl is not installed; install smartmontools")
        question = line.decode(errors="replace").split()
        answer = run([program, *smartctl.command(question)], PATIENCE_SECONDS)
    except (Refused, Failed) as fault:
        # Without a status at the end, the exporter knows that there is no answer.
        sys.stderr.write(f"{fault}\n")
        return 1
    sys.stdout.buffer.write(answer.text + MARK + b"%d\n" % answer.status)
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
