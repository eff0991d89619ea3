"""Events of a real journald counted, by exporters that are killed, doubled and held up."""

import os
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from weakref import ref

import pytest

from hyperion_exporter.collector import Collector, NoData
from hyperion_exporter.collectors.events import Events, Options, follower
from hyperion_exporter.collectors.events.follower import Follower
from hyperion_exporter.collectors.events.keeping import Keeping
from hyperion_exporter.collectors.events.tally import Tally
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources.event_log import Event
from lab.journald import Journald, journald
from lab.ours import BIN, exporter
from lab.servers import Server
from lab.wait import wait_for

SOON = 20.0
Samples = dict[tuple[str, ...], float]
Scrape = Callable[[Collector], Samples]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journald]:
    with journald(tmp_path_factory.mktemp("journald")) as system:
        yield system


@pytest.fixture
def made(system: Journald, tmp_path: Path) -> Events:
    return Events(Paths(rootfs=system.root), Options(state_folder=str(tmp_path)))


def flags(system: Journald, folder: Path) -> list[str]:
    return [
        "--collector.disable-defaults", "--collector.events", f"--path.rootfs={system.root}",
        f"--collector.events.state-folder={folder}",
    ]  # fmt: skip


def counts(samples: Samples) -> dict[tuple[str, ...], float]:
    """Those that are not 0, but journald's own, which come when it likes."""
    return {
        key[1:]: value
        for key, value in samples.items()
        if key[0] == "hyperion_events_total" and value and key[3] != "other"
    }


def test_events_are_counted_by_source_level_and_class(
    system: Journald, made: Events, scrape: Scrape, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "SAVE_SECONDS", 0.05)
    before = scrape(made)
    assert counts(before) == {} and before["hyperion_events_kept",] == 1
    assert before["hyperion_events_total", "kernel", "err", "oom_kill"] == 0
    system.write("nginx.service: Failed with result 'exit-code'.", "systemd", 4)
    system.write("Failed password for root from 203.0.113.9 port 22 ssh2", "sshd")
    system.write("Failed password for root from 203.0.113.9 port 22 ssh2", "sshd")
    system.write("all is well", "lab", 2)
    system.kernel("Out of memory: Killed process 4711 (java)")
    wanted = {
        ("journal", "warning", "unit_failure"): 1,
        ("journal", "info", "authentication_failure"): 2,
        ("kernel", "err", "oom_kill"): 1,
    }
    wait_for(lambda: counts(scrape(made)) == wanted, SOON, "the counts")
    after = scrape(made)
    assert after["hyperion_events_total", "journal", "crit", "other"] == 1
    seen = after["hyperion_events_last_seen_timestamp_seconds", "oom_kill"]
    assert abs(seen - time.time()) < 60
    assert after["hyperion_events_age_seconds",] < 10


def once(system: Journald, folder: Path) -> str:
    argv = [BIN / "hyperion-exporter", "--once", *flags(system, folder)]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def failures(page: str) -> float:
    name = 'hyperion_events_total{source="journal",level="warning",class="unit_failure"} '
    return next(float(line[len(name) :]) for line in page.splitlines() if line.startswith(name))


def asked(server: Server) -> float:
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=10) as page:
        return failures(page.read().decode())


def fail(system: Journald) -> None:
    system.write("x.service: Failed with result 'timeout'.", "systemd", 4)


def test_what_is_written_while_no_exporter_runs_is_counted_once(
    system: Journald, tmp_path: Path
) -> None:
    assert failures(once(system, tmp_path)) == 0
    fail(system)
    assert wait_for(lambda: failures(once(system, tmp_path)), SOON, "the count") == 1
    assert failures(once(system, tmp_path)) == 1


class Writer:
    """Writes events without a pause and counts them."""

    def __init__(self, system: Journald) -> None:
        self._system = system
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.written = 0

    def __enter__(self) -> "Writer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.0005):
            fail(self._system)
            self.written += 1


def test_killed_again_and_again_it_counts_each_event_once_and_never_goes_back(
    system: Journald, tmp_path: Path
) -> None:
    assert (last := failures(once(system, tmp_path))) == 0
    with Writer(system) as writer:
        for _ in range(3):
            with exporter(tmp_path, flags(system, tmp_path)) as server:
                first = asked(server)
                assert first >= last, "the counter was reset"
                wait_for(lambda s=server, f=first: asked(s) > f, SOON, "more events")
                last = asked(server)
                os.killpg(server.process.pid, signal.SIGKILL)
    with exporter(tmp_path, flags(system, tmp_path)) as server:
        wait_for(lambda: asked(server) >= writer.written, SOON, "all to be counted")
        assert asked(server) == writer.written > last > 0


def test_beside_another_exporter_it_gives_what_that_one_counts(
    system: Journald, tmp_path: Path
) -> None:
    assert failures(once(system, tmp_path)) == 0
    with exporter(tmp_path, flags(system, tmp_path)) as server:
        asked(server)
        for _ in range(3):
            fail(system)
        wait_for(lambda: asked(server) == 3, SOON, "the count")
        assert failures(once(system, tmp_path)) == 3
        assert asked(server) == 3


