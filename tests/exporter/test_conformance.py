"""node_exporter's own fixture machine: what we claim to give, we give as it does, to the value."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from hyperion_exporter import config
from hyperion_exporter.collectors import COLLECTORS
from hyperion_exporter.guard import Guard
from lab import fixtures
from lab.fixtures import FIXTURES
from lab.pages import names

# The flags of that project's end-to-end test, as far as we have the collector.
FLAGS = {
    "arp": ["--collector.arp.device-exclude=nope"],
    "cpu": [
        "--collector.cpu.info.flags-include=^(aes|avx.?|constant_tsc)$",
        "--collector.cpu.info.bugs-include=^(cpu_meltdown|spectre_.*|mds)$",
    ],
    "hwmon": ["--collector.hwmon.chip-include=(applesmc|coretemp|hwmon4|nct6779)"],
    "netclass": [
        "--collector.netclass.ignored-devices=(dmz|int)",
        "--collector.netclass.ignore-invalid-speed",
    ],
    "netdev": ["--collector.netdev.device-include=lo"],
    "netstat": [
        # Its default: ours has one field more.
        "--collector.netstat.fields=^(.*_(InErrors|InErrs)|Ip_Forwarding"
        "|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)"
        "|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)"
        "|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)"
        "|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$"
    ],
    "stat": ["--collector.stat.softirq"],
    "textfile": ["--collector.textfile.directory={root}/textfile/two_metric_files"],
}
# Their families by collector: a prefix of the name, or the name itself. Longest prefix wins.
FAMILIES = {
    "arp": "node_arp_",
    "bonding": "node_bonding_",
    "btrfs": "node_btrfs_",
    "buddyinfo": "node_buddyinfo_",
    "cgroups": "node_cgroups_",
    "conntrack": "node_nf_conntrack_",
    "cpu": "node_cpu_",
    "cpu_vulnerabilities": "node_cpu_vulnerabilities_",
    "cpufreq": "node_cpu_scaling_ node_cpu_frequency_",
    "diskstats": "node_disk_",
    "dmi": "node_dmi_",
    "edac": "node_edac_",
    "entropy": "node_entropy_",
    "fibrechannel": "node_fibrechannel_",
    "filefd": "node_filefd_",
    "hwmon": "node_hwmon_",
    "infiniband": "node_infiniband_",
    "interrupts": "node_interrupts_",
    "kernel_hung": "node_kernel_hung_",
    "ksmd": "node_ksmd_",
    "loadavg": "node_load",
    "mdadm": "node_md_",
    "meminfo": "node_memory_",
    "meminfo_numa": "node_memory_numa_",
    "mountstats": "node_mountstats_",
    "netclass": "node_network_",
    "netdev": "node_network_receive_ node_network_transmit_",
    "netstat": "node_netstat_",
    "nfs": "node_nfs_",
    "nfsd": "node_nfsd_",
    "nvme": "node_nvme_",
    "os": "node_os_",
    "powersupplyclass": "node_power_supply_",
    "pressure": "node_pressure_",
    "processes": "node_processes_",
    "rapl": "node_rapl_",
    "schedstat": "node_schedstat_",
    "slabinfo": "node_slabinfo_",
    "sockstat": "node_sockstat_",
    "softirqs": "node_softirqs_",
    "softnet": "node_softnet_",
    "stat": "node_boot_ node_context_ node_forks_ node_intr_ node_procs_",
    "textfile": "node_textfile_ testmetric",
    "thermal_zone": "node_thermal_zone_ node_cooling_device_",
    "time": "node_time_",
    "udp_queues": "node_udp_queues",
    "vmstat": "node_vmstat_",
    "watchdog": "node_watchdog_",
    "xfs": "node_xfs_",
    "zfs": "node_zfs_",
    "zoneinfo": "node_zoneinfo_",
}
# netclass, but named like netdev.
EXCEPTIONS = {
    "node_cpu_frequency_hertz": "cpu",
    "node_network_transmit_queue_length": "netclass",
    "node_softirqs_total": "stat",
}
# Read from the live machine or the clock there too, so no fixture can say what is right.
LIVE = (
    "node_network_receive_",
    "node_network_transmit_",
    "node_time_seconds",
    "node_time_zone_offset",
    "node_textfile_mtime",
)

E2E = FIXTURES / "e2e-output.txt"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
CLAIMED = sorted({kind.name for kind in COLLECTORS} & set(FAMILIES))


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fixtures.machine(tmp_path_factory.mktemp("node_exporter"))


@pytest.mark.parametrize("collector", CLAIMED)
def test_a_collector_equals_node_exporter_to_the_value(collector: str, machine: Path) -> None:
    our_text = our_page(collector, machine)
    ours, our_kinds = parsed(our_text)
    theirs, their_kinds = expected(collector)
    assert sorted(ours.keys() - theirs.keys(), key=str) == []
    assert sorted(theirs.keys() - ours.keys(), key=str) == []
    different = {
        key: (value, theirs[key])
        for key, value in ours.items()
        if not math.isclose(value, theirs[key], rel_tol=1e-12) and not both_nan(value, theirs[key])
    }
    assert different == {}
    assert written(our_text, collector) == written(E2E.read_text(), collector)
    assert {name: kind for name, kind in our_kinds.items() if kind != their_kinds[name]} == {}


def test_the_share_of_the_whole_is_printed(machine: Path) -> None:
    """How far we are on the way; not a bar, the bar is each collector above."""
    text = E2E.read_text()
    theirs = {name for name in parsed(text)[1] if not name.startswith(("go_", "promhttp_"))}
    ours = {name for name in theirs if owner(name) in CLAIMED}
    print(f"\n{len(ours)} of node_exporter's {len(theirs)} families, {len(CLAIMED)} collectors")
    assert ours


def our_page(collector: str, root: Path) -> str:
    argv = ["--collector.disable-defaults", f"--collector.{collector}"]
    argv += [f"--path.{name}={root}/{name.removesuffix('fs')}" for name in ("procfs", "sysfs")]
    argv += [f"--path.rootfs={root}", f"--path.udev.data={root}/udev/data"]
    argv += [flag.format(root=root) for flag in FLAGS.get(collector, [])]
    page = Guard(config.read(argv, COLLECTORS).collectors).gather(30)
    # Labels that name a path name it as theirs does.
    return page.replace(str(root), "collector/fixtures")


def expected(collector: str) -> tuple[Samples, dict[str, str]]:
    samples, kinds = parsed(E2E.read_text())
    return {key: value for key, value in samples.items() if owner(key[0]) == collector}, kinds


def written(text: str, collector: str) -> set[str]:
    return {n for n in names(text) if owner(n) == collector and not n.startswith(LIVE)}


def owner(name: str) -> str:
    """The collector that a family belongs to."""
    if name in EXCEPTIONS:
        return EXCEPTIONS[name]
    found = [
        (len(prefix), collector) for prefix, collector in prefixes() if name.startswith(prefix)
    ]
    return max(found)[1] if found else ""


def prefixes() -> Iterator[tuple[str, str]]:
    for collector, words in FAMILIES.items():
        for prefix in words.split():
            yield prefix, collector


def parsed(text: str) -> tuple[Samples, dict[str, str]]:
    samples: Samples = {}
    kinds: dict[str, str] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if owner(sample.name) and not sample.name.startswith(LIVE):
                # An empty label is, to Prometheus, no label.
                labels = frozenset((k, v) for k, v in sample.labels.items() if v)
                samples[sample.name, labels] = sample.value
                kinds[sample.name] = family.type
    return samples, kinds


def both_nan(one: float, other: float) -> bool:
    return math.isnan(one) and math.isnan(other)
