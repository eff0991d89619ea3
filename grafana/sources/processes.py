"""Processes and services: what failed, what takes most, what starts again and again."""

from sources.limits import YES, any_is_bad, rising
from sources.links import (
    LINE_ACT,
    LINE_ACT_PROCESS,
    LINE_ACT_UNIT,
    LINE_MACHINE,
    OF_MACHINE,
    ROW_ACT_PROCESS,
    ROW_ACT_UNIT,
    ROW_MACHINE,
)
from sources.panels import graph, states
from sources.parts import dashboard, line, row
from sources.queries import Json, query
from sources.scope import MACHINE, MACHINES
from sources.tables import Label, Number, table
from sources.variables import of_machines

of, rate, grown = MACHINES.of, MACHINES.rate, MACHINES.grown

PROCESS = f"{MACHINE}, name, pid, unit"
BAD = of("node_systemd_unit_state", 'state=~"failed|activating|deactivating"')
MOST = 50


def heaviest(expression: str) -> str:
    return f"topk({MOST}, max by ({PROCESS}) ({expression}))"


FAILED = table(
    "Services that need a look",
    "Units of systemd that failed, or that have been starting or stopping just now. A click on the"
    " name leads to what can be done.",
    (
        Label("machine", "Machine", (ROW_MACHINE,), width=160),
        Label("instance", "Address", (ROW_MACHINE,), width=160),
        Label("name", "Service", (ROW_ACT_UNIT,)),
        Label("state", "State", width=110),
    ),
    (Number("Units", f"max by ({MACHINE}, name, state) ({BAD}) == 1", "short"),),
    first="State",
)

PROCESSES = table(
    "Largest processes",
    "The processes that take most on the machines that are chosen. 100% of processor time is one"
    " whole processor. A click on the name leads to what can be done.",
    (
        Label("machine", "Machine", (ROW_MACHINE,), width=160),
        Label("instance", "Address", (ROW_MACHINE,), width=160),
        Label("name", "Process", (ROW_ACT_PROCESS,)),
        Label("pid", "PID", (ROW_ACT_PROCESS,), width=80),
        Label("unit", "Unit"),
    ),
    (
        Number(
            "Processor", heaviest(rate("hyperion_process_cpu_seconds_total")), "percentunit",
            rising(0.8, 2),
        ),
        Number("Memory", heaviest(of("hyperion_process_resident_memory_bytes")), "bytes"),
        Number("Read", heaviest(rate("hyperion_process_read_bytes_total")), "Bps"),
        Number("Written", heaviest(rate("hyperion_process_written_bytes_total")), "Bps"),
        Number("Files", heaviest(of("hyperion_process_open_fds")), "short"),
        Number("Threads", heaviest(of("hyperion_process_threads")), "short"),
    ),
    first="Processor",
)  # fmt: skip

UNITS = graph(
    "Units by state",
    "How many units of systemd are in each state, on all machines that are chosen.",
    "short",
    query(f"sum by (state) ({of('node_systemd_units')})", "{{state}}"),
)

RESTARTS = graph(
    "Restarts",
    "Services that systemd started anew because they ended; nothing here means none. One that goes"
    " on is in a loop.",
    "short",
    query(f"topk(20, {grown('node_systemd_service_restart_total')} > 0)", "{{machine}} {{name}}"),
    limits=any_is_bad("yellow"),
    links=(LINE_MACHINE, LINE_ACT_UNIT),
)

COUNT = graph(
    "Processes",
    "How many processes and threads each machine runs.",
    "short",
    query(of("node_processes_pids"), "{{machine}} processes"),
    query(of("node_processes_threads"), "{{machine}} threads"),
    links=OF_MACHINE,
)

STATES = graph(
    "What processes do",
    "Processes by state: R runs, S sleeps, D waits for a disk and cannot be stopped, Z has ended"
    " and was not asked for, T is halted, I is an idle part of the kernel.",
    "short",
    query(f"sum by (state) ({of('node_processes_state')})", "{{state}}"),
)


def drawn(title: str, description: str, unit: str, expression: str) -> Json:
    legend = "{{machine}} {{name}} {{pid}}"
    links = (LINE_MACHINE, LINE_ACT_PROCESS)
    return graph(title, description, unit, query(f"topk(10, {expression})", legend), links=links)


OVER_TIME = row(
    "Processes over time",
    line(
        drawn(
            "Processor time",
            "Processor time of the busiest processes; 100% is one whole processor.",
            "percentunit",
            rate("hyperion_process_cpu_seconds_total"),
        ),
        drawn(
            "Memory",
            "Memory of the largest processes. A line that only rises is a leak.",
            "bytes",
            of("hyperion_process_resident_memory_bytes"),
        ),
    ),
    line(
        drawn(
            "Written",
            "What the busiest processes write to disks. Processes of other users tell it only to"
            " an exporter that may look.",
            "Bps",
            rate("hyperion_process_written_bytes_total"),
        ),
        drawn(
            "Open files",
            "Files, sockets and pipes that processes hold open. A line that only rises is a leak.",
            "short",
            of("hyperion_process_open_fds"),
        ),
    ),
)


def group(title: str, description: str, unit: str, expression: str) -> Json:
    legend = "{{machine}} {{groupname}}"
    return graph(
        title, description, unit, query(expression, legend), links=(LINE_MACHINE, LINE_ACT)
    )


RESIDENT = of("namedprocess_namegroup_memory_bytes", 'memtype="resident"')

GROUPS = row(
    "Groups of processes",
    line(
        group(
            "Members",
            "How many processes are in each group. 0 means that what should run does not. Groups"
            " come from the file that process_groups is given.",
            "short",
            of("namedprocess_namegroup_num_procs"),
        ),
        group(
            "Processor time of groups",
            "Processor time that each group takes; 100% is one whole processor.",
            "percentunit",
            f"sum by ({MACHINE}, groupname) ({rate('namedprocess_namegroup_cpu_seconds_total')})",
        ),
        group(
            "Memory of groups",
            "Memory that each group holds.",
            "bytes",
            RESIDENT,
        ),
    ),
)

RUNNING = row(
    "systemd",
    line(
        states(
            "All well",
            "Whether systemd says that all that should run does.",
            query(of("node_systemd_system_running"), "{{machine}} {{instance}}"),
            limits=YES,
            words={0: "no", 1: "yes"},
            links=OF_MACHINE,
        ),
        graph(
            "Tasks of services",
            "Processes and threads of the ten largest services.",
            "short",
            query(f"topk(10, {of('node_systemd_unit_tasks_current')})", "{{machine}} {{name}}"),
            links=(LINE_MACHINE, LINE_ACT_UNIT),
        ),
    ),
)

PROCESSES_BOARD = dashboard(
    "hyperion-processes",
    "Processes and services",
    "What failed, what takes most, what starts again and again.",
    MACHINES,
    of_machines(),
    line(PROCESSES, height=10),
    line(FAILED, height=8),
    line(UNITS, RESTARTS),
    line(COUNT, STATES),
    OVER_TIME,
    GROUPS,
    RUNNING,
)
