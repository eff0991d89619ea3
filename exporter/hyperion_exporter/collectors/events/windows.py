"""How events of Windows are counted: of what class is a number of a provider, by this table."""

from collections.abc import Iterable
from typing import NamedTuple

from hyperion_exporter.collectors.events.classes import LEVELS, OTHER
from hyperion_exporter.collectors.events.tally import Scheme
from hyperion_exporter.sources.event_log import Event
from hyperion_exporter.sources.wevtutil import CHANNELS


class Row(NamedTuple):
    """The numbers that providers give to events of a class, and the level at which they do."""

    name: str
    # Any program may write into Application, under any provider's name.
    source: str
    providers: tuple[str, ...]
    level: str
    numbers: Iterable[int]


DISK = ("disk",)
# The ports below it: those of Windows, of virtual disks, and of Intel's and LSI's RAID.
PORTS = (
    "storahci", "stornvme", "vhdmp", "iaStorA", "iaStorAC", "iaStorAVC", "iaStorVD",
    "LSI_SAS", "megasas",
)  # fmt: skip
# Both are the same: the older events are of the one, the newer ones of the other.
NTFS = ("Ntfs", "Microsoft-Windows-Ntfs")
REFS = ("ReFS", "Microsoft-Windows-ReFS")
WHEA = ("Microsoft-Windows-WHEA-Logger",)
POWER = ("Microsoft-Windows-Kernel-Power",)
EXHAUSTION = ("Microsoft-Windows-Resource-Exhaustion-Detector",)
SERVICES = ("Service Control Manager",)
TIME = ("Microsoft-Windows-Time-Service",)
# Intel's drivers; each maker numbers in his own way.
ETHERNET = ("e1cexpress", "e1dexpress", "e1iexpress", "e1rexpress", "e2fexpress")
BUG_CHECK = ("Microsoft-Windows-WER-SystemErrorReporting",)
AUDIT = ("Microsoft-Windows-Security-Auditing",)

# Of events that say the same of one thing, the one that always comes is here: a service that did
# not connect (7009) has failed to start (7000), and what ended without warning (Kernel-Power 41)
# has an event of its own where the reason is known.
ROWS = (
    # Windows kills nothing for want of memory: it says that there is none.
    Row("oom_kill", "system", EXHAUSTION, "warning", (2004,)),
    # A bad block, a failure of the hardware; a failure while paging.
    Row("io_error", "system", DISK, "err", (7, 154)),
    Row("io_error", "system", DISK, "warning", (51,)),
    # No answer, an error of the controller, not ready; foretold, tried again, pulled out.
    Row("disk", "system", DISK, "err", (9, 11, 15)),
    Row("disk", "system", DISK, "warning", (52, 153, 157)),
    # An error of the controller, no answer; reset.
    Row("disk", "system", PORTS, "err", (9, 11)),
    Row("disk", "system", PORTS, "warning", (129,)),
    # Corrupt, beyond repair, no transactions; a write that was lost, a check that is due.
    Row("filesystem_error", "system", NTFS, "err", (55, 131, 132, 137)),
    Row("filesystem_error", "system", NTFS, "warning", (50, 57, 98, 140)),
    Row("filesystem_error", "system", REFS, "err", (131, 133, 134, 137, 140, 143)),
    Row("filesystem_error", "system", REFS, "warning", (132,)),
    # All that it warns of are errors of hardware, corrected ones too.
    Row("hardware_error", "system", WHEA, "err", range(1, 100)),
    Row("hardware_error", "system", WHEA, "warning", range(1, 100)),
    # Shut down, or put to sleep, because of heat.
    Row("thermal", "system", POWER, "crit", (86, 88)),
    # A program; Windows itself.
    Row("segfault", "application", ("Application Error",), "err", (1000,)),
    Row("segfault", "system", BUG_CHECK, "err", (1001,)),
    Row("link_down", "system", ETHERNET, "warning", (27,)),
    Row("link_up", "system", ETHERNET, "info", (32, 33)),
    # Of the machine itself; a controller of a domain has other numbers for other machines.
    Row("authentication_failure", "security", AUDIT, "notice", (4625,)),
    # Not started, hung at it, ended with an error of Windows or its own, crashed.
    Row("unit_failure", "system", SERVICES, "err", (7000, 7022, 7023, 7024, 7031, 7034)),
    # Too far away to be set, not kept; set.
    Row("time_jump", "system", TIME, "err", (34,)),
    Row("time_jump", "system", TIME, "warning", (50, 52)),
)

_WARNING = LEVELS.index("warning")
_BY_NUMBER = {
    (row.source, provider.lower().encode(), str(number).encode()): row
    for row in ROWS
    for provider in row.providers
    for number in row.numbers
}


def of(event: Event) -> str:
    row = _BY_NUMBER.get((event.source, event.program.lower(), event.message))
    # Ntfs tells with the same number that a disk is well and that it is not.
    if row is None or event.level > _WARNING >= LEVELS.index(row.level):
        return OTHER
    return row.name


SOURCES = tuple(channel.lower() for channel in CHANNELS)
WINDOWS = Scheme(
    SOURCES,
    (
        *((source, level, OTHER) for source in SOURCES for level in LEVELS),
        *dict.fromkeys((row.source, row.level, row.name) for row in ROWS),
    ),
    of,
)
