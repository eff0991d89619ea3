"""Events of Windows counted over restarts, from a log that answers as wevtutil does."""

import gc
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoData
from hyperion_exporter.collectors.events import follower
from hyperion_exporter.collectors.portable.events import Events, Options
from hyperion_exporter.collectors.portable.system import System
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources.wevtutil import Wevtutil, asker
from lab import systems
from lab.wait import wait_for
from lab.windows_log import WindowsLog

SOON = 30.0
Samples = dict[tuple[str, ...], float]
Scrape = Callable[[Collector], Samples]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Wevtutil, "interval", 0.02)
    monkeypatch.setattr(follower, "SAVE_SECONDS", 0.02)
    monkeypatch.setattr(follower, "FAULT_SECONDS", 0.02)
    monkeypatch.setattr(follower, "HELD_SECONDS", 0.02)
    monkeypatch.setattr(Events, "first_seconds", SOON)


@pytest.fixture
def log() -> WindowsLog:
    log = WindowsLog()
    log.write("System", "EventLog", 6005, level=4)
    return log


@pytest.fixture
def made(log: WindowsLog, paths: Paths, tmp_path: Path) -> Iterator[Callable[[], Events]]:
    """Each on the same folder; none goes on when the test is over."""
    options, system = Options(str(tmp_path)), System("win32", systems.windows())
    yield lambda: Events(paths, options, system, log.ask)
    wait_for(none_counts, SOON, "them to end")


def failures(samples: Samples) -> float:
    return samples["hyperion_events_total", "system", "err", "unit_failure"]


def none_counts() -> bool:
    gc.collect()
    return "events" not in {thread.name for thread in threading.enumerate()}


def fail(log: WindowsLog) -> None:
    log.write("System", "Service Control Manager", 7031)


def test_events_are_counted_by_source_level_and_class(
    log: WindowsLog, made: Callable[[], Events], scrape: Scrape
) -> None:
    events = made()
    before = scrape(events)
    assert before["hyperion_events_kept",] == 1
    assert not [k for k, v in before.items() if k[0] == "hyperion_events_total" and v]
    log.write("Security", "Microsoft-Windows-Security-Auditing", 4625, 0, 0x8010000000000000)
    fail(log)
    wait_for(lambda: failures(scrape(events)) == 1, SOON, "the count")
    after = scrape(events)
    counted = {k[1:]: v for k, v in after.items() if k[0] == "hyperion_events_total" and v}
    assert counted == {
        ("system", "err", "unit_failure"): 1,
        ("security", "notice", "authentication_failure"): 1,
    }
    assert after["hyperion_events_last_seen_timestamp_seconds", "unit_failure"] > 1.7e9


def test_over_a_restart_each_event_is_counted_once_also_when_the_log_was_cleared(
    log: WindowsLog, made: Callable[[], Events], scrape: Scrape
) -> None:

    def run(counted: int) -> None:
        events = made()
        wait_for(lambda: failures(scrape(events)) == counted, SOON, f"{counted} events")

    run(0)
    for counted in (1, 2):
        wait_for(none_counts, SOON, "the one before to end")
        fail(log)
        run(counted)
    wait_for(none_counts, SOON, "the one before to end")
    log.clear("System")
    fail(log)
    run(3)


def test_a_channel_that_hangs_is_asked_again_and_nothing_is_lost(
    log: WindowsLog, made: Callable[[], Events], scrape: Scrape
) -> None:
    events = made()
    scrape(events)
    log.hung = {"Application"}
    fail(log)
    asked = len(log.asked)
    wait_for(lambda: len(log.asked) > asked + 10, SOON, "some more questions")
    assert failures(scrape(events)) == 0
    log.hung.clear()
    wait_for(lambda: failures(scrape(events)) == 1, SOON, "the count")


def test_where_there_is_no_such_log_there_are_no_data(paths: Paths, tmp_path: Path) -> None:
    options = Options(str(tmp_path))
    macos = System("darwin", systems.macos())
    with pytest.raises(NoData, match="only Windows"):
        list(Events(paths, options, macos).collect())
    windows = System("win32", systems.windows())
    with pytest.raises(NoData, match="wevtutil cannot be started: No such file"):
        list(Events(paths, options, windows, asker(tmp_path / "wevtutil.exe")).collect())
