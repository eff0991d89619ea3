"""The questions that btrfs is asked of a mount, and what is made of the answers."""

import errno
import os
import struct
from pathlib import Path

import pytest

from hyperion_exporter.sources.btrfs import Device, ask

# The numbers of the requests, from linux/btrfs.h by way of a C compiler.
FS_INFO, DEV_INFO, GET_DEV_STATS = 0x8400941F, 0xD000941E, 0xC4089434
FSID = bytes(range(16))
OWN = bytes(range(16, 32))


def kernel(fd: int, request: int, buffer: bytearray) -> None:
    """A filesystem of which the first device was removed."""
    os.fstat(fd)
    (number,) = struct.unpack_from("=Q", buffer)
    if request == FS_INFO:
        struct.pack_into("=QQ16s", buffer, 0, 2, 1, FSID)
    elif number != 2:
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
    elif request == DEV_INFO:
        struct.pack_into("=Q16sQQ", buffer, 0, 2, OWN, 700, 1000)
        struct.pack_into("9s", buffer, 3072, b"/dev/sdb\0")
    else:
        assert (request, len(buffer)) == (GET_DEV_STATS, 1032)
        assert struct.unpack_from("=QQQ", buffer) == (2, 5, 0), "asked for five, resets nothing"
        struct.pack_into("=5Q", buffer, 24, 1, 2, 3, 4, 5)


def test_a_mount_says_which_devices_it_is_on(tmp_path: Path) -> None:
    assert ask(tmp_path, kernel) == (
        "00010203-0405-0607-0809-0a0b0c0d0e0f",
        [Device("/dev/sdb", "10111213-1415-1617-1819-1a1b1c1d1e1f", 700, 1000, (1, 2, 3, 4, 5))],
    )


def test_what_may_not_be_asked_is_said(tmp_path: Path) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(errno.EPERM, "no")

    with pytest.raises(PermissionError):
        ask(tmp_path, forbidden)


def test_what_is_no_btrfs_is_refused_and_not_held_open(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")  # noqa: PTH208 - no reason to build paths
    with pytest.raises(OSError, match="Inappropriate ioctl"):
        ask(tmp_path)
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208
