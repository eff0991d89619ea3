"""The load of the machine that this program runs on."""

from collections.abc import Iterator
from datetime import datetime

import psutil

from hyperion_control.domain.measures import Space, Traffic, Usage

# Of which the share is taken: since the last question would depend on who asked before.
CPU_SECONDS = 0.1


def cpu(now: datetime) -> Usage:
    return Usage(now, psutil.cpu_percent(CPU_SECONDS))


def memory(now: datetime) -> Usage:
    return Usage(now, psutil.virtual_memory().percent)


def network(now: datetime) -> list[Traffic]:
    counted = sorted(psutil.net_io_counters(pernic=True).items())
    return [Traffic(now, name, each.bytes_recv, each.bytes_sent) for name, each in counted]


def storage(now: datetime) -> list[Space]:
    return sorted(_spaces(now), key=lambda space: space.mount_point)


def _spaces(now: datetime) -> Iterator[Space]:
    """Of disks only: a network mount that hangs would keep this answer for ever."""
    for disk in psutil.disk_partitions(all=False):
        try:
            found = psutil.disk_usage(disk.mountpoint)
        except OSError:  # unmounted meanwhile, or not ours to look into
            continue
        yield Space(now, disk.mountpoint, found.total, found.used, found.free)
