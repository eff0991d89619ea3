"""What psutil tells, under Linux's names: on fakes of Windows and macOS, and really on Linux."""

import platform
import threading
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from hyperion_exporter import collectors
from hyperion_exporter.collector import Collector, NoData, NoOptions
from hyperion_exporter.collectors import portable
from hyperion_exporter.collectors.exporter import Options as ExporterOptions
from hyperion_exporter.collectors.portable.cpu import Cpu
from hyperion_exporter.collectors.portable.diskstats import Options as DiskOptions
from hyperion_exporter.collectors.portable.filesystem import Options as FilesystemOptions
from hyperion_exporter.collectors.portable.netdev import Options as NetOptions
from hyperion_exporter.collectors.portable.system import System
from hyperion_exporter.collectors.portable.time import Time
from hyperion_exporter.collectors.portable.uname import Uname
from hyperion_exporter.paths import Paths
from lab import systems

MIB = systems.MIB
LINUX: dict[str, Any] = {kind.name: kind for kind in collectors.COLLECTORS}
PORTABLE: dict[str, Any] = {kind.name: kind for kind in portable.COLLECTORS}
Samples = dict[tuple[str, ...], float]
Scrape = Callable[[Collector], Samples]
See = Callable[..., Samples]


@pytest.fixture
def see(paths: Paths, scrape: Scrape) -> See:
    def see(name: str, system: System, options: Any = None) -> Samples:
        kind = PORTABLE[name]
        return scrape(kind(paths, options or kind.options(), system))

    return see


def windows(**other: Any) -> System:
    return System("win32", systems.windows(**other))


def macos(**other: Any) -> System:
    return System("darwin", systems.macos(**other))


def test_on_windows_interrupts_are_not_counted_as_system_time_again(see: See) -> None:
    samples = see("cpu", windows())
    assert {key[2]: value for key, value in samples.items() if key[1] == "1"} == {
        "user": 10, "system": 5, "idle": 100, "irq": 1, "softirq": 2,
    }  # fmt: skip
    assert sum(v for k, v in samples.items() if k[1] == "0") == 10 + 8 + 100


def test_on_windows_system_time_never_steps_back(paths: Paths, scrape: Scrape) -> None:
    """To Prometheus that were a restart, and all that was counted would be counted again."""
    steps = iter([
        systems.WindowsTimes(0, 0.3, 0, 0.1, 0.1),
        systems.WindowsTimes(0, 0.3 + 0.1, 0, 0.1 + 0.1, 0.1),
        systems.WindowsTimes(0, 0.4, 0, 0.2, 0.2),
    ])  # fmt: skip
    system = windows(cpu_times=lambda percpu: [next(steps)])
    cpu = Cpu(paths, NoOptions(), system)
    alone = [scrape(cpu)["node_cpu_seconds_total", "0", "system"] for _ in range(3)]
    assert alone == [0.1, 0.1, 0.1]


def test_on_macos_a_processor_has_four_modes(see: See) -> None:
    modes = {k[2]: v for k, v in see("cpu", macos()).items() if k[1] == "0"}
    assert modes == {"user": 10, "nice": 0, "system": 8, "idle": 100}


def test_memory_has_the_names_of_linux_everywhere(see: See) -> None:
    names = {
        ("node_memory_MemTotal_bytes",): 1024 * MIB,
        ("node_memory_MemAvailable_bytes",): 256 * MIB,
        ("node_memory_MemFree_bytes",): 256 * MIB,
        ("node_memory_SwapTotal_bytes",): 64 * MIB,
        ("node_memory_SwapFree_bytes",): 48 * MIB,
    }
    assert see("meminfo", windows()) == names
    names["node_memory_MemFree_bytes",] = 32 * MIB
    assert see("meminfo", macos()).items() >= names.items()


def test_on_macos_memory_has_node_exporters_names_too(see: See) -> None:
    samples = see("meminfo", macos())
    assert {k[0]: v / MIB for k, v in samples.items() if k[0].islower()} == {
        "node_memory_total_bytes": 1024,
        "node_memory_free_bytes": 32,
        "node_memory_active_bytes": 224,
        "node_memory_inactive_bytes": 200,
        "node_memory_wired_bytes": 288,
        "node_memory_swap_total_bytes": 64,
        "node_memory_swap_used_bytes": 16,
        "node_memory_swapped_in_bytes_total": 8,
        "node_memory_swapped_out_bytes_total": 4,
    }


def test_disks_tell_times_only_where_their_unit_is_sure(see: See) -> None:
    counts = {
        "node_disk_reads_completed_total": 7,
        "node_disk_read_bytes_total": 700,
        "node_disk_writes_completed_total": 5,
        "node_disk_written_bytes_total": 500,
    }
    on_windows = see("diskstats", windows())
    assert on_windows == {(name, "PhysicalDrive0"): n for name, n in counts.items()}
    counts["node_disk_read_time_seconds_total"] = 3
    counts["node_disk_write_time_seconds_total"] = 2
    assert see("diskstats", macos()) == {(name, "disk0"): n for name, n in counts.items()}


