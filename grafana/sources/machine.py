"""One machine from its health to its updates: how much is used, what waits, what failed."""

from sources import machine_rows as more
from sources.limits import HEALTH, USE, any_is_bad, rising
from sources.links import (
    LINE_ACT,
    LINE_ACT_DISK,
    LINE_ACT_PROCESS,
    LINE_ACT_UNIT,
    LINE_DISKS,
    LINE_EVENTS,
    LINE_NETWORK,
    LINE_PROCESSES,
)
from sources.panels import bars, graph, stat, states
from sources.parts import dashboard, line
from sources.queries import kinds, now, query
from sources.scope import MACHINE, MACHINES
from sources.space import DISK_SPACE
from sources.variables import of_machines

of, rate, grown = MACHINES.of, MACHINES.rate, MACHINES.grown

BUSY = 'mode!="idle"'
OUTSIDE = 'device!="lo"'
FIRING, PENDING = (of("ALERTS", f'alertstate="{state}"') for state in ("firing", "pending"))
FAILED = of("node_systemd_unit_state", 'state="failed"')
TOTAL, SWAP = of("node_memory_MemTotal_bytes"), of("node_memory_SwapTotal_bytes")
SAID = grown("hyperion_events_total", 'class!="other"')

RUNNING = stat(
    "Running for",
    "Time since the machine was started.",
    "s",
    now(f"time() - {of('node_boot_time_seconds')}", "{{machine}}"),
    links=(LINE_ACT,),
)

NUMBERS = (
    stat(
        "Health",
        "100 for a machine that is well. Beside it stands what takes from it.",
        "short",
        now(of("hyperion_health_score"), "{{machine}}"),
        most=100,
        limits=HEALTH,
        links=(LINE_ACT,),
    ),
    RUNNING,
    stat(
        "Updates",
        "Updates that wait to be installed, those for security counted in.",
        "short",
        now(of("hyperion_updates_pending", 'kind="all"'), "{{machine}}"),
        limits=rising(30, 200),
        links=(LINE_ACT,),
    ),
    stat(
        "Reboot needed",
        "Whether the machine waits for a reboot, after a new kernel or library.",
        "bool_yes_no",
        now(of("hyperion_reboot_required"), "{{machine}}"),
        limits=any_is_bad("yellow"),
        links=(LINE_ACT,),
    ),
)

WHY = bars(
    "Why not 100",
    "Points that each component takes from the health, for what reason and where. Nothing here"
    " means that all is well.",
    "short",
    now(
        f"{of('hyperion_health_component_loss')} / 100 * on (job, instance, component)"
        f" group_left () {of('hyperion_health_component_weight')}",
        "{{machine}} {{component}}: {{reason}} {{at}}",
    ),
    limits=rising(10, 30),
    links=(LINE_ACT,),
)

ALERTS = states(
    "Alerts",
    "Alerts about this machine that wait (yellow) or fire (red). Nothing here means none.",
    query(
        f"max by ({MACHINE}, alertname) ({FIRING}) * 2"
        f" or max by ({MACHINE}, alertname) ({PENDING})",
        "{{machine}} {{alertname}}",
    ),
    limits=rising(1, 2),
    words={1: "waits", 2: "fires"},
    links=(LINE_ACT,),
)

CPU = graph(
    "Processors",
    "Share of all processors in use, and what for. Much iowait means that disks are waited for;"
    " steal is time that the hypervisor gave to others.",
    "percentunit",
    query(of("instance:node_cpu_utilisation:rate5m"), "{{machine}} in use"),
    query(
        f"avg by ({MACHINE}, mode) ({rate('node_cpu_seconds_total', BUSY)})",
        "{{machine}} {{mode}}",
    ),
    most=1,
    limits=USE,
    links=(LINE_PROCESSES, LINE_ACT),
)

LOAD = graph(
    "Load",
    "Tasks that run or wait, averaged over one minute. Above the number of processors something"
    " waits.",
    "short",
    kinds(
        {"load": of("node_load1"), "processors": of("instance:node_num_cpu:sum")},
        "{{machine}} {{kind}}",
    ),
    links=(LINE_PROCESSES, LINE_ACT),
)

MEMORY = graph(
    "Memory",
    "Memory that programs hold, out of what the machine has. Caches that the kernel would give"
    " back count as free.",
    "bytes",
    kinds(
        {
            "in use": f"{TOTAL} - {of('node_memory_MemAvailable_bytes')}",
            "total": TOTAL,
            "swap in use": f"{SWAP} - {of('node_memory_SwapFree_bytes')}",
        },
        "{{machine}} {{kind}}",
    ),
    links=(LINE_PROCESSES, LINE_ACT),
)

