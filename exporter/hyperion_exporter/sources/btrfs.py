"""What btrfs says of the devices of a mounted filesystem, and nowhere in /sys."""

import errno
import fcntl
import os
import struct
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

# linux/btrfs.h, by its three structures; the path in the second has 1024 bytes.
_FS = struct.Struct("=QQ16s992x")
_DEVICE = struct.Struct("=Q16sQQ3032x1024s")
_ERRORS = struct.Struct("=QQQ5Q968x")
ERRORS = ("write", "read", "flush", "corruption", "generation")

Ioctl = Callable[[int, int, bytearray], object]

_READ, _READ_WRITE = 2, 3
_BTRFS = 0x94


def _request(way: int, number: int, size: int) -> int:
    return way << 30 | size << 16 | _BTRFS << 8 | number


_GET_FS = _request(_READ, 31, _FS.size)
_GET_DEVICE = _request(_READ_WRITE, 30, _DEVICE.size)
_GET_ERRORS = _request(_READ_WRITE, 52, _ERRORS.size)


class Device(NamedTuple):
    path: str
    uuid: str
    used: int
    size: int
    errors: tuple[int, ...]


def ask(mount: Path, ioctl: Ioctl = fcntl.ioctl) -> tuple[str, list[Device]]:
    """The UUID of the filesystem and its devices."""
    # Not kept open: it could not be unmounted.
    fd = os.open(mount, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def answer(request: int, form: struct.Struct, *question: int) -> tuple[Any, ...]:
        buffer = bytearray(form.size)
        struct.pack_into(f"={len(question)}Q", buffer, 0, *question)
        ioctl(fd, request, buffer)
        return form.unpack(buffer)

    try:
        last, _, fsid = answer(_GET_FS, _FS)
        found = (_device(answer, number) for number in range(last + 1))
        return str(uuid.UUID(bytes=fsid)), [device for device in found if device]
    finally:
        os.close(fd)


def _device(answer: Callable[..., tuple[Any, ...]], number: int) -> Device | None:
    try:
        _, own, used, size, path = answer(_GET_DEVICE, _DEVICE, number)
    except OSError as fault:
        # Numbers of removed devices are not given again.
        if fault.errno == errno.ENODEV:
            return None
        raise
    errors = answer(_GET_ERRORS, _ERRORS, number, len(ERRORS))[3:]
    return Device(os.fsdecode(path.rstrip(b"\0")), str(uuid.UUID(bytes=own)), used, size, errors)
