"""The rest of one machine, in rows that open with a click: what is asked for now and then."""

from functools import partial

from sources import panels
from sources.limits import YES, any_is_bad, rising
from sources.links import LINE_ACT, LINE_ACT_DISK, LINE_DISKS
from sources.parts import line, row
from sources.queries import Json, query
from sources.scope import MACHINE, MACHINES
from sources.space import INODES

of, rate = MACHINES.of, MACHINES.rate

# This is the machine's own page: what is left to do is to act.
graph = partial(panels.graph, links=(LINE_ACT,))
states = partial(panels.states, links=(LINE_ACT,))

UNUSED = rate("node_cpu_seconds_total", 'mode=~"idle|iowait|steal"')


def gauges(metrics: dict[str, str]) -> list[Json]:
    """A line for each metric, called by the word beside it."""
    return [query(of(metric), f"{{{{machine}}}} {word}") for metric, word in metrics.items()]


def rates(metrics: dict[str, str], thing: str = "") -> list[Json]:
    """As gauges, of counters; `thing` is the label that names whose they are."""
    whose = f" {{{{{thing}}}}}" if thing else ""
    return [
        query(rate(metric), f"{{{{machine}}}}{whose} {word}") for metric, word in metrics.items()
    ]


PROCESSORS = row(
    "Processors in detail",
    line(
        graph(
            "Each processor",
            "Share of time that each processor was in use.",
            "percentunit",
            query(
                f"1 - sum by ({MACHINE}, cpu) ({UNUSED})",
                "{{machine}} {{cpu}}",
            ),
            most=1,
        ),
        graph(
            "Switches and interrupts",
            "How often processors went from one task to another, and how often devices called.",
            "ops",
            *rates(
                {
                    "node_context_switches_total": "switches",
                    "node_intr_total": "interrupts",
                    "node_forks_total": "new processes",
                }
            ),
        ),
        graph(
            "Run queue",
            "Tasks that could run now, and those that wait for a disk and cannot be stopped.",
            "short",
            *gauges({"node_procs_running": "runnable", "node_procs_blocked": "blocked"}),
        ),
    ),
    line(
        graph(
            "Waiting for a processor",
            "Time per second that tasks were ready and got no processor, summed over processors.",
            "short",
            query(
                f"sum by ({MACHINE}) ({rate('node_schedstat_waiting_seconds_total')})",
                "{{machine}} waited",
            ),
        ),
        graph(
            "Clock rates",
            "How fast each processor runs. It slows down to save power, or because it is too hot.",
            "hertz",
            query(of("node_cpu_scaling_frequency_hertz"), "{{machine}} {{cpu}}"),
        ),
        graph(
            "Soft interrupts",
            "Packets per second that processors could not finish in their turn, or dropped.",
            "pps",
            query(
                f"sum by ({MACHINE}) ({rate('node_softnet_times_squeezed_total')})",
                "{{machine}} put off",
            ),
            query(
                f"sum by ({MACHINE}) ({rate('node_softnet_dropped_total')})", "{{machine}} dropped"
            ),
        ),
    ),
)

MEMORY = row(
    "Memory in detail",
    line(
        graph(
            "What memory holds",
            "Where the memory is: programs, caches of files, the kernel's own.",
            "bytes",
            *gauges(
                {
                    "node_memory_AnonPages_bytes": "programs",
                    "node_memory_Cached_bytes": "files",
                    "node_memory_Buffers_bytes": "buffers",
                    "node_memory_Shmem_bytes": "shared",
                    "node_memory_Slab_bytes": "kernel",
                    "node_memory_PageTables_bytes": "page tables",
                    "node_memory_MemFree_bytes": "unused",
                }
            ),
        ),
        graph(
            "Paging",
            "Pages that programs waited for because they had to be read from disk. Much of it for"
            " long means that memory is too small.",
            "ops",
            query(of("instance:node_vmstat_pgmajfault:rate5m"), "{{machine}} major faults"),
        ),
        graph(
            "Swapping",
            "Pages that went to swap and came back.",
            "ops",
            *rates({"node_vmstat_pswpin": "in", "node_vmstat_pswpout": "out"}),
        ),
    ),
    line(
        graph(
            "Promised memory",
            "Memory that was promised to programs, and the limit where the kernel keeps to one.",
            "bytes",
            *gauges(
                {
                    "node_memory_Committed_AS_bytes": "promised",
                    "node_memory_CommitLimit_bytes": "limit",
                }
            ),
        ),
        graph(
            "Waiting to be written",
            "What is in memory and not yet on a disk: lost if the power fails now.",
            "bytes",
            *gauges(
                {"node_memory_Dirty_bytes": "waiting", "node_memory_Writeback_bytes": "under way"}
            ),
        ),
        graph(
            "Out of memory",
            "Processes that the kernel killed because memory ran out.",
            "short",
            query(MACHINES.grown("node_vmstat_oom_kill"), "{{machine}} killed"),
            limits=any_is_bad(),
        ),
    ),
)

