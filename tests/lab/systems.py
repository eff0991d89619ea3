"""Windows and macOS as psutil shows them: the fields it has there, with numbers of our own.

As a program it is the exporter on such a system: `python -m lab.systems win32 FLAGS...`
"""

import os
import platform
import signal
import sys
from collections import namedtuple
from collections.abc import Callable
from contextlib import nullcontext
from fcntl import LOCK_EX, LOCK_NB, flock
from types import SimpleNamespace
from typing import Any

MIB = 2**20

# The same on every system (psutil's documentation, version 7).
Swap = namedtuple("Swap", "total used free percent sin sout")
Usage = namedtuple("Usage", "total used free percent")
DiskIo = namedtuple("DiskIo", "read_count write_count read_bytes write_bytes read_time write_time")
Partition = namedtuple("Partition", "device mountpoint fstype opts")
NetIo = namedtuple(
    "NetIo", "bytes_sent bytes_recv packets_sent packets_recv errin errout dropin dropout"
)
Service = namedtuple("Service", "name start_type status")
Battery = namedtuple("Battery", "percent secsleft power_plugged")
ProcessTimes = namedtuple("ProcessTimes", "user system children_user children_system")
ProcessMemory = namedtuple("ProcessMemory", "rss vms")
Sensor = namedtuple("Sensor", "label current high critical")
# Each system's own.
WindowsTimes = namedtuple("WindowsTimes", "user system idle interrupt dpc")
WindowsMemory = namedtuple("WindowsMemory", "total available percent used free")
MacTimes = namedtuple("MacTimes", "user nice system idle")
MacMemory = namedtuple("MacMemory", "total available percent used free active inactive wired")

# What Python does not have on Windows, and what of it macOS has neither.
WINDOWS_LACKS = {
    "modules": "fcntl grp pwd resource termios syslog",
    "os": "O_CLOEXEC O_DIRECTORY getloadavg geteuid getuid pread preadv statvfs statvfs_result"
    " sysconf uname uname_result",
    "signal": "SIGHUP SIGUSR1 pthread_sigmask",
}
MACOS_LACKS = {"modules": "", "os": "", "signal": ""}


class Process:
    """The exporter itself; open files are counted under another name on Windows."""

    def __init__(self) -> None:
        self.oneshot = nullcontext

    def cpu_times(self) -> ProcessTimes:
        return ProcessTimes(1.5, 0.5, 0.0, 0.0)

    def memory_info(self) -> ProcessMemory:
        return ProcessMemory(20 * MIB, 400 * MIB)

    def create_time(self) -> float:
        return 1_700_000_000.25


class WindowsProcess(Process):
    def num_handles(self) -> int:
        return 211


class MacProcess(Process):
    def num_fds(self) -> int:
        return 12


class PsutilError(Exception):
    """What psutil raises of a service that is gone, or that is not for us to ask."""


def service(name: str, start_type: str, status: str) -> Service:
    return Service(lambda: name, lambda: start_type, lambda: status)


def windows(**other: Any) -> Any:
    usage = {"C:\\": Usage(1000, 600, 400, 60.0), "D:\\": Usage(50, 50, 0, 100.0)}
    fake = {
        "boot_time": lambda: 1_690_000_000.0,
        "cpu_times": _per_cpu([WindowsTimes(10.0, 8.0, 100.0, 1.0, 2.0)] * 2),
        "disk_io_counters": _per_disk({"PhysicalDrive0": DiskIo(7, 5, 700, 500, 3, 2)}),
        "disk_partitions": _local(
            [
                Partition("C:\\", "C:\\", "NTFS", "rw,fixed"),
                Partition("D:\\", "D:\\", "CDFS", "ro,cdrom"),
                Partition("E:\\", "E:\\", "", "cdrom"),
            ]
        ),
        "disk_usage": lambda path: usage[path],
        "getloadavg": lambda: (0.5, 0.25, 0.125),
        "net_io_counters": _per_nic({"Ethernet 2": NetIo(20, 10, 2, 1, 3, 4, 5, 6)}),
        "sensors_battery": lambda: Battery(80, 7200, False),
        "swap_memory": lambda: Swap(64 * MIB, 16 * MIB, 48 * MIB, 25.0, 0, 0),
        "virtual_memory": lambda: WindowsMemory(1024 * MIB, 256 * MIB, 75.0, 768 * MIB, 256 * MIB),
        "win_service_iter": lambda: iter(
            [
                service("Spooler", "automatic", "running"),
                service("Shop", "automatic", "stopped"),
                service("Fax", "manual", "stopped"),
                service("CDPUserSvc_3c1f8", "automatic", "running"),
            ]
        ),
        "Error": PsutilError,
        "Process": WindowsProcess,
    }
    return SimpleNamespace(**(fake | other))


