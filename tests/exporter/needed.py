"""The names that dashboards and alerts of the world ask for, by the collector that gives them.

They are of the dashboard "Node Exporter Full" and of node_exporter's own mixin.
"""

import re
from collections.abc import Mapping

QUERIES = 286
DASHBOARD = {
    "arp": "node_arp_entries",
    "conntrack": "node_nf_conntrack_{entries entries_limit}",
    "cpu": "node_cpu_{seconds guest_seconds}_total",
    "cpufreq": "node_cpu_scaling_frequency_{hertz max_hertz min_hertz}",
    "diskstats": "node_disk_io_now node_disk_{discard_time_seconds discarded_sectors"
    " discards_completed discards_merged flush_requests flush_requests_time_seconds"
    " io_time_seconds io_time_weighted_seconds read_bytes read_time_seconds reads_completed"
    " reads_merged write_time_seconds writes_completed writes_merged written_bytes}_total",
    "entropy": "node_entropy_{available_bits pool_size_bits}",
    # The last two are the Guard's and on every page.
    "exporter": "process_{cpu_seconds_total max_fds open_fds virtual_memory_bytes"
    " virtual_memory_max_bytes} node_scrape_collector_{duration_seconds success}",
    "filefd": "node_filefd_{allocated maximum}",
    "filesystem": "node_filesystem_{avail_bytes device_error files files_free free_bytes readonly"
    " size_bytes}",
    "hwmon": "node_hwmon_{chip_names fan_min_rpm fan_rpm temp_celsius temp_crit_alarm_celsius"
    " temp_crit_celsius temp_crit_hyst_celsius temp_max_celsius}",
    "interrupts": "node_interrupts_total",
    "kernel_hung": "node_kernel_hung_tasks",
    "loadavg": "node_{load1 load5 load15}",
    "meminfo": "node_memory_HugePages_{Free Rsvd Surp Total} node_memory_{Active Active_anon"
    " Active_file AnonHugePages AnonPages Buffers Cached CommitLimit Committed_AS DirectMap1G"
    " DirectMap2M DirectMap4k Dirty HardwareCorrupted Hugepagesize Inactive Inactive_anon"
    " Inactive_file KernelStack Mapped MemAvailable MemFree MemTotal Mlocked NFS_Unstable"
    " PageTables Percpu SReclaimable SUnreclaim Shmem ShmemHugePages ShmemPmdMapped Slab SwapCached"
    " SwapFree SwapTotal Unevictable VmallocChunk VmallocTotal VmallocUsed Writeback WritebackTmp"
    " Zswap Zswapped}_bytes",
    "netclass": "node_network_{carrier mtu_bytes speed_bytes up}",
    "netdev": "node_network_receive_{bytes compressed drop errs fifo frame multicast nohandler"
    " packets}_total node_network_transmit_{bytes carrier colls compressed drop errs fifo"
    " packets}_total",
    "netstat": "node_netstat_Icmp_{InErrors InMsgs OutMsgs} node_netstat_IpExt_{InOctets OutOctets}"
    " node_netstat_TcpExt_{ListenDrops ListenOverflows SyncookiesFailed SyncookiesRecv"
    " SyncookiesSent TCPOFOQueue TCPRcvQDrop TCPSynRetrans TCPTimeouts} node_netstat_Tcp_{"
    "ActiveOpens CurrEstab InErrs InSegs MaxConn OutRsts OutSegs PassiveOpens RetransSegs}"
    " node_netstat_UdpLite_InErrors node_netstat_Udp_{InDatagrams InErrors NoPorts OutDatagrams"
    " RcvbufErrors SndbufErrors}",
    "powersupplyclass": "node_power_supply_online",
    "pressure": "node_pressure_{cpu_waiting io_stalled io_waiting irq_stalled memory_stalled"
    " memory_waiting}_seconds_total",
    "processes": "node_processes_{max_processes max_threads pids state threads}",
    "schedstat": "node_schedstat_{running_seconds timeslices waiting_seconds}_total",
    "sockstat": "node_sockstat_{FRAG_inuse FRAG_memory RAW_inuse TCP_alloc TCP_inuse TCP_mem"
    " TCP_mem_bytes TCP_orphan TCP_tw UDPLITE_inuse UDP_inuse UDP_mem UDP_mem_bytes sockets_used}",
    "softnet": "node_softnet_{dropped flow_limit_count processed received_rps"
    " times_squeezed}_total",
    "stat": "node_{boot_time_seconds context_switches_total forks_total intr_total procs_blocked"
    " procs_running}",
    "systemd": "node_systemd_{socket_accepted_connections_total socket_current_connections"
    " socket_refused_connections_total units}",
    "tcpstat": "node_tcp_connection_states",
    "textfile": "node_textfile_scrape_error",
    "thermal_zone": "node_cooling_device_{cur_state max_state}",
    "time": "node_time_seconds",
    "timex": "node_timex_{estimated_error_seconds frequency_adjustment_ratio loop_time_constant"
    " maxerror_seconds offset_seconds pps_calibration_total pps_error_total pps_frequency_hertz"
    " pps_jitter_seconds pps_jitter_total pps_shift_seconds pps_stability_exceeded_total"
    " pps_stability_hertz sync_status tai_offset_seconds tick_seconds}",
    "udp_queues": "node_udp_queues",
    "vmstat": "node_vmstat_{oom_kill pgfault pgmajfault pgpgin pgpgout pswpin pswpout}",
}

