"""One machine from processor to network: how much is used and what waits."""

from sources.parts import choice, dashboard, graph, query

THIS = 'job="node", instance="$instance"'
BUSY = 'mode!="idle"'
OUTSIDE = 'device!="lo"'


def rate(metric: str, *matchers: str) -> str:
    return f"rate({metric}{{{', '.join((THIS, *matchers))}}}[$__rate_interval])"


def used(part: str, whole: str) -> str:
    """The share of the whole that is not left over."""
    return f"1 - {part}{{{THIS}}} / {whole}{{{THIS}}}"


CPU = graph(
    "Processors",
    "Share of all processors in use, and what for. Much iowait means that disks are waited for;"
    " steal is time that the hypervisor gave to others.",
    "percentunit",
    query(f"instance:node_cpu_utilisation:rate5m{{{THIS}}}", "in use"),
    query(f"avg by (mode) ({rate('node_cpu_seconds_total', BUSY)})", "{{mode}}"),
    most=1,
)

LOAD = graph(
    "Load",
    "Tasks that run or wait, on average over 1, 5 and 15 minutes. Above the number of processors"
    " something waits.",
    "short",
    query(f"node_load1{{{THIS}}}", "1 minute"),
    query(f"node_load5{{{THIS}}}", "5 minutes"),
    query(f"node_load15{{{THIS}}}", "15 minutes"),
    query(f"instance:node_num_cpu:sum{{{THIS}}}", "processors"),
)

MEMORY = graph(
    "Memory",
    "Memory that programs hold, out of what the machine has. Caches that the kernel would give"
    " back count as free.",
    "bytes",
    query(
        f"node_memory_MemTotal_bytes{{{THIS}}} - node_memory_MemAvailable_bytes{{{THIS}}}", "in use"
    ),
    query(f"node_memory_MemTotal_bytes{{{THIS}}}", "total"),
    query(
        f"node_memory_SwapTotal_bytes{{{THIS}}} - node_memory_SwapFree_bytes{{{THIS}}}",
        "swap in use",
    ),
)

PAGING = graph(
    "Paging",
    "Pages that programs waited for because they had to be read from disk. Much of it for long"
    " means that memory is too small.",
    "ops",
    query(f"instance:node_vmstat_pgmajfault:rate5m{{{THIS}}}", "major faults"),
)

SPACE = graph(
    "Disk space",
    "Used share of each filesystem, as ordinary users see it: root's reserve counts as used.",
    "percentunit",
    query(used("node_filesystem_avail_bytes", "node_filesystem_size_bytes"), "{{mountpoint}}"),
    most=1,
)

FILES = graph(
    "Inodes",
    "Used share of the inodes of each filesystem. When they run out, no file can be made though"
    " there is space.",
    "percentunit",
    query(used("node_filesystem_files_free", "node_filesystem_files"), "{{mountpoint}}"),
    most=1,
)

DISK_BYTES = graph(
    "Disk traffic",
    "Bytes read from and written to each disk.",
    "Bps",
    query(rate("node_disk_read_bytes_total"), "{{device}} read"),
    query(rate("node_disk_written_bytes_total"), "{{device}} written"),
)

DISK_TIME = graph(
    "Disk time",
    "Share of time in which each disk had work. At 100% a spinning disk is full; a fast one may"
    " take more.",
    "percentunit",
    query(f"instance_device:node_disk_io_time_seconds:rate5m{{{THIS}}}", "{{device}}"),
    most=1,
)

NETWORK_BYTES = graph(
    "Network traffic",
    "Bytes received and sent by each interface.",
    "Bps",
    query(rate("node_network_receive_bytes_total", OUTSIDE), "{{device}} received"),
    query(rate("node_network_transmit_bytes_total", OUTSIDE), "{{device}} sent"),
)

NETWORK_LOSS = graph(
    "Network loss",
    "Packets that were dropped or damaged. Now and then is normal; a steady line is not.",
    "pps",
    query(rate("node_network_receive_drop_total", OUTSIDE), "{{device}} received, dropped"),
    query(rate("node_network_transmit_drop_total", OUTSIDE), "{{device}} sent, dropped"),
    query(rate("node_network_receive_errs_total", OUTSIDE), "{{device}} received, damaged"),
    query(rate("node_network_transmit_errs_total", OUTSIDE), "{{device}} sent, damaged"),
)

MACHINE = dashboard(
    "hyperion-machine",
    "Machine",
    "One machine: processors, memory, disks and network.",
    (
        (CPU, LOAD),
        (MEMORY, PAGING),
        (SPACE, FILES),
        (DISK_BYTES, DISK_TIME),
        (NETWORK_BYTES, NETWORK_LOSS),
    ),
    choice("instance", "Machine", 'label_values(node_uname_info{job="node"}, instance)'),
)
