"""Disks: whether they last, how hard they work, and what fills them."""

from sources.limits import VERDICT, YES, any_is_bad, rising
from sources.links import (
    LINE_ACT_DISK,
    LINE_DISK,
    OF_DISK,
    OF_MACHINE,
    ROW_ACT_DISK,
    ROW_DISK,
    ROW_MACHINE,
)
from sources.panels import bars, graph, stat, states
from sources.parts import dashboard, line, row
from sources.queries import now, query
from sources.scope import MACHINE, MACHINES, Scope
from sources.space import DISK_SPACE, INODES, USED
from sources.tables import VERDICTS, Label, Number, table
from sources.variables import ANY, choice, of_machines

SMART = Scope((*MACHINES.names, "device"))
# smartctl calls nvme0 what the kernel calls nvme0n1, nvme0n2 …
DEVICE = 'device=~"$device(n[0-9]+)?"'
DISK = f"{MACHINE}, device"

of, rate = SMART.of, MACHINES.rate


def worst(expression: str) -> str:
    """One value for each disk."""
    return f"max by ({DISK}) ({expression})"


def attribute(number: int) -> str:
    raw = of("smartctl_device_attribute", f'attribute_id="{number}"', 'attribute_value_type="raw"')
    return worst(raw)


ACTIVE = MACHINES.of("node_md_disks", 'state="active"')
MISSING = f"{MACHINES.of('node_md_disks_required')} - ignoring (state) {ACTIVE}"

DEVICES = choice(
    "device",
    "Disk",
    f"label_values({MACHINES.of('node_disk_io_time_seconds_total')}, device)",
    everything=ANY,
    pattern="/^(nvme[0-9]+|.+?)(?:n[0-9]+)?$/",
)

TABLE = table(
    "Disks, worst first",
    "What each disk says of itself, and what to think of it: watch means look whether it grows,"
    " warn means plan its replacement, fail means back it up now. Virtual machines have no such"
    " disks, and machines without smartctl do not tell.",
    (
        Label("machine", "Machine", (ROW_MACHINE,), width=160),
        Label("instance", "Address", (ROW_MACHINE,), width=160),
        Label("device", "Disk", (ROW_DISK, ROW_ACT_DISK), width=90),
    ),
    (
        Number("Verdict", worst(of("hyperion_smart_verdict")), "short", VERDICT, VERDICTS),
        Number("Reallocated", attribute(5), "short", any_is_bad("yellow")),
        Number("Uncorrectable", attribute(187), "short", any_is_bad()),
        Number("Pending", attribute(197), "short", any_is_bad()),
        Number("Worn", worst(of("hyperion_smart_endurance_used_ratio")), "percentunit",
               rising(0.8, 1)),
        Number(
            "Temperature",
            worst(of("smartctl_device_temperature", 'temperature_type="current"')),
            "celsius",
            rising(50, 60),
        ),
        Number("Switched on", worst(of("smartctl_device_power_on_seconds")), "s"),
        Number("Read last", worst(of("hyperion_smart_age_seconds")), "s", rising(3600, 86400)),
    ),
    first="Verdict",
)  # fmt: skip

NUMBERS = (
    stat(
        "Disks that tell",
        "Disks that say of themselves how they are. Those of virtual machines do not.",
        "short",
        now(f"count({of('hyperion_smart_read_success')}) or vector(0)", "disks"),
    ),
    stat(
        "In danger",
        "Disks that should be replaced: their verdict is warn or fail. The row below says which.",
        "short",
        now(f"count({worst(of('hyperion_smart_verdict'))} >= 2) or vector(0)", "disks"),
        limits=any_is_bad(),
    ),
    stat(
        "To be watched",
        "Disks that show first signs of damage.",
        "short",
        now(f"count({worst(of('hyperion_smart_verdict'))} == 1) or vector(0)", "disks"),
        limits=any_is_bad("yellow"),
    ),
    stat(
        "Broken arrays",
        "Software arrays that lack a disk: one more, and what is on them is lost.",
        "short",
        now(f"count({MISSING} > 0) or vector(0)", "arrays"),
        limits=any_is_bad(),
    ),
    stat(
        "Full filesystems",
        "Filesystems that are full to 95% and more, and can be written.",
        "short",
        now(f"count({USED} >= 0.95) or vector(0)", "filesystems"),
        limits=any_is_bad(),
    ),
)

REASONS = bars(
    "Why",
    "What is wrong with each disk: 1 watch, 2 warn, 3 fail.",
    "short",
    now(f"{of('hyperion_smart_verdict')} > 0", "{{machine}} {{device}}: {{reason}}"),
    most=3,
    limits=VERDICT,
    links=OF_DISK,
)