PRESSURE = graph(
    "Pressure",
    "Share of time in which at least one task waited for a processor, for memory or for a disk.",
    "percentunit",
    kinds(
        {
            word: rate(f"node_pressure_{what}_waiting_seconds_total")
            for what, word in (("cpu", "processors"), ("memory", "memory"), ("io", "disks"))
        },
        "{{machine}} {{kind}}",
    ),
    limits=rising(0.2, 0.5),
    links=(LINE_PROCESSES, LINE_ACT),
)

DISK_BYTES = graph(
    "Disk traffic",
    "Bytes read from and written to each disk.",
    "Bps",
    kinds(
        {
            "read": rate("node_disk_read_bytes_total"),
            "written": rate("node_disk_written_bytes_total"),
        },
        "{{machine}} {{device}} {{kind}}",
    ),
    links=(LINE_DISKS, LINE_ACT_DISK),
)

DISK_TIME = graph(
    "Disk time",
    "Share of time in which each disk had work. At 100% a spinning disk is full; a fast one may"
    " take more.",
    "percentunit",
    query(of("instance_device:node_disk_io_time_seconds:rate5m"), "{{machine}} {{device}}"),
    most=1,
    links=(LINE_DISKS, LINE_ACT_DISK),
)

NETWORK_BYTES = graph(
    "Network traffic",
    "Bytes received and sent by each interface.",
    "Bps",
    kinds(
        {
            "received": rate("node_network_receive_bytes_total", OUTSIDE),
            "sent": rate("node_network_transmit_bytes_total", OUTSIDE),
        },
        "{{machine}} {{device}} {{kind}}",
    ),
    links=(LINE_NETWORK, LINE_ACT),
)

NETWORK_LOSS = graph(
    "Network loss",
    "Packets that were dropped on their way in and out. Now and then is normal; a steady line is"
    " not. The network's dashboard says at which interface, and what was damaged.",
    "pps",
    kinds(
        {
            "received": of("instance:node_network_receive_drop_excluding_lo:rate5m"),
            "sent": of("instance:node_network_transmit_drop_excluding_lo:rate5m"),
        },
        "{{machine}} {{kind}}",
    ),
    links=(LINE_NETWORK, LINE_ACT),
)

UNITS = states(
    "Services that failed",
    "Units of systemd that are in the state failed; nothing here means none. A click leads to what"
    " can be done.",
    query(f"{FAILED} == 1", "{{machine}} {{name}}"),
    limits=any_is_bad(),
    words={1: "failed"},
    links=(LINE_PROCESSES, LINE_ACT_UNIT),
)

PROCESS_CPU = graph(
    "Processes by processor time",
    "Processor time that the busiest processes take; 100% is one whole processor.",
    "percentunit",
    query(f"topk(8, {rate('hyperion_process_cpu_seconds_total')})", "{{machine}} {{name}} {{pid}}"),
    links=(LINE_PROCESSES, LINE_ACT_PROCESS),
)

PROCESS_MEMORY = graph(
    "Processes by memory",
    "Memory that the largest processes hold.",
    "bytes",
    query(
        f"topk(8, {of('hyperion_process_resident_memory_bytes')})", "{{machine}} {{name}} {{pid}}"
    ),
    links=(LINE_PROCESSES, LINE_ACT_PROCESS),
)

EVENTS = graph(
    "Events",
    "What journal and kernel said that somebody should know, by kind. All kinds are on the"
    " events' dashboard.",
    "short",
    query(
        f"sum by ({MACHINE}, class) ({SAID})",
        "{{machine}} {{class}}",
    ),
    links=(LINE_EVENTS, LINE_ACT),
)

MACHINE_BOARD = dashboard(
    "hyperion-machine",
    "Machine",
    "One machine from top to bottom: health, processors, memory, disks, network, services, events.",
    MACHINES,
    of_machines(everything=False),
    line(*NUMBERS, height=4),
    line(WHY, ALERTS, height=6),
    line(CPU, LOAD, PRESSURE),
    line(MEMORY, DISK_SPACE),
    line(DISK_BYTES, DISK_TIME),
    line(NETWORK_BYTES, NETWORK_LOSS),
    line(PROCESS_CPU, PROCESS_MEMORY),
    line(EVENTS, UNITS),
    *more.ROWS,
)
