"""Mounts filesystems that never answer, as those of a dead server do, and runs a program beside.

One that does answer, FOLDER/alive, is mounted too.

`unshare --mount --pid --fork python hung_mounts.py COUNT FOLDER PROGRAM...`: in a view of its own
it harms nobody, and all is gone when it ends.
"""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path


def mount(folder: Path) -> int:
    """Nobody reads what the kernel asks over the descriptor; closing it ends the mount."""
    folder.mkdir()
    device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"dead:/export", os.fsencode(folder), b"fuse", 0, options):
        raise OSError(ctypes.get_errno(), f"cannot mount {folder}")
    return device


def main(count: str, folder: str, *program: str) -> int:
    alive = Path(folder, "alive")
    alive.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", alive], check=True)
    for number in range(int(count)):
        mount(Path(folder, f"hung{number}"))
    # What ends this process group ends the program; its status is the answer.
    signal.signal(signal.SIGTERM, lambda *_: None)
    return subprocess.run(program).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
