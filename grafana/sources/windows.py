"""A machine with Windows or macOS: what such a system tells, under the same names as Linux."""

from sources.limits import YES, any_is_bad, rising
from sources.links import (
    LINE_ACT,
    LINE_ACT_DISK,
    LINE_DISKS,
    LINE_EVENTS,
    LINE_NETWORK,
    OF_MACHINE,
)
from sources.machine import (
    ALERTS,
    CPU,
    DISK_BYTES,
    LOAD,
    MEMORY,
    NETWORK_BYTES,
    OUTSIDE,
    RUNNING,
)
from sources.machine_rows import TEMPERATURE
from sources.panels import graph, stat, states
from sources.parts import dashboard, line, row
from sources.queries import kinds, now, query
from sources.scope import MACHINE, MACHINES
from sources.space import DISK_SPACE
from sources.variables import of_machines

of, rate, grown = MACHINES.of, MACHINES.rate, MACHINES.grown

ANSWERS = stat(
    "Answers",
    "Whether the machine answers now.",
    "bool_yes_no",
    now(of("up"), "{{machine}}"),
    limits=YES,
    links=(LINE_ACT,),
)

SYSTEM = stat(
    "System",
    "What runs on it.",
    "short",
    now(of("node_uname_info"), "{{sysname}} {{release}}"),
    named=True,
    links=(LINE_ACT,),
)

BATTERY = stat(
    "Battery",
    "How full the battery is, of a portable machine.",
    "percent",
    now(of("node_power_supply_capacity"), "{{machine}}"),
    most=100,
    links=(LINE_ACT,),
)

OPERATIONS = graph(
    "Disk operations",
    "Reads and writes that each disk finished.",
    "iops",
    query(rate("node_disk_reads_completed_total"), "{{machine}} {{device}} reads"),
    query(rate("node_disk_writes_completed_total"), "{{machine}} {{device}} writes"),
    links=(*OF_MACHINE, LINE_DISKS, LINE_ACT_DISK),
)

LOSS = graph(
    "Network loss",
    "Packets that were dropped or damaged. Now and then is normal; a steady line is not.",
    "pps",
    kinds(
        {
            "dropped": rate("node_network_receive_drop_total", OUTSIDE),
            "damaged, in": rate("node_network_receive_errs_total", OUTSIDE),
            "damaged, out": rate("node_network_transmit_errs_total", OUTSIDE),
        },
        "{{machine}} {{device}} {{kind}}",
    ),
    limits=rising(1, 100),
    links=(*OF_MACHINE, LINE_NETWORK),
)

STANDING = of("windows_service_state", 'state!~"running|unknown"')
AUTOMATIC = of("windows_service_start_mode", 'start_mode="auto"')
FAILURES = grown("hyperion_events_total", 'source="system"', 'class="unit_failure"')

SERVICES = row(
    "Services",
    line(
        states(
            "Services that stand still",
            "Services of Windows that start by themselves and do not run. Some end by themselves"
            " when they have nothing to do; the alert WindowsServiceStopped leaves those out.",
            query(
                f"max by ({MACHINE}, name, state) ({STANDING} == 1)"
                f" and on (org, instance, name) {AUTOMATIC} == 1",
                "{{machine}} {{name}} {{state}}",
            ),
            limits=any_is_bad("yellow"),
            words={1: "stands still"},
            links=OF_MACHINE,
        ),
        graph(
            "Services by state",
            "How many services are in each state. Unless told otherwise the exporter tells of those"
            " that start by themselves.",
            "short",
            query(
                f"sum by ({MACHINE}, state) ({of('windows_service_state')}) > 0",
                "{{machine}} {{state}}",
            ),
            links=OF_MACHINE,
        ),
        graph(
            "Failures of services",
            "Services that ended unexpectedly or could not start, as the event log counts them."
            " Windows starts most of them again. What each said is on the events' dashboard.",
            "short",
            query(f"sum by ({MACHINE}) ({FAILURES})", "{{machine}}"),
            limits=any_is_bad("yellow"),
            links=(*OF_MACHINE, LINE_EVENTS),
        ),
    ),
)

MACOS = row(
    "macOS only",
    line(
        graph(
            "Memory of macOS",
            "Memory by what it is for: wired cannot be moved away.",
            "bytes",
            query(of("node_memory_wired_bytes"), "{{machine}} wired"),
            query(of("node_memory_active_bytes"), "{{machine}} active"),
            query(of("node_memory_inactive_bytes"), "{{machine}} inactive"),
            links=OF_MACHINE,
        ),
        graph(
            "Swapping of macOS",
            "Bytes that went to swap and came back.",
            "Bps",
            query(rate("node_memory_swapped_in_bytes_total"), "{{machine}} in"),
            query(rate("node_memory_swapped_out_bytes_total"), "{{machine}} out"),
            links=OF_MACHINE,
        ),
    ),
)

WINDOWS = dashboard(
    "hyperion-windows",
    "Windows and macOS machine",
    "One machine with Windows or macOS: processors, memory, disks, network, services.",
    MACHINES,
    of_machines('sysname!="Linux"', everything=False),
    line(ANSWERS, RUNNING, SYSTEM, BATTERY, height=4),
    line(ALERTS, height=6),
    line(CPU, LOAD),
    line(MEMORY, DISK_SPACE),
    line(DISK_BYTES, OPERATIONS),
    line(NETWORK_BYTES, LOSS),
    SERVICES,
    row("Sensors", line(TEMPERATURE)),
    MACOS,
)
