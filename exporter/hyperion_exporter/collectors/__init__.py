"""One subject per file; this list is what there is, and portable/ has that of other systems."""

import sys

from hyperion_exporter.collector import Collector

if sys.platform == "linux":
    from hyperion_exporter.collectors.adaptive import Adaptive
    from hyperion_exporter.collectors.arp import Arp
    from hyperion_exporter.collectors.bonding import Bonding
    from hyperion_exporter.collectors.btrfs import Btrfs
    from hyperion_exporter.collectors.buddyinfo import Buddyinfo
    from hyperion_exporter.collectors.cgroups import Cgroups
    from hyperion_exporter.collectors.conntrack import Conntrack
    from hyperion_exporter.collectors.cpu import Cpu
    from hyperion_exporter.collectors.cpu_vulnerabilities import CpuVulnerabilities
    from hyperion_exporter.collectors.cpufreq import Cpufreq
    from hyperion_exporter.collectors.diskstats import Diskstats
    from hyperion_exporter.collectors.dmi import Dmi
    from hyperion_exporter.collectors.edac import Edac
    from hyperion_exporter.collectors.entropy import Entropy
    from hyperion_exporter.collectors.events import Events
    from hyperion_exporter.collectors.exporter import Exporter
    from hyperion_exporter.collectors.fibrechannel import Fibrechannel
    from hyperion_exporter.collectors.filefd import Filefd
    from hyperion_exporter.collectors.filesystem import Filesystem
    from hyperion_exporter.collectors.health import Health
    from hyperion_exporter.collectors.hwmon import Hwmon
    from hyperion_exporter.collectors.infiniband import Infiniband
    from hyperion_exporter.collectors.interrupts import Interrupts
    from hyperion_exporter.collectors.kernel_hung import KernelHung
    from hyperion_exporter.collectors.ksmd import Ksmd
    from hyperion_exporter.collectors.loadavg import Loadavg
    from hyperion_exporter.collectors.logind import Logind
    from hyperion_exporter.collectors.mdadm import Mdadm
    from hyperion_exporter.collectors.meminfo import Meminfo
    from hyperion_exporter.collectors.meminfo_numa import MeminfoNuma
    from hyperion_exporter.collectors.mountstats import Mountstats
    from hyperion_exporter.collectors.netclass import Netclass
    from hyperion_exporter.collectors.netdev import Netdev
    from hyperion_exporter.collectors.netstat import Netstat
    from hyperion_exporter.collectors.nfs import Nfs
    from hyperion_exporter.collectors.nfsd import Nfsd
    from hyperion_exporter.collectors.nvme import Nvme
    from hyperion_exporter.collectors.os import Os
    from hyperion_exporter.collectors.powersupplyclass import Powersupplyclass
    from hyperion_exporter.collectors.pressure import Pressure
    from hyperion_exporter.collectors.process_groups import ProcessGroups
    from hyperion_exporter.collectors.process_top import ProcessTop
    from hyperion_exporter.collectors.processes import Processes
    from hyperion_exporter.collectors.rapl import Rapl
    from hyperion_exporter.collectors.reboot import Reboot
    from hyperion_exporter.collectors.schedstat import Schedstat
    from hyperion_exporter.collectors.slabinfo import Slabinfo
    from hyperion_exporter.collectors.smart import Smart
    from hyperion_exporter.collectors.sockstat import Sockstat
    from hyperion_exporter.collectors.softirqs import Softirqs
    from hyperion_exporter.collectors.softnet import Softnet
    from hyperion_exporter.collectors.stat import Stat
    from hyperion_exporter.collectors.systemd import Systemd
    from hyperion_exporter.collectors.tcpstat import Tcpstat
    from hyperion_exporter.collectors.textfile import Textfile
    from hyperion_exporter.collectors.thermal_zone import ThermalZone
    from hyperion_exporter.collectors.time import Time
    from hyperion_exporter.collectors.timex import Timex
    from hyperion_exporter.collectors.udp_queues import UdpQueues
    from hyperion_exporter.collectors.uname import Uname
    from hyperion_exporter.collectors.updates import Updates
    from hyperion_exporter.collectors.users import Users
    from hyperion_exporter.collectors.vmstat import Vmstat
    from hyperion_exporter.collectors.watchdog import Watchdog
    from hyperion_exporter.collectors.xfs import Xfs
    from hyperion_exporter.collectors.zfs import Zfs
    from hyperion_exporter.collectors.zoneinfo import Zoneinfo

    COLLECTORS: tuple[type[Collector], ...] = (
        Adaptive,
        Arp,
        Bonding,
        Btrfs,
        Buddyinfo,
        Cgroups,
        Conntrack,
        Cpu,
        CpuVulnerabilities,
        Cpufreq,
        Diskstats,
        Dmi,
        Edac,
        Entropy,
        Events,
        Exporter,
        Fibrechannel,
        Filefd,
        Filesystem,
        Health,
        Hwmon,
        Infiniband,
        Interrupts,
        KernelHung,
        Ksmd,
        Loadavg,
        Logind,
        Mdadm,
        Meminfo,
        MeminfoNuma,
        Mountstats,
        Netclass,
        Netdev,
        Netstat,
        Nfs,
        Nfsd,
        Nvme,
        Os,
        Powersupplyclass,
        Pressure,
        ProcessGroups,
        ProcessTop,
        Processes,
        Rapl,
        Reboot,
        Schedstat,
        Slabinfo,
        Smart,
        Sockstat,
        Softirqs,
        Softnet,
        Stat,
        Systemd,
        Tcpstat,
        Textfile,
        ThermalZone,
        Time,
        Timex,
        UdpQueues,
        Uname,
        Updates,
        Users,
        Vmstat,
        Watchdog,
        Xfs,
        Zfs,
        Zoneinfo,
    )
else:
    # The others want /proc, and modules that Windows does not have.
    from hyperion_exporter.collectors.portable import COLLECTORS as COLLECTORS
