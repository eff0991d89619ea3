"""The processes that take most: few, for long, and gone when they are gone."""

import os
import threading
from collections.abc import Callable

import pytest

from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors.process_top import Options, ProcessTop
from hyperion_exporter.guard import Guard
from hyperion_exporter.paths import Paths
from lab.still import still
from lab.written import Written

Samples = dict[tuple[str, ...], float]
Scrape = Callable[[Collector], Samples]
INTERVAL = 10
LONG = 30.0


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def top(paths: Paths, clock: Clock) -> Callable[[int], ProcessTop]:
    return lambda count: ProcessTop(paths, Options(count=count), clock, LONG)


def numbers(samples: Samples) -> set[int]:
    return {int(key[1]) for key in samples if key[0] == "hyperion_process_threads"}


def test_those_with_most_by_each_measure_are_given(
    top: Callable[[int], ProcessTop], paths: Paths, scrape: Scrape
) -> None:
    cgroup = "0::/system.slice/db.service\n"
    Written(1, "busy", ticks=(900, 100), pages=1, fds=1).write(paths.procfs)
    Written(2, "large", pages=5000, fds=1).write(paths.procfs)
    Written(3, "writer", io=(4096, 8192), pages=1, fds=1, cgroup=cgroup).write(paths.procfs)
    Written(4, "open", pages=1, fds=90).write(paths.procfs)
    Written(5, "small", ticks=(1, 0), io=(1, 0), pages=2, fds=2).write(paths.procfs)
    samples = scrape(top(1))
    assert numbers(samples) == {1, 2, 3, 4}
    assert samples["hyperion_process_cpu_seconds_total", "1", "busy", ""] == 10
    assert samples["hyperion_process_resident_memory_bytes", "2", "large", ""] == 5000 * 4096
    assert samples["hyperion_process_read_bytes_total", "3", "writer", "db.service"] == 4096
    assert samples["hyperion_process_written_bytes_total", "3", "writer", "db.service"] == 8192
    assert samples["hyperion_process_open_fds", "4", "open", ""] == 90
    assert samples["hyperion_process_threads", "4", "open", ""] == 1
    assert samples["hyperion_process_top_age_seconds",] == 0


def test_later_what_was_taken_lately_counts(
    top: Callable[[int], ProcessTop], paths: Paths, scrape: Scrape, clock: Clock
) -> None:
    old = Written(1, "old", ticks=(90000, 0), pages=0, fds=0).write(paths.procfs)
    new = Written(2, "new", ticks=(10, 0), pages=0, fds=0).write(paths.procfs)
    collector = top(1)
    assert numbers(scrape(collector)) == {1}
    new.ticks = (900, 0)
    new.write(paths.procfs)
    assert numbers(scrape(collector)) == {1}, "the choice holds for a while"
    clock.now += INTERVAL
    assert numbers(scrape(collector)) == {2}
    old.ticks = (90500, 0)
    old.write(paths.procfs)
    clock.now += INTERVAL
    assert numbers(scrape(collector)) == {2}, (
        "the other took more lately, but not half as much again"
    )


def test_on_a_machine_at_rest_nobody_takes_turns(
    top: Callable[[int], ProcessTop], paths: Paths, scrape: Scrape, clock: Clock
) -> None:
    some = [Written(n, "rest", ticks=(n, 0), pages=0, fds=0) for n in range(1, 6)]
    for written in some:
        written.write(paths.procfs)
    collector = top(2)
    seen = []
    for written in some * 2:
        seen.append(numbers(scrape(collector)))
        written.ticks = (written.ticks[0] + 5, 0)
        written.write(paths.procfs)
        clock.now += INTERVAL
    assert seen == [{4, 5}] * 10