class Log:
    """Gives what it is told to; or does not come back, or fails."""

    kind, position, interval = "made-up", "1", 0.01

    def __init__(self) -> None:
        self.free = threading.Event()
        self.free.set()
        self.events: list[Event] = []
        self.fault: OSError | None = None
        self.closed = 0

    def read(self, most: int) -> Sequence[Event]:
        self.free.wait()
        if self.fault:
            raise self.fault
        given, self.events = self.events[:most], self.events[most:]
        self.position = str(int(self.position) + len(given))
        return given

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log()
    yield log
    log.free.set()


@pytest.fixture
def followed(log: Log, tmp_path: Path) -> Iterator[Follower]:
    followed = Follower(lambda _: log, Keeping(tmp_path))
    yield followed
    followed.stop()


FAILURE = Event("journal", 4, b"systemd", b"x.service: Failed with result 'signal'.", 1.0)


def test_a_log_that_hangs_costs_only_its_freshness(
    log: Log, followed: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = followed.look(SOON)
    log.free.clear()
    wait_for(lambda: followed.look(0).at == followed.look(0).at, SOON, "it to hang")
    begun = time.monotonic()
    for _ in range(100):
        assert followed.look(0).tally == before.tally
    assert time.monotonic() - begun < SOON / 2
    at = followed.look(0).at
    log.free.set()
    wait_for(lambda: followed.look(0).at > at, SOON, "it to go on")


def test_a_log_that_hangs_from_the_start_is_named(log: Log, followed: Follower) -> None:
    log.free.clear()
    with pytest.raises(TimeoutError, match="the log has not been read yet"):
        followed.look(0.05)
    log.free.set()
    wait_for(lambda: followed.look(0).kept, SOON, "its answer")


def test_a_log_that_hangs_does_not_hold_who_asked_for_it(log: Log, followed: Follower) -> None:
    """Else the thread, which goes on, would keep a collector for ever that a reload let go of."""

    def look() -> ref[Log]:
        mine = Log()
        with suppress(TimeoutError):
            followed.look(0.01)
        return ref(mine)

    log.free.clear()
    assert look()() is None


def test_a_log_that_fails_is_opened_anew_and_what_was_counted_stays(
    log: Log,
    followed: Follower,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(follower, "FAULT_SECONDS", 0.01)
    monkeypatch.setattr(follower, "SAVE_SECONDS", 0.01)
    log.events = [FAILURE]
    wait_for(lambda: followed.look(SOON).tally.seen, SOON, "the event")
    log.fault = OSError(5, "Input/output error")
    wait_for(lambda: log.closed > 3, SOON, "it to be opened anew")
    assert followed.look(0).tally.seen
    assert caplog.text.count("events cannot be read: [Errno 5] Input/output error") == 1
    log.fault, log.events = None, [FAILURE] * 2
    key = ("journal", "warning", "unit_failure")
    wait_for(lambda: followed.look(0).tally.counts[key] == 3, SOON, "the rest")


def test_what_was_not_kept_is_not_shown(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart would begin behind it, and a counter that goes back is counted twice."""
    monkeypatch.setattr(follower, "SAVE_SECONDS", 3600.0)
    followed = Follower(lambda _: log, keeping := Keeping(tmp_path))
    followed.look(SOON)
    log.events = [FAILURE] * 5
    wait_for(lambda: not log.events, SOON, "it to be read")
    at = followed.look(0).at
    wait_for(lambda: log.position == "6", SOON, "it to be counted")
    assert followed.look(0).tally.seen == {} == (keeping.load() or Tally()).seen
    assert followed.look(0).at == at
    followed.stop()


class Slow(Log):
    """Works for a while at each reading, and notes when."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[tuple[float, float]] = []

    def read(self, most: int) -> Sequence[Event]:
        begun = time.monotonic()
        while time.monotonic() < begun + 0.02:
            pass
        self.spans.append((begun, time.monotonic()))
        return super().read(most)


def test_with_a_day_to_catch_up_on_it_rests_as_long_as_it_works(tmp_path: Path) -> None:
    log = Slow()
    log.events = [FAILURE] * 10_500
    followed = Follower(lambda _: log, Keeping(tmp_path))
    followed.look(SOON)
    wait_for(lambda: not log.events, SOON, "all of it")
    followed.stop()
    spans = log.spans[:10]
    rests = sum(after[0] - before[1] for before, after in zip(spans, spans[1:], strict=False))
    assert rests > 9 * 0.02


def test_a_collector_that_is_dropped_lets_go_of_the_folder(
    system: Journald, tmp_path: Path
) -> None:
    collector = Events(Paths(rootfs=system.root), Options(state_folder=str(tmp_path)))
    list(collector.collect())
    second = Keeping(tmp_path)
    assert not second.hold()
    del collector
    wait_for(second.hold, SOON, "the folder to be free")
    second.close()


def test_a_machine_without_any_log_has_no_data(paths: Paths, tmp_path: Path) -> None:
    with pytest.raises(NoData, match="neither a journal nor a log of the kernel"):
        list(Events(paths, Options(str(tmp_path))).collect())
    (paths.rootfs / "var/log/journal").mkdir(parents=True)
    collector = Events(paths, Options(str(tmp_path)))
    with pytest.raises(NoData, match="no journal that may be read"):
        list(collector.collect())