def macos(**other: Any) -> Any:
    fake = {
        "boot_time": lambda: 1_690_000_000.0,
        "cpu_times": _per_cpu([MacTimes(10.0, 0.0, 8.0, 100.0)] * 2),
        "disk_io_counters": _per_disk({"disk0": DiskIo(7, 5, 700, 500, 3000, 2000)}),
        "disk_partitions": _local(
            [
                Partition("/dev/disk3s1s1", "/", "apfs", "ro,local,rootfs,dovolfs"),
                Partition(
                    "/dev/disk3s5", "/System/Volumes/Data", "apfs", "rw,local,dovolfs,protect"
                ),
            ]
        ),
        "disk_usage": lambda _: Usage(1000, 100, 400, 20.0),
        "getloadavg": lambda: (2.5, 2.25, 2.125),
        "net_io_counters": _per_nic({"en0": NetIo(20, 10, 2, 1, 3, 4, 5, 0)}),
        "sensors_battery": lambda: Battery(80, -2, True),
        "swap_memory": lambda: Swap(64 * MIB, 16 * MIB, 48 * MIB, 25.0, 8 * MIB, 4 * MIB),
        "virtual_memory": lambda: MacMemory(
            1024 * MIB, 256 * MIB, 75.0, 512 * MIB, 32 * MIB, 224 * MIB, 200 * MIB, 288 * MIB
        ),
        "Process": MacProcess,
    }
    return SimpleNamespace(**(fake | other))


def _per_cpu(times: list[Any]) -> Callable[..., Any]:
    def cpu_times(*, percpu: bool) -> list[Any]:
        assert percpu
        return times

    return cpu_times


def _per_disk(counts: dict[str, DiskIo]) -> Callable[..., Any]:
    def disk_io_counters(*, perdisk: bool, nowrap: bool) -> dict[str, DiskIo]:
        assert perdisk and not nowrap
        return counts

    return disk_io_counters


def _per_nic(counts: dict[str, NetIo]) -> Callable[..., Any]:
    def net_io_counters(*, pernic: bool, nowrap: bool) -> dict[str, NetIo]:
        assert pernic and not nowrap
        return counts

    return net_io_counters


def locking(fd: int, mode: int, size: int) -> None:
    """Of msvcrt: the other one who has it is told by another error there."""
    assert (mode, size) == (2, 1)
    try:
        flock(fd, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        raise PermissionError(13, "Permission denied") from None


def _local(partitions: list[Partition]) -> Callable[..., Any]:
    def disk_partitions(*, all: bool) -> list[Partition]:
        assert not all
        return partitions

    return disk_partitions


def become(system: str) -> None:
    """Take from this Python what it lacks there; the standard library is loaded before."""
    import selectors  # noqa: F401
    import socketserver  # noqa: F401
    import ssl  # noqa: F401
    import subprocess  # noqa: F401

    platform.uname()  # it keeps its answer
    lacks = WINDOWS_LACKS if system == "win32" else MACOS_LACKS
    sys.modules |= dict.fromkeys(lacks["modules"].split())  # type: ignore[arg-type]
    for module in (os, signal):
        for name in lacks[module.__name__].split():
            delattr(module, name)
    sys.modules["psutil"] = windows() if system == "win32" else macos()
    if system == "win32":
        sys.modules["msvcrt"] = SimpleNamespace(LK_NBLCK=2, locking=locking)  # type: ignore[assignment]
    sys.platform = system


if __name__ == "__main__":
    become(sys.argv[1])
    from hyperion_exporter.cli import main

    sys.exit(main(sys.argv[2:]))
