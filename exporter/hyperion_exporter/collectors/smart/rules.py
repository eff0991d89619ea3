"""The rules that a verdict is made by, and where each number comes from.

Rates are failures in a disk-year, as Backblaze and Scrutiny published them for rotating disks; at
a count of 0 they are 2 to 3 %. Watch: Backblaze looks into any count above 0. Warn: from 20 % on.
Fail: from 50 % on, or the disk itself says so.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple


class Level(IntEnum):
    OK = 0
    WATCH = 1
    WARN = 2
    FAIL = 3


# From which number on it is how grave, rising.
Steps = tuple[tuple[float, Level], ...]
WORD = 0xFFFF
WATCH, WARN, FAIL = Level.WATCH, Level.WARN, Level.FAIL


def whole(raw: int) -> int:
    return raw


def lowest_word(raw: int) -> int:
    return raw & WORD


def largest_word(raw: int) -> int:
    return max(raw >> shift & WORD for shift in (0, 16, 32))


class Attribute(NamedTuple):
    """A SATA disk's counter by its number.

    Of solid state disks there are no such rates, and their makers use the numbers for other things
    too: there each finding is a step less grave.
    """

    id: int
    reason: str
    steps: Steps
    # A raw value has 48 bits; not all makers keep one number in them.
    count: Callable[[int], int] = whole


ATTRIBUTES = (
    # 2 to 4: 2.7 %; 5 to 16: 7.5 %; 17 to 70: 24 %; 71 to 260: 36 %; 261 to 1100: 57 %. Old Hitachi
    # disks keep other numbers in the upper words.
    Attribute(5, "reallocated sectors", ((1, WATCH), (17, WARN), (261, FAIL)), lowest_word),
    # Up to 80: 56 %, but few disks have it, and a weak power supply makes a disk try again too.
    Attribute(10, "spin retries", ((1, WARN),)),
    # Data changed on its way inside the disk. No rate is known.
    Attribute(184, "end-to-end errors", ((1, WARN),)),
    # 1: 34 %; 2 to 11: 24 to 50 %; 12 to 20: 53 %; 21 to 35: 84 %.
    Attribute(187, "uncorrectable errors", ((1, WARN), (12, FAIL))),
    # Up to 100: 2.5 %; above: 10 to 37 %, but cables and controllers cause it as well. Seagate
    # keeps three counts in it: 17180131332 is 4, 4 and 4.
    Attribute(188, "command timeouts", ((101, WATCH),), largest_word),
    # Up to 11: 2 to 4 %; 12 to 17: 17 %.
    Attribute(196, "reallocations", ((12, WATCH),), lowest_word),
    # 2: 34 %; 3 to 6: 68 %; 17 to 40: 96 %. A sector may be pending for want of being rewritten.
    Attribute(197, "pending sectors", ((1, WARN), (3, FAIL))),
    # 1 to 2: 81 %; 3 to 4: 112 %.
    Attribute(198, "offline uncorrectable sectors", ((1, FAIL),)),
)
# Not judged. 183, 189, 195, 201: each maker counts something else there; they are most of the
# alarms that Scrutiny is known for. 199: tells of the cable, which no disk can mend.

# Bits of smartctl's exit status. The error log keeps what happened years ago: 5 of 168 disks whose
# answers are public have the bit, and the one that we looked into is sound by every other rule.
EXIT_STATUS = (
    (3, "disk says it fails", FAIL),
    (4, "attribute below its threshold", FAIL),
    (5, "attribute was below its threshold", WARN),
    (6, "error log", WATCH),
    (7, "self-test", FAIL),
)

# NVMe: unlike the others', the specification's own meaning of each number.
# What could not be read is lost; a few have it and live on.
MEDIA_ERRORS: Steps = ((1, WARN),)
# Percent above the disk's own threshold, at and below which it is grave. The disk warns at it.
SPARE_WARN = 10

# SAS: standards give no rate. A place that went bad in use was remapped, an error that was not
# corrected is data lost.
GROWN_DEFECTS: Steps = ((1, WARN),)
PENDING_DEFECTS: Steps = ((1, WARN),)
UNCORRECTED: Steps = ((1, FAIL),)

# Percent of the endurance the maker promises. Disks write on past it, at the owner's risk.
ENDURANCE: Steps = ((80, WARN), (100, FAIL))

# Where the disk names no limit of its own: what the makers of most name. Heat goes away again, so
# it is never the reason to replace a disk.
ROTATING_CELSIUS: Steps = ((50, WATCH), (60, WARN))
SOLID_CELSIUS: Steps = ((60, WATCH), (70, WARN))
# Where smartctl puts the limits, the one to be kept to and the one never to be reached.
KEPT_LIMITS = ("temperature.op_limit_max", "nvme_composite_temperature_threshold.warning")
LAST_LIMITS = (
    "temperature.critical_limit_max",
    "temperature.limit_max",
    "temperature.drive_trip",
    "nvme_composite_temperature_threshold.critical",
)