# The mixin asks for these, the dashboard does not.
MIXIN_ALONE = {
    "bonding": "node_bonding_{active slaves}",
    "exporter": "node_exporter_build_info",
    "mdadm": "node_md_{disks disks_required}",
    "systemd": "node_systemd_{unit_state service_restart_total}",
    "uname": "node_uname_info",
}

# Alerts, and how many rules each has: some come as a warning and as critical.
SPACE = "node_filesystem_{avail_bytes size_bytes readonly}"
INODES = "node_filesystem_{files files_free readonly}"
ALERTS = {
    "NodeBondingDegraded": (1, "node_bonding_{active slaves}"),
    "NodeCPUHighUsage": (1, "node_cpu_seconds_total"),
    "NodeClockNotSynchronising": (1, "node_timex_{sync_status maxerror_seconds}"),
    "NodeClockSkewDetected": (1, "node_timex_offset_seconds"),
    "NodeDiskIOSaturation": (1, "node_disk_io_time_weighted_seconds_total"),
    "NodeFileDescriptorLimit": (2, "node_filefd_{allocated maximum}"),
    "NodeFilesystemAlmostOutOfFiles": (2, INODES),
    "NodeFilesystemAlmostOutOfSpace": (2, SPACE),
    "NodeFilesystemFilesFillingUp": (2, INODES),
    "NodeFilesystemSpaceFillingUp": (2, SPACE),
    "NodeHighNumberConntrackEntriesUsed": (1, "node_nf_conntrack_{entries entries_limit}"),
    "NodeMemoryHighUtilization": (1, "node_memory_{MemAvailable MemTotal}_bytes"),
    "NodeMemoryMajorPagesFaults": (1, "node_vmstat_pgmajfault"),
    "NodeNetworkReceiveErrs": (1, "node_network_receive_{errs packets}_total"),
    "NodeNetworkTransmitErrs": (1, "node_network_transmit_{errs packets}_total"),
    "NodeRAIDDegraded": (1, "node_md_{disks disks_required}"),
    "NodeRAIDDiskFailure": (1, "node_md_disks"),
    "NodeSystemSaturation": (1, "node_load1 node_cpu_seconds_total"),
    "NodeSystemdServiceCrashlooping": (1, "node_systemd_service_restart_total"),
    "NodeSystemdServiceFailed": (1, "node_systemd_unit_state"),
    "NodeTextFileCollectorScrapeError": (1, "node_textfile_scrape_error"),
}
# Recording rules by their subject.
RULES = {
    "cpu": (2, "node_cpu_seconds_total"),
    "disk busy": (1, "node_disk_io_time_seconds_total"),
    "disk queue": (1, "node_disk_io_time_weighted_seconds_total"),
    "load": (1, "node_load1"),
    "memory": (1, "node_memory_{Buffers Cached MemAvailable MemFree MemTotal Slab}_bytes"),
    "network": (8, "node_network_{receive transmit}_bytes_total"
                " node_network_{receive transmit}_drop_total"),
    "page faults": (1, "node_vmstat_pgmajfault"),
}  # fmt: skip
MIXIN_DASHBOARDS = (
    "node_load5 node_load15 node_disk_{read_bytes written_bytes}_total node_uname_info"
    " node_exporter_build_info"
)

# Queries that stay empty, and why; each is one of the dashboard's.
LEFT_OUT = {
    "node_kernel_hung_tasks": "in OpenMetrics that is the family of node_kernel_hung_tasks_total",
    'node_network_up{operstate="up"}': "a second node_network_up of an interface breaks what joins"
    " or sums the first; the label is on node_network_info",
}


def names(pattern: str) -> list[str]:
    """`a_{b c}_d e` is a_b_d, a_c_d and e."""
    parts = re.findall(r"(\w*)\{([^}]*)\}(\w*)|(\S+)", pattern)
    return [
        name
        for before, inside, behind, plain in parts
        for name in ([plain] if plain else [before + word + behind for word in inside.split()])
    ]


def count(rules: Mapping[str, tuple[int, str]]) -> int:
    return sum(number for number, _ in rules.values())


def by_collector() -> dict[str, set[str]]:
    kinds = DASHBOARD.keys() | MIXIN_ALONE.keys()
    both = {kind: f"{DASHBOARD.get(kind, '')} {MIXIN_ALONE.get(kind, '')}" for kind in kinds}
    return {kind: set(names(pattern)) for kind, pattern in sorted(both.items())}