DAMAGE = of(
    "smartctl_device_attribute", 'attribute_id=~"5|187|197|198"', 'attribute_value_type="raw"'
)

GROWTH = graph(
    "Growing damage",
    "Sectors that went bad within a day: reallocated (5), reported uncorrectable (187), pending"
    " (197), uncorrectable offline (198). A disk on which they grow is dying.",
    "short",
    query(
        f"delta({DAMAGE}[1d])",
        "{{machine}} {{device}} {{attribute_name}}",
    ),
    links=OF_DISK,
)

TEMPERATURE = graph(
    "Temperature of disks",
    "Warm disks die sooner: rotating ones above 50 °C, others above 60.",
    "celsius",
    query(
        of("smartctl_device_temperature", 'temperature_type="current"'), "{{machine}} {{device}}"
    ),
    limits=rising(50, 60),
    links=OF_DISK,
)

BUSY = graph(
    "Disk time",
    "Share of time in which each disk had work. At 100% a spinning disk is full; a fast one may"
    " take more.",
    "percentunit",
    query(
        MACHINES.of("instance_device:node_disk_io_time_seconds:rate5m", DEVICE),
        "{{machine}} {{device}}",
    ),
    most=1,
    links=OF_DISK,
)

BYTES = graph(
    "Disk traffic",
    "Bytes read from and written to each disk.",
    "Bps",
    query(rate("node_disk_read_bytes_total", DEVICE), "{{machine}} {{device}} read"),
    query(rate("node_disk_written_bytes_total", DEVICE), "{{machine}} {{device}} written"),
    links=OF_DISK,
)


def wait(word: str) -> str:
    """Mean time of an operation."""
    took = rate(f"node_disk_{word}_time_seconds_total", DEVICE)
    return f"{took} / {rate(f'node_disk_{word}s_completed_total', DEVICE)}"


WAIT = graph(
    "Time of one operation",
    "How long a read or a write takes on average, waiting counted in. Below a millisecond on a"
    " solid state disk, about ten on one that spins.",
    "s",
    query(wait("read"), "{{machine}} {{device}} read"),
    query(wait("write"), "{{machine}} {{device}} write"),
    links=OF_DISK,
)

QUEUE = graph(
    "Queue",
    "Requests under way or waiting, on average.",
    "short",
    query(
        MACHINES.of("instance_device:node_disk_io_time_weighted_seconds:rate5m", DEVICE),
        "{{machine}} {{device}}",
    ),
    links=OF_DISK,
)

WEAR = row(
    "Wear and self-tests",
    line(
        graph(
            "Worn",
            "Share of the writing that each disk was made for and that is done.",
            "percentunit",
            query(of("hyperion_smart_endurance_used_ratio"), "{{machine}} {{device}}"),
            limits=rising(0.8, 1),
            links=OF_DISK,
        ),
        states(
            "Last self-test",
            "Whether the last self-test that ended was passed.",
            query(of("hyperion_smart_self_test_passed"), "{{machine}} {{device}}"),
            limits=YES,
            words={0: "failed", 1: "passed"},
            links=OF_DISK,
        ),
        states(
            "Disks that can be asked",
            "Whether the last question to each disk was answered.",
            query(of("hyperion_smart_read_success"), "{{machine}} {{device}}"),
            limits=YES,
            words={0: "no", 1: "yes"},
            links=(LINE_DISK, LINE_ACT_DISK),
        ),
    ),
)

ARRAYS = row(
    "Arrays",
    line(
        graph(
            "Missing disks",
            "Disks that a software array should have and has not.",
            "short",
            query(MISSING, "{{machine}} {{device}}"),
            limits=any_is_bad(),
            links=OF_MACHINE,
        ),
        graph(
            "Rebuilding",
            "How much of each array is in step. Below 100% it rebuilds or checks.",
            "percentunit",
            query(
                f"{MACHINES.of('node_md_blocks_synced')} / {MACHINES.of('node_md_blocks')}",
                "{{machine}} {{device}}",
            ),
            most=1,
            links=OF_MACHINE,
        ),
    ),
)

DISKS = dashboard(
    "hyperion-disks",
    "Disks and SMART",
    "Whether disks last, how hard they work, and what fills them.",
    MACHINES,
    [*of_machines(), DEVICES],
    line(*NUMBERS, height=4),
    row("Health of disks", line(TABLE, height=9), line(REASONS, GROWTH, TEMPERATURE)),
    line(BUSY, BYTES),
    line(WAIT, QUEUE),
    line(DISK_SPACE, INODES),
    WEAR,
    ARRAYS,
)
