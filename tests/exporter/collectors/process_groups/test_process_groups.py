"""Groups of processes, by rules, in process-exporter's names."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter import config
from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors.process_groups import Options, ProcessGroups
from hyperion_exporter.config.settings import ConfigError
from hyperion_exporter.guard import Guard
from hyperion_exporter.paths import Paths
from lab.written import Written

Write = Callable[[str, str], Path]
Samples = dict[tuple[str, ...], float]
Scrape = Callable[[Collector], Samples]

BY_NAME = "process_names: [{name: '{{.Comm}}', cmdline: [.]}]"
PREFIX = "namedprocess_namegroup_"


@pytest.fixture
def groups(write: Write, tmp_path: Path, paths: Paths) -> Callable[..., ProcessGroups]:
    """groups(rules, **options) is the collector on a machine booted at 1000."""
    write("proc/stat", "cpu 1\nbtime 1000\n")

    def groups(rules: str = BY_NAME, **options: object) -> ProcessGroups:
        file = write("groups.yml", rules)
        return ProcessGroups(paths, Options(config=str(file), **options))  # type: ignore[arg-type]

    return groups


def of(samples: Samples, group: str) -> Samples:
    """Those of one group, by what is left of name and labels."""
    return {
        (name.removeprefix(PREFIX), *rest): value
        for (name, *labels), value in samples.items()
        if name.startswith(PREFIX) and group in labels
        for rest in [[label for label in labels if label != group]]
    }


def test_what_its_processes_have_is_added_up(
    groups: Callable[..., ProcessGroups], paths: Paths, scrape: Scrape
) -> None:
    Written(
        7, "nginx", argv=("nginx",), started=5000, threads=2, pages=10, swapped=4, fds=5,
        fd_limit="10", pss=(3, 1),
    ).write(paths.procfs)  # fmt: skip
    Written(8, "nginx", argv=("nginx",), started=2000, state="D", pages=5).write(paths.procfs)
    page = os.sysconf("SC_PAGE_SIZE")
    assert of(scrape(groups(smaps=True)), "nginx") == {
        ("num_procs",): 2,
        ("num_threads",): 3,
        ("memory_bytes", "resident"): 15 * page,
        ("memory_bytes", "virtual"): 2 * 171204608,
        ("memory_bytes", "swapped"): 4096,
        ("memory_bytes", "proportionalResident"): 3072,
        ("memory_bytes", "proportionalSwapped"): 1024,
        ("open_filedesc",): 8,
        ("worst_fd_ratio",): 0.5,
        ("oldest_start_time_seconds",): 1020,
        ("states", "Running"): 0,
        ("states", "Sleeping"): 2,
        ("states", "Waiting"): 1,
        ("states", "Zombie"): 0,
        ("states", "Other"): 0,
        ("cpu_seconds_total", "user"): 0,
        ("cpu_seconds_total", "system"): 0,
        ("read_bytes_total",): 0,
        ("write_bytes_total",): 0,
        ("major_page_faults_total",): 0,
        ("minor_page_faults_total",): 0,
        ("context_switches_total", "voluntary"): 0,
        ("context_switches_total", "nonvoluntary"): 0,
    }


def test_counts_begin_with_the_first_look_and_never_fall(
    groups: Callable[..., ProcessGroups], paths: Paths, scrape: Scrape
) -> None:
    collector = groups()
    old = Written(7, "app", argv=("app",), ticks=(500, 100), io=(9, 9)).write(paths.procfs)
    scrape(collector)
    old.ticks, old.io, old.faults, old.switches = (550, 110), (4105, 9), (3, 1), (6, 7)
    old.write(paths.procfs)
    Written(8, "app", argv=("app",), ticks=(100, 0), io=(0, 512)).write(paths.procfs)
    both = of(scrape(collector), "app")
    assert both["cpu_seconds_total", "user"] == 1.5
    assert both["cpu_seconds_total", "system"] == pytest.approx(0.1)
    assert (both["read_bytes_total",], both["write_bytes_total",]) == (4096, 512)
    assert (both["minor_page_faults_total",], both["major_page_faults_total",]) == (3, 1)
    assert both["context_switches_total", "voluntary"] == 6
    assert both["context_switches_total", "nonvoluntary"] == 7
    (paths.procfs / "7/stat").unlink()
    left = of(scrape(collector), "app")
    assert left["num_procs",] == 1
    assert {key: left[key] for key in left if "_total" in key[0]} == {
        key: both[key] for key in both if "_total" in key[0]
    }


def test_switches_are_those_of_all_threads(
    groups: Callable[..., ProcessGroups], paths: Paths, scrape: Scrape
) -> None:
    collector = groups()
    written = Written(7, "app", argv=("app",), switches=(10, 20)).write(paths.procfs)
    scrape(collector)
    written.threads, written.switches = 3, (11, 22)
    written.write(paths.procfs)
    found = of(scrape(collector), "app")
    assert found["context_switches_total", "voluntary"] == 1 + 11 + 11
    assert found["context_switches_total", "nonvoluntary"] == 2 + 22 + 22
    shutil.rmtree(paths.procfs / "7/task/9")
    written.threads = 2
    written.write(paths.procfs)
    found = of(scrape(collector), "app")
    assert found["context_switches_total", "voluntary"] == 1 + 11 + 11


@pytest.mark.parametrize("remove", [False, True])
def test_a_group_without_processes_stays_with_nothing_unless_it_is_to_be_forgotten(
    remove: bool, groups: Callable[..., ProcessGroups], paths: Paths, scrape: Scrape
) -> None:
    collector = groups(remove_empty=remove)
    Written(7, "app", argv=("app",)).write(paths.procfs)
    scrape(collector)
    (paths.procfs / "7/stat").unlink()
    left = of(scrape(collector), "app")
    assert (left == {}) is remove
    assert left.get(("num_procs",), 0) == left.get(("oldest_start_time_seconds",), 0) == 0


def test_who_has_no_rule_counts_to_the_nearest_above_that_has_one(
    groups: Callable[..., ProcessGroups], paths: Paths, scrape: Scrape
) -> None:
    Written(1, "init", parent=0).write(paths.procfs)
    Written(10, "sshd", parent=1).write(paths.procfs)
    Written(20, "bash", parent=10).write(paths.procfs)
    # With a lower number than who started it.
    Written(5, "sleep", parent=20).write(paths.procfs)
    Written(30, "cron", parent=1).write(paths.procfs)
    rules = "process_names: [{name: ssh, comm: [sshd]}]"
    assert of(scrape(groups(rules)), "ssh")["num_procs",] == 3
    assert of(scrape(groups(rules, children=False)), "ssh")["num_procs",] == 1
    collector = groups(rules)
    scrape(collector)
    Written(6, "later", parent=5).write(paths.procfs)
    assert of(scrape(collector), "ssh")["num_procs",] == 4


def test_who_runs_another_program_now_goes_over_to_its_group(
    groups: Callable[..., ProcessGroups], paths: Paths, scrape: Scrape
) -> None:
    collector = groups()
    written = Written(7, "sh", argv=("sh",), ticks=(100, 0)).write(paths.procfs)
    scrape(collector)
    written.name, written.argv, written.ticks = "nginx", ("nginx",), (300, 0)
    written.write(paths.procfs)
    samples = scrape(collector)
    assert of(samples, "sh")["num_procs",] == 0
    assert of(samples, "nginx")["cpu_seconds_total", "user"] == 2


def test_there_are_no_more_groups_than_may_be(
    groups: Callable[..., ProcessGroups], paths: Paths, scrape: Scrape
) -> None:
    collector = groups(most=3)
    for number in range(10, 20):
        Written(number, f"app{number}", argv=("app",)).write(paths.procfs)
    samples = scrape(collector)
    counts = {key[1]: value for key, value in samples.items() if key[0] == f"{PREFIX}num_procs"}
    assert sorted(counts.values()) == [1, 1, 1, 7]
    assert counts["other"] == 7
    # One that is empty makes room.
    gone = next(int(name[3:]) for name in counts if name != "other")
    (paths.procfs / f"{gone}/stat").unlink()
    scrape(collector)
    Written(30, "new", argv=("new",)).write(paths.procfs)
    assert of(scrape(collector), "new")["num_procs",] == 1
    assert of(scrape(collector), f"app{gone}") == {}


def test_what_may_not_be_read_is_counted_and_the_rest_given(
    groups: Callable[..., ProcessGroups], paths: Paths, scrape: Scrape
) -> None:
    Written(7, "app", argv=("app",), io=None, pages=7).write(paths.procfs)
    samples = scrape(groups())
    assert of(samples, "app")["read_bytes_total",] == 0
    assert of(samples, "app")["num_procs",] == 1
    assert samples["namedprocess_scrape_partial_errors",] == 1
    assert samples["namedprocess_scrape_procread_errors",] == 0


def test_who_ends_while_it_is_read_is_left_out(
    groups: Callable[..., ProcessGroups], paths: Paths, scrape: Scrape
) -> None:
    Written(7, "app", argv=("app",)).write(paths.procfs)
    Written(8, "app", argv=("app",)).write(paths.procfs)
    Written(9, "app", argv=("app",)).write(paths.procfs)
    (paths.procfs / "8/status").unlink()
    (paths.procfs / "9/cmdline").unlink()
    samples = scrape(groups())
    assert of(samples, "app")["num_procs",] == 1
    assert samples["namedprocess_scrape_procread_errors",] == 0


def test_one_that_stands_still_is_not_read_again(
    groups: Callable[..., ProcessGroups], paths: Paths, scrape: Scrape
) -> None:
    collector = groups()
    written = Written(7, "app", argv=("app",), ran="1 1 1\n").write(paths.procfs)
    scrape(collector), scrape(collector)
    (paths.procfs / "7/status").unlink()
    assert of(scrape(collector), "app")["num_procs",] == 1
    written.ran, written.ticks = "2 1 2\n", (100, 0)
    written.write(paths.procfs)
    assert of(scrape(collector), "app")["cpu_seconds_total", "user"] == 1


def test_without_rules_there_is_nothing_and_nothing_is_read(paths: Paths) -> None:
    page = Guard([ProcessGroups(paths, Options())]).gather(10)
    assert "namedprocess" not in page
    assert 'hyperion_collector_failed{collector="process_groups"} 0' in page


def test_other_rules_are_obeyed_at_the_next_scrape(
    groups: Callable[..., ProcessGroups], paths: Paths, scrape: Scrape, write: Write
) -> None:
    collector = groups()
    Written(7, "app", argv=("app",)).write(paths.procfs)
    assert of(scrape(collector), "app")
    write("groups.yml", "process_names: [{name: mine, comm: [app]}]")
    samples = scrape(collector)
    assert not of(samples, "app")
    assert of(samples, "mine")["num_procs",] == 1


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ("process_names: [{comm: [x], cmd: [y]}]", "groups.yml: rule 1: unknown key cmd"),
        (None, "groups.yml: cannot be read: No such file"),
    ],
)
def test_rules_that_become_wrong_are_a_failure_that_names_the_file(
    rules: str | None,
    sentence: str,
    groups: Callable[..., ProcessGroups],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    guard = Guard([groups("process_names: []")])
    if rules is None:
        (tmp_path / "groups.yml").unlink()
    else:
        (tmp_path / "groups.yml").write_text(rules)
    assert 'hyperion_collector_failed{collector="process_groups"} 1' in guard.gather(10)
    assert sentence in caplog.text


def test_rules_that_cannot_be_obeyed_refuse_the_start(tmp_path: Path) -> None:
    file = tmp_path / "groups.yml"
    file.write_text("process_names: [{comm: [x], cmd: [y]}]")
    said = r"collector process_groups: .*groups\.yml: rule 1: unknown key cmd"
    with pytest.raises(ConfigError, match=said):
        config.read([f"--collector.process_groups.config={file}"], [ProcessGroups])
