"""Clock rates and governors."""

from collections.abc import Callable
from pathlib import Path

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.cpufreq import Cpufreq
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

CPU = "sys/devices/system/cpu"


def test_rates_are_in_hertz_and_one_governor_is_on(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{CPU}/cpu0/cpufreq/scaling_cur_freq", "1699981\n")
    write(f"{CPU}/cpu0/cpufreq/cpuinfo_max_freq", "3700000\n")
    write(f"{CPU}/cpu0/cpufreq/scaling_governor", "powersave\n")
    write(f"{CPU}/cpu0/cpufreq/scaling_available_governors", "performance powersave\n")
    assert scrape(Cpufreq(paths, NoOptions())) == {
        ("node_cpu_scaling_governor", "0", "performance"): 0,
        ("node_cpu_scaling_governor", "0", "powersave"): 1,
        ("node_cpu_scaling_frequency_hertz", "0"): 1_699_981_000,
        ("node_cpu_frequency_max_hertz", "0"): 3_700_000_000,
    }


def test_a_virtual_machine_has_nothing_to_say(paths: Paths, write: Write, scrape: Scrape) -> None:
    write(f"{CPU}/cpu0/online", "1\n")
    write(f"{CPU}/cpufreq/boost", "1\n")
    assert scrape(Cpufreq(paths, NoOptions())) == {}


def test_a_rate_that_cannot_be_read_costs_only_itself(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{CPU}/cpu3/cpufreq/scaling_governor", "userspace\n")
    write(f"{CPU}/cpu3/cpufreq/scaling_min_freq", "800000\n")
    write(f"{CPU}/cpu3/cpufreq/cpuinfo_cur_freq", "<unknown>\n")
    (paths.sysfs / "devices/system/cpu/cpu3/cpufreq/scaling_max_freq").mkdir()
    assert scrape(Cpufreq(paths, NoOptions())) == {
        ("node_cpu_scaling_frequency_min_hertz", "3"): 800_000_000
    }