DISKS = row(
    "Disks in detail",
    line(
        graph(
            "Operations",
            "Reads and writes that each disk finished.",
            "iops",
            *rates(
                {
                    "node_disk_reads_completed_total": "reads",
                    "node_disk_writes_completed_total": "writes",
                },
                "device",
            ),
            links=(LINE_DISKS, LINE_ACT_DISK),
        ),
        graph(
            "Queue",
            "Requests under way or waiting at each disk, on average.",
            "short",
            query(
                of("instance_device:node_disk_io_time_weighted_seconds:rate5m"),
                "{{machine}} {{device}}",
            ),
            links=(LINE_DISKS, LINE_ACT_DISK),
        ),
        INODES,
    ),
)

SOCKETS = row(
    "Connections",
    line(
        graph(
            "TCP connections",
            "Connections by state. Many in close_wait mean a program that forgets to close.",
            "short",
            query(f"{of('node_tcp_connection_states')} > 0", "{{machine}} {{state}}"),
        ),
        graph(
            "TCP again",
            "Segments that were sent again because no answer came, and connections that were"
            " refused because a program did not take them in time.",
            "pps",
            *rates(
                {
                    "node_netstat_Tcp_RetransSegs": "sent again",
                    "node_netstat_TcpExt_ListenDrops": "not taken",
                    "node_netstat_TcpExt_TCPTimeouts": "timed out",
                }
            ),
        ),
        graph(
            "Sockets",
            "Sockets in use, and TCP ones that are only being closed.",
            "short",
            *gauges(
                {
                    "node_sockstat_sockets_used": "all",
                    "node_sockstat_TCP_inuse": "TCP",
                    "node_sockstat_UDP_inuse": "UDP",
                    "node_sockstat_TCP_tw": "TCP being closed",
                }
            ),
        ),
    ),
)

KERNEL = row(
    "Limits and the clock",
    line(
        graph(
            "Open files",
            "Files that all programs hold open, as a share of what the kernel allows.",
            "percentunit",
            query(
                f"{of('node_filefd_allocated')} / {of('node_filefd_maximum')}", "{{machine}} files"
            ),
            query(
                f"{of('node_processes_threads')} / {of('node_processes_max_threads')}",
                "{{machine}} threads",
            ),
            most=1,
            limits=rising(0.7, 0.9),
        ),
        graph(
            "Clock",
            "How far the clock is from the right time, as the kernel knows it. 0 also where nothing"
            " keeps it.",
            "s",
            query(of("node_timex_offset_seconds"), "{{machine}} offset"),
            query(of("node_timex_estimated_error_seconds"), "{{machine}} error"),
            least=None,
        ),
        states(
            "Clock is kept",
            "Whether something keeps the clock right.",
            query(of("node_timex_sync_status"), "{{machine}}"),
            limits=YES,
            words={0: "no", 1: "yes"},
        ),
    ),
)

TEMPERATURE = graph(
    "Temperature",
    "The hottest sensor of each chip. Virtual machines have none.",
    "celsius",
    query(f"max by ({MACHINE}, chip) ({of('node_hwmon_temp_celsius')})", "{{machine}} {{chip}}"),
    limits=rising(75, 90),
)

HARDWARE = row(
    "Temperature, fans and power",
    line(TEMPERATURE),
    line(
        graph(
            "Fans",
            "How fast the fans turn. One that stops lets the machine overheat.",
            "rotrpm",
            query(of("node_hwmon_fan_rpm"), "{{machine}} {{chip}} {{sensor}}"),
        ),
        graph(
            "Memory errors",
            "Errors of the memory modules that were corrected and that were not.",
            "short",
            query(MACHINES.grown("node_edac_correctable_errors_total"), "{{machine}} corrected"),
            query(
                MACHINES.grown("node_edac_uncorrectable_errors_total"), "{{machine}} not corrected"
            ),
            limits=any_is_bad("yellow"),
        ),
    ),
)

ROWS = (HARDWARE, PROCESSORS, MEMORY, DISKS, SOCKETS, KERNEL)
