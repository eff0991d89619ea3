"""Anomalies and capacity: what will run out and when, and what is not as it was yesterday."""

from typing import NamedTuple

from sources.limits import falling, rising
from sources.links import LINE_DISKS, OF_MACHINE, ROW_ACT, ROW_ACT_DISK, ROW_DISKS, ROW_MACHINE
from sources.panels import bars, graph
from sources.parts import dashboard, line, row
from sources.queries import Json, now, query
from sources.scope import MACHINE, MACHINES
from sources.tables import Label, Number, table
from sources.variables import of_machines

of = MACHINES.of

DAY = 86400
# Recorded every five minutes: a day of it is read ten times as fast as what it is made of.
AVAILABLE = of("instance_mountpoint:node_filesystem_avail_bytes:min5m")
SIZE = of("node_filesystem_size_bytes")
WRITABLE = f"and {of('node_filesystem_readonly')} == 0"
# What is used in a day, as a straight line through the last one says; only where it grows.
GROWTH = f"{DAY} * -deriv({AVAILABLE}[1d]) > 0"
FILESYSTEM = f"{MACHINE}, device, mountpoint"


class Signal(NamedTuple):
    """What is looked at for the unusual: how it went on the day before decides what is usual."""

    series: str
    unit: str
    # Who stands still deviates by nothing, and then anything were unusual; less than this is not.
    least: float

    def over_a_day(self, function: str) -> str:
        return f"{function}_over_time({self.series}[1d])"

    def unusual(self) -> str:
        """By how many standard deviations it is off."""
        deviation = f"clamp_min({self.over_a_day('stddev')}, {self.least})"
        return f"topk(10, abs({self.series} - {self.over_a_day('avg')}) / {deviation})"


SIGNALS = {
    "Processors": Signal(of("instance:node_cpu_utilisation:rate5m"), "percentunit", 0.01),
    "Memory": Signal(of("instance:node_memory_utilisation:ratio"), "percentunit", 0.01),
    "Load": Signal(of("instance:node_load1_per_cpu:ratio"), "short", 0.05),
    "Received": Signal(
        of("instance:node_network_receive_bytes_excluding_lo:rate5m"), "Bps", 10_000
    ),
}


def filesystem(expression: str) -> str:
    return f"min by ({FILESYSTEM}) ({expression})"


FULL = table(
    "Days until full",
    "Filesystems that fill, and when they will be full if they go on as in the last day. What"
    " shrinks or stays is not listed.",
    (
        Label("machine", "Machine", (ROW_MACHINE, ROW_ACT), width=180),
        Label("instance", "Address", (ROW_MACHINE, ROW_ACT), width=180),
        Label("mountpoint", "Filesystem", (ROW_DISKS, ROW_ACT_DISK)),
        Label("device", "Device"),
    ),
    (
        Number("Days", filesystem(f"{AVAILABLE} / ({GROWTH})"), "short", falling(4, 30)),
        Number("In a day", filesystem(GROWTH), "bytes"),
        Number("Left", filesystem(f"{AVAILABLE} and ({GROWTH})"), "bytes"),
        Number("Size", filesystem(f"{SIZE} and ({GROWTH})"), "bytes"),
    ),
    first="Days",
    falling=False,
)

# A bar and not a line: each point of a line would have to read a day of every machine.
FORECAST = bars(
    "Space in four days",
    "Used share that each filesystem will have in four days, if it goes on as in the last day; the"
    " ten that will be fullest. Above 100% it will have been full before.",
    "percentunit",
    now(
        f"topk(10, 1 - predict_linear({AVAILABLE}[1d], {4 * DAY}) / {SIZE} {WRITABLE})",
        "{{machine}} {{mountpoint}}",
    ),
    most=1,
    limits=rising(0.9, 1),
    links=(*OF_MACHINE, LINE_DISKS),
)

MEMORY_FORECAST = bars(
    "Memory in a day",
    "Share of memory in use that each machine will have tomorrow, if it goes on as in the last day;"
    " the ten that will be fullest. Above 100% it will have run out.",
    "percentunit",
    now(
        f"topk(10, predict_linear({of('instance:node_memory_utilisation:ratio')}[1d], {DAY}))",
        "{{machine}} {{instance}}",
    ),
    most=1,
    limits=rising(0.9, 1),
    links=OF_MACHINE,
)

GROWING = bars(
    "Busiest in the long run",
    "Processors in use, averaged over a day, of the ten busiest machines: what to move or enlarge.",
    "percentunit",
    now(f"topk(10, {SIGNALS['Processors'].over_a_day('avg')})", "{{machine}} {{instance}}"),
    most=1,
    limits=rising(0.6, 0.8),
    links=OF_MACHINE,
)


def deviation(name: str) -> Json:
    return bars(
        f"Unusual: {name.lower()}",
        "How many standard deviations the value is off its mean of the last day, on the ten"
        " machines where it is off most. Above 3 is rare; it informs and is no fault by itself.",
        "short",
        now(SIGNALS[name].unusual(), "{{machine}} {{instance}}"),
        limits=rising(3, 6),
        links=OF_MACHINE,
    )


def band(name: str) -> Json:
    signal = SIGNALS[name]
    mean, wide = signal.over_a_day("avg"), f"3 * {signal.over_a_day('stddev')}"
    return graph(
        f"Band: {name.lower()}",
        "The value, and the band of three standard deviations around its mean of the day before."
        " Choose one machine above.",
        signal.unit,
        query(signal.series, "{{machine}} now"),
        query(f"{mean} + {wide}", "{{machine}} usual, upper end"),
        query(f"{mean} - {wide}", "{{machine}} usual, lower end"),
        least=None,
        links=OF_MACHINE,
    )


CAPACITY = dashboard(
    "hyperion-capacity",
    "Anomalies and capacity",
    "What will run out and when, and what is not as it was yesterday.",
    MACHINES,
    of_machines(),
    line(FULL, height=9),
    line(FORECAST, MEMORY_FORECAST, GROWING),
    line(*map(deviation, SIGNALS), height=10),
    row("Bands", line(band("Processors"), band("Memory")), line(band("Load"), band("Received"))),
    since="now-7d",
)