def test_who_has_just_come_has_no_place_yet(
    top: Callable[[int], ProcessTop], paths: Paths, scrape: Scrape, clock: Clock
) -> None:
    Written(1, "first").write(paths.procfs)
    collector = top(5)
    scrape(collector)
    Written(2, "short", pages=9999).write(paths.procfs)
    clock.now += INTERVAL
    assert numbers(scrape(collector)) == {1}
    clock.now += INTERVAL
    assert numbers(scrape(collector)) == {1, 2}


def test_who_ends_is_gone_at_once_and_who_has_its_number_is_somebody_else(
    top: Callable[[int], ProcessTop], paths: Paths, scrape: Scrape
) -> None:
    Written(1, "stays").write(paths.procfs)
    reused = Written(2, "ends").write(paths.procfs)
    collector = top(5)
    assert numbers(scrape(collector)) == {1, 2}
    reused.started += 5
    reused.write(paths.procfs)
    assert numbers(scrape(collector)) == {1}
    (paths.procfs / "1/stat").unlink()
    assert numbers(scrape(collector)) == set()


def test_a_command_line_is_in_no_label(
    top: Callable[[int], ProcessTop], paths: Paths, scrape: Scrape
) -> None:
    Written(1, "app", argv=("app", "--password=hunter2")).write(paths.procfs)
    assert "hunter2" not in str(scrape(top(5)))


def test_values_are_those_of_the_scrape(
    top: Callable[[int], ProcessTop], paths: Paths, scrape: Scrape, clock: Clock
) -> None:
    written = Written(1, "app", ticks=(100, 0)).write(paths.procfs)
    collector = top(5)
    scrape(collector)
    written.ticks = (250, 0)
    written.write(paths.procfs)
    clock.now += 3
    samples = scrape(collector)
    assert samples["hyperion_process_cpu_seconds_total", "1", "app", ""] == 2.5
    assert samples["hyperion_process_top_age_seconds",] == 3


def test_what_may_not_be_read_is_left_out(
    top: Callable[[int], ProcessTop], paths: Paths, scrape: Scrape
) -> None:
    Written(1, "other", io=None).write(paths.procfs)
    names = {key[0] for key in scrape(top(5))}
    assert "hyperion_process_read_bytes_total" not in names
    assert "hyperion_process_open_fds" in names


def test_of_ten_thousand_processes_it_gives_no_more_series_than_promised(paths: Paths) -> None:
    for number in range(1, 10_001):
        # Only these: what is not there cannot be read, as another user's.
        folder = paths.procfs / str(number)
        folder.mkdir()
        ticks = (number * 7919) % 10_007
        fields = f"S 1 1 1 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0 1 0 5 0 {number} 0"
        (folder / "stat").write_text(f"{number} (p) {fields}\n")
    collector = ProcessTop(paths, Options(count=10), wait=LONG)
    page = Guard([collector]).gather(30)
    given = [line for line in page.splitlines() if line.startswith("hyperion_process_")]
    # Twenty by time and by memory, three families of each, for the rest may not be known.
    assert len(given) == 1 + 3 * 20


def test_a_machine_that_takes_long_to_look_at_holds_up_no_scrape(
    paths: Paths, scrape: Scrape
) -> None:
    Written(1, "app").write(paths.procfs)
    (paths.procfs / "1/stat").unlink()
    os.mkfifo(paths.procfs / "1/stat")
    collector = ProcessTop(paths, Options(), wait=0.01)
    for _ in range(3):
        assert scrape(collector).keys() == {("hyperion_process_top_age_seconds",)}
    stuck = [thread for thread in threading.enumerate() if thread.name == "process_top"]
    assert len(stuck) <= 2
    (paths.procfs / "1/stat").open("w").close()


def test_a_real_one_that_holds_much_is_given(scrape: Scrape) -> None:
    with still("hoarder", files=900) as (hoarder,):
        samples = scrape(ProcessTop(Paths(), Options(), wait=LONG))
    (fds,) = [
        value
        for (name, *labels), value in samples.items()
        if name == "hyperion_process_open_fds" and labels[:2] == [str(hoarder.pid), "hoarder"]
    ]
    assert fds >= 900