def test_interfaces_tell_what_the_system_counts(see: See) -> None:
    on_windows = see("netdev", windows())
    assert {k[0].removeprefix("node_network_"): v for k, v in on_windows.items()} == {
        "receive_bytes_total": 10, "receive_packets_total": 1,
        "receive_errs_total": 3, "receive_drop_total": 5,
        "transmit_bytes_total": 20, "transmit_packets_total": 2,
        "transmit_errs_total": 4, "transmit_drop_total": 6,
    }  # fmt: skip
    assert {key[1] for key in on_windows} == {"Ethernet 2"}
    on_macos = {name for name, _ in see("netdev", macos())}
    assert {k[0] for k in on_windows} - on_macos == {"node_network_transmit_drop_total"}


def test_a_drive_says_how_full_it_is(see: See) -> None:
    samples = see("filesystem", windows())
    disk, disc = ("C:\\", "C:\\", "NTFS", ""), ("D:\\", "D:\\", "CDFS", "")
    assert samples["node_filesystem_size_bytes", *disk] == 1000
    assert samples["node_filesystem_avail_bytes", *disk] == 400
    assert samples["node_filesystem_free_bytes", *disk] == 400
    readonly = [samples["node_filesystem_readonly", *labels] for labels in (disk, disc)]
    assert readonly == [0, 1]


def test_a_drive_without_a_medium_is_no_fault(see: See) -> None:
    assert not [key for key in see("filesystem", windows()) if key[1] == "E:\\"]


def test_on_macos_free_space_is_what_the_volumes_share(see: See) -> None:
    samples = see("filesystem", macos())
    root, data = ("/dev/disk3s1s1", "/"), ("/dev/disk3s5", "/System/Volumes/Data")
    for name, numbers in {"free_bytes": [400, 400], "readonly": [1, 0]}.items():
        family = f"node_filesystem_{name}"
        assert [samples[family, *volume, "apfs", ""] for volume in (root, data)] == numbers


def test_a_battery_says_how_long_it_lasts(see: See) -> None:
    on_battery, plugged_in = ("battery",), ("mains",)
    assert see("powersupplyclass", windows()) == {
        ("node_power_supply_capacity", *on_battery): 80,
        ("node_power_supply_time_to_empty_seconds", *on_battery): 7200,
        ("node_power_supply_online", *plugged_in): 0,
    }
    assert see("powersupplyclass", macos()) == {
        ("node_power_supply_capacity", *on_battery): 80,
        ("node_power_supply_current_capacity", *on_battery): 80,
        ("node_power_supply_online", *plugged_in): 1,
    }


@pytest.mark.parametrize(
    "battery", [systems.Battery(255, -1, None), systems.Battery(255, -1, False)]
)
def test_what_a_battery_does_not_know_is_left_out(battery: object, see: See) -> None:
    system = windows(sensors_battery=lambda: battery)
    assert {k[1] for k in see("powersupplyclass", system)} <= {"mains"}


def test_sensors_are_given_where_psutil_has_them(see: See) -> None:
    core = [systems.Sensor("Core 0", 41.5, 80.0, 100.0), systems.Sensor("", None, None, None)]
    system = System("freebsd14", systems.macos(sensors_temperatures=lambda: {"coretemp": core}))
    assert see("hwmon", system) == {
        ("node_hwmon_sensor_label", "coretemp", "Core 0", "temp1"): 1,
        ("node_hwmon_temp_celsius", "coretemp", "temp1"): 41.5,
    }


def test_the_exporter_says_its_version_and_what_it_costs(see: See) -> None:
    samples = see("exporter", windows())
    assert samples["process_cpu_seconds_total",] == 2.0
    assert samples["process_start_time_seconds",] == 1_700_000_000.25
    assert samples["process_resident_memory_bytes",] == 20 * MIB
    assert samples["process_open_fds",] == 211
    assert see("exporter", macos())["process_open_fds",] == 12
    [build] = see("exporter", macos(), ExporterOptions(only_version=True))
    assert build[0] == "node_exporter_build_info"


