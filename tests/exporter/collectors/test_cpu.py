"""What processors spend their time on, and what they are."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors.cpu import FACTS, Cpu, Options
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

CPU = "sys/devices/system/cpu"
STAT = "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1000 2 3 4000 50 6 7 8 9 10\nintr 5\n"
CPUINFO = """\
processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model name\t: Intel(R) Core(TM): fast
cpu MHz\t\t: 799.998
physical id\t: 0
core id\t\t: 0
flags\t\t: fpu aes avx avx2
bugs\t\t: mds swapgs

processor\t: 1
cpu MHz\t\t: 800.000
physical id\t: 0
core id\t\t: 1
flags\t\t: aes_of_the_second

"""


@pytest.fixture
def machine(write: Write) -> None:
    write("proc/stat", STAT)
    write("proc/cpuinfo", CPUINFO)


def test_ticks_become_seconds_by_mode(machine: None, paths: Paths, scrape: Scrape) -> None:
    samples = scrape(Cpu(paths, Options()))
    assert samples["node_cpu_seconds_total", "0", "user"] == 10
    assert samples["node_cpu_seconds_total", "0", "idle"] == 40
    assert samples["node_cpu_seconds_total", "0", "steal"] == 0.08
    assert samples["node_cpu_guest_seconds_total", "0", "user"] == 0.09
    assert samples["node_cpu_guest_seconds_total", "0", "nice"] == 0.1
    assert len(samples) == 10


def test_guests_can_be_left_out(machine: None, paths: Paths, scrape: Scrape) -> None:
    samples = scrape(Cpu(paths, Options(guest=False)))
    assert {name for name, *_ in samples} == {"node_cpu_seconds_total"}
    assert len(samples) == 8


def test_an_old_kernel_gives_fewer_columns(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/stat", "cpu0 100 0 0 400\n")
    assert scrape(Cpu(paths, Options()))["node_cpu_seconds_total", "0", "steal"] == 0


def test_time_that_steps_back_a_little_stands_still(
    machine: None, paths: Paths, write: Write, scrape: Scrape
) -> None:
    collector = Cpu(paths, Options())
    scrape(collector)
    write("proc/stat", "cpu0 1001 2 3 3999 10 6 7 8 9 10\n")
    samples = scrape(collector)
    assert samples["node_cpu_seconds_total", "0", "idle"] == 40
    assert samples["node_cpu_seconds_total", "0", "iowait"] == 0.5
    assert samples["node_cpu_seconds_total", "0", "user"] == 10.01


def test_a_processor_that_was_off_begins_anew(
    machine: None, paths: Paths, write: Write, scrape: Scrape
) -> None:
    collector = Cpu(paths, Options())
    scrape(collector)
    write("proc/stat", "cpu0 1 0 0 3700 0 0 0 0 0 0\n")
    samples = scrape(collector)
    assert samples["node_cpu_seconds_total", "0", "idle"] == 37
    assert samples["node_cpu_seconds_total", "0", "user"] == 0.01


def test_what_a_processor_is_is_told_when_asked(
    machine: None, paths: Paths, scrape: Scrape
) -> None:
    samples = scrape(Cpu(paths, Options(info=True)))
    first = next(labels for labels in samples if labels[0] == "node_cpu_info")
    assert dict(zip(FACTS, first[1:], strict=True)) == {
        "cachesize": "", "core": "0", "cpu": "0", "family": "6", "microcode": "", "model": "",
        "model_name": "Intel(R) Core(TM): fast", "package": "0", "stepping": "",
        "vendor": "GenuineIntel",
    }  # fmt: skip
    assert samples["node_cpu_frequency_hertz", "1", "1", "0"] == 800_000_000


def test_rates_that_cpufreq_gives_are_left_to_it(
    machine: None, paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{CPU}/cpu0/cpufreq/cpuinfo_cur_freq", "1000\n")
    names = {name for name, *_ in scrape(Cpu(paths, Options(info=True)))}
    assert "node_cpu_info" in names
    assert "node_cpu_frequency_hertz" not in names


def test_features_and_faults_are_those_of_the_first_processor(
    machine: None, paths: Paths, scrape: Scrape
) -> None:
    samples = scrape(Cpu(paths, Options(info_flags_include="^a", info_bugs_include="mds")))
    told = [labels for labels in samples if labels[0].endswith(("flag_info", "bug_info"))]
    assert told == [
        ("node_cpu_flag_info", "aes"),
        ("node_cpu_flag_info", "avx"),
        ("node_cpu_flag_info", "avx2"),
        ("node_cpu_bug_info", "mds"),
    ]
    assert any(name == "node_cpu_info" for name, *_ in samples), "it is implied"


def test_heat_is_counted_once_a_core_and_once_a_package(
    machine: None, paths: Paths, write: Write, scrape: Scrape
) -> None:
    for cpu, core in enumerate("001"):
        write(f"{CPU}/cpu{cpu}/topology/core_id", f"{core}\n")
        write(f"{CPU}/cpu{cpu}/topology/physical_package_id", "0\n")
        write(f"{CPU}/cpu{cpu}/thermal_throttle/core_throttle_count", f"{cpu + 5}\n")
        write(f"{CPU}/cpu{cpu}/thermal_throttle/package_throttle_count", "30\n")
    samples = scrape(Cpu(paths, Options(guest=False)))
    assert {labels: value for labels, value in samples.items() if "throttles" in labels[0]} == {
        ("node_cpu_core_throttles_total", "0", "0"): 5,
        ("node_cpu_core_throttles_total", "1", "0"): 7,
        ("node_cpu_package_throttles_total", "0"): 30,
    }


def test_what_counts_the_same_is_given_once(machine: None, paths: Paths, write: Write) -> None:
    for cpu in range(2):
        for file in ("core_id", "physical_package_id"):
            write(f"{CPU}/cpu{cpu}/topology/{file}", "0\n")
        write(f"{CPU}/cpu{cpu}/thermal_throttle/core_throttle_count", "5\n")
    _, samples = Cpu(paths, Options()).collect()
    assert list(samples.values()) == ["5"]


def test_isolated_processors_are_named(
    machine: None, paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{CPU}/isolated", "1,3-5\n")
    samples = scrape(Cpu(paths, Options()))
    assert [cpu for name, cpu, *_ in samples if name == "node_cpu_isolated"] == ["1", "3", "4", "5"]


def test_a_processor_that_is_switched_off_is_told(
    machine: None, paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{CPU}/cpu0/online", "1\n")
    write(f"{CPU}/cpu1/online", "0\n")
    samples = scrape(Cpu(paths, Options()))
    assert samples["node_cpu_online", "0"] == 1
    assert samples["node_cpu_online", "1"] == 0


def test_a_damaged_line_is_a_fault(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/stat", "cpu0 1 2 x\n")
    with pytest.raises(ValueError, match="invalid literal"):
        scrape(Cpu(paths, Options()))