def test_the_machine_says_who_it_is_and_what_time_it_has(paths: Paths, scrape: Scrape) -> None:
    mac = platform.uname_result("Darwin", "alder.example.org", "24.6.0", "Darwin Kernel", "arm64")
    assert scrape(Uname(paths, NoOptions(), lambda: mac)) == {
        ("node_uname_info", "example.org", "arm64", "alder", "24.6.0", "Darwin", "Darwin Kernel"): 1
    }
    pc = platform.uname_result("Windows", "BIRCH", "11", "10.0.26100", "AMD64")
    [info] = scrape(Uname(paths, NoOptions(), lambda: pc))
    assert info[1:4] == ("(none)", "AMD64", "BIRCH")
    samples = scrape(Time(paths, NoOptions(), lambda: 1_700_000_000.5))
    assert samples["node_time_seconds",] == 1_700_000_000.5


def test_devices_are_left_out_by_name(see: See) -> None:
    for name, options in {
        "diskstats": (DiskOptions(device_exclude="0$"), DiskOptions(device_include="^x")),
        "netdev": (NetOptions(device_exclude="^en"), NetOptions(device_include="^x")),
        "filesystem": (FilesystemOptions(mount_points_exclude="^/"),
                              FilesystemOptions(fs_types_include="ntfs")),
    }.items():  # fmt: skip
        assert [see(name, macos(), chosen) for chosen in options] == [{}, {}]


@pytest.mark.parametrize(
    ("name", "lacking"),
    [
        ("powersupplyclass", {"sensors_battery": lambda: None}),
        ("hwmon", {}),
        ("hwmon", {"sensors_temperatures": dict, "sensors_fans": dict}),
        ("diskstats", {"disk_io_counters": lambda perdisk, nowrap: {}}),
    ],
)
def test_a_machine_that_has_none_is_no_fault(name: str, lacking: dict[str, Any], see: See) -> None:
    with pytest.raises(NoData):
        see(name, macos(**lacking))


def test_a_machine_that_knows_of_no_batteries_has_none(see: See) -> None:
    system = macos()
    del system.psutil.sensors_battery
    with pytest.raises(NoData):
        see("powersupplyclass", system)


def test_a_drive_that_cannot_be_read_says_why(see: See) -> None:
    def locked(path: str) -> systems.Usage:
        if path == "D:\\":
            raise PermissionError(13, "The device is not ready")
        return systems.Usage(1000, 600, 400, 60.0)

    samples = see("filesystem", windows(disk_usage=locked))
    errors = {k[1]: (k[4], v) for k, v in samples.items() if k[0].endswith("device_error")}
    assert errors == {"C:\\": ("", 0), "D:\\": ("the device is not ready", 1)}
    assert not [k for k in samples if k[0].endswith("_bytes") and k[1] == "D:\\"]


def test_a_drive_that_never_answers_costs_only_its_own_numbers(see: See) -> None:
    release = threading.Event()

    def hung(path: str) -> systems.Usage:
        if path == "C:\\":
            release.wait()
        return systems.Usage(50, 50, 0, 100.0)

    try:
        samples = see("filesystem", windows(disk_usage=hung))
    finally:
        release.set()
    errors = {k[1]: k[4] for k in samples if k[0].endswith("device_error")}
    assert errors == {"C:\\": "mountpoint timeout", "D:\\": ""}
    assert samples["node_filesystem_size_bytes", "D:\\", "D:\\", "CDFS", ""] == 50


# How far psutil's number may lie outside two readings of ours, taken before and after it.
SHARE = 0.02
SECONDS = 2.0
MEMORY = 64 * MIB


def between(name: str, ours: tuple[float, float], psutils: float) -> bool:
    room = MEMORY if name.endswith("_bytes") else SECONDS
    # A moment in time is no larger for being long after 1970.
    share = 0.0 if name.endswith("_time_seconds") else SHARE * max(ours)
    return min(ours) - max(room, share) <= psutils <= max(ours) + max(room, share)


@pytest.mark.parametrize(
    ("name", "ours_in", "options"),
    [
        ("boottime", "stat", {}),
        ("cpu", "cpu", {}),
        ("diskstats", "diskstats", {"device_exclude": ""}),
        ("exporter", "exporter", {}),
        ("filesystem", "filesystem", {}),
        ("loadavg", "loadavg", {}),
        ("meminfo", "meminfo", {}),
        ("netdev", "netdev", {}),
    ],
)
def test_read_on_linux_the_numbers_are_those_of_the_linux_collector(
    name: str, ours_in: str, options: dict[str, str], scrape: Scrape
) -> None:
    here = LINUX[ours_in](Paths(), LINUX[ours_in].options(**options))
    there = PORTABLE[name](Paths(), PORTABLE[name].options(), System("linux", psutil))
    before, psutils, after = scrape(here), scrape(there), scrape(here)
    # In a container psutil sees no disk.
    assert psutils or (name == "filesystem" and not psutil.disk_partitions())
    assert psutils.keys() <= before.keys() & after.keys()
    pairs = {key: ((before[key], after[key]), value) for key, value in psutils.items()}
    assert {key: pair for key, pair in pairs.items() if not between(key[0], *pair)} == {}
