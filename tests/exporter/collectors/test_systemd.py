"""Units of systemd, from a made-up bus; tests/fleet asks a real one."""

from collections.abc import Callable, Iterator

import pytest

from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors.systemd import Options, Systemd
from hyperion_exporter.paths import Paths
from lab.bus import Error, FakeBus, Key, Value, fake_bus, variant

Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

SERVICE = "org.freedesktop.systemd1"
ROOT = "/org/freedesktop/systemd1"
UNSET = 2**64 - 1


def fact(path: str, interface: str, name: str) -> Key:
    return path, "Get", (f"{SERVICE}.{interface}", name)


def listed(name: str, active: str = "active", sub: str = "running") -> tuple[object, ...]:
    return name, "words", "loaded", active, sub, "", f"{ROOT}/unit/{name}", 0, "", "/"


UNITS = [
    listed("web.service"),
    listed("old.service", "failed", "failed"),
    listed("home.mount", sub="mounted"),
    listed("tidy.timer", sub="waiting"),
    listed("door.socket", sub="listening"),
    ("ghost.service", "words", "not-found", "inactive", "dead", "", f"{ROOT}/unit/g", 0, "", "/"),
]
WEB, OLD = (f"{ROOT}/unit/{name}.service" for name in ("web", "old"))
ANSWERS: dict[Key, Value | Error] = {
    (ROOT, "ListUnits", ()): Value("a(ssssssouso)", UNITS),
    fact(ROOT, "Manager", "Version"): variant("s", "252.39-1~deb12u1"),
    fact(ROOT, "Manager", "Virtualization"): variant("s", ""),
    fact(ROOT, "Manager", "SystemState"): variant("s", "degraded"),
    fact(WEB, "Service", "Type"): variant("s", "notify"),
    fact(WEB, "Service", "NRestarts"): variant("u", 3),
    fact(WEB, "Service", "TasksCurrent"): variant("t", 7),
    fact(WEB, "Service", "TasksMax"): variant("t", UNSET),
    fact(WEB, "Unit", "ActiveEnterTimestamp"): variant("t", 1_500_000),
    fact(OLD, "Service", "Type"): variant("s", "oneshot"),
    fact(OLD, "Service", "NRestarts"): variant("u", 5),
    fact(OLD, "Unit", "ActiveEnterTimestamp"): variant("t", 1_500_000),
    fact(f"{ROOT}/unit/tidy.timer", "Timer", "LastTriggerUSec"): variant("t", 2_500_000),
    fact(f"{ROOT}/unit/door.socket", "Socket", "NAccepted"): variant("u", 11),
    fact(f"{ROOT}/unit/door.socket", "Socket", "NConnections"): variant("u", 2),
    fact(f"{ROOT}/unit/door.socket", "Socket", "NRefused"): variant("u", 1),
}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def bus(paths: Paths) -> Iterator[FakeBus]:
    with fake_bus(paths.rootfs, ANSWERS) as bus:
        yield bus


def states(samples: dict[tuple[str, ...], float]) -> dict[tuple[str, ...], str]:
    """The state of each unit, by its name and type."""
    return {
        (key[1], key[3]): key[2]
        for key, value in samples.items()
        if key[0] == "node_systemd_unit_state" and value
    }


def test_each_unit_is_in_one_state(paths: Paths, bus: FakeBus, scrape: Scrape) -> None:
    samples = scrape(Systemd(paths, Options()))
    assert states(samples) == {
        ("web.service", "notify"): "active",
        ("old.service", "oneshot"): "failed",
        ("tidy.timer", ""): "active",
        ("door.socket", ""): "active",
    }
    assert sum(key[0] == "node_systemd_unit_state" for key in samples) == 4 * 5


def test_all_units_are_counted_by_state(paths: Paths, bus: FakeBus, scrape: Scrape) -> None:
    samples = scrape(Systemd(paths, Options()))
    assert {key[1]: v for key, v in samples.items() if key[0] == "node_systemd_units"} == {
        "active": 4, "activating": 0, "deactivating": 0, "inactive": 1, "failed": 1,
    }  # fmt: skip


def test_services_timers_and_sockets_have_numbers_of_their_own(
    paths: Paths, bus: FakeBus, scrape: Scrape
) -> None:
    samples = scrape(Systemd(paths, Options()))
    state = {key: value for key, value in samples.items() if len(key) == 2}
    del state["node_systemd_version", "252.39-1~deb12u1"]
    del state["node_systemd_virtualization_info", "none"]
    assert {k: v for k, v in state.items() if k[0] != "node_systemd_units"} == {
        ("node_systemd_service_restart_total", "web.service"): 3,
        ("node_systemd_service_restart_total", "old.service"): 5,
        ("node_systemd_unit_tasks_current", "web.service"): 7,
        ("node_systemd_timer_last_trigger_seconds", "tidy.timer"): 2.5,
        ("node_systemd_socket_accepted_connections_total", "door.socket"): 11,
        ("node_systemd_socket_current_connections", "door.socket"): 2,
        ("node_systemd_socket_refused_connections_total", "door.socket"): 1,
    }


def test_the_manager_says_its_version_and_whether_all_is_well(
    paths: Paths, bus: FakeBus, scrape: Scrape
) -> None:
    samples = scrape(Systemd(paths, Options()))
    assert samples["node_systemd_version", "252.39-1~deb12u1"] == 252.39
    assert samples["node_systemd_virtualization_info", "none"] == 1
    assert samples["node_systemd_system_running",] == 0
    bus.answers[fact(ROOT, "Manager", "SystemState")] = variant("s", "running")
    assert scrape(Systemd(paths, Options()))["node_systemd_system_running",] == 1


def test_units_are_chosen_by_their_whole_name(paths: Paths, bus: FakeBus, scrape: Scrape) -> None:
    only_mounts = Options(unit_include=r".+\.mount", unit_exclude="")
    assert states(scrape(Systemd(paths, only_mounts))) == {("home.mount", ""): "active"}
    assert states(scrape(Systemd(paths, Options(unit_include="web")))) == {}


def test_what_is_not_wanted_is_not_asked_for(paths: Paths, bus: FakeBus, scrape: Scrape) -> None:
    few = Options(enable_task_metrics=False, enable_restarts_metrics=False)
    scrape(Systemd(paths, few))
    assert {key[2][1] for key in bus.calls if key[0] == WEB} == {"Type"}


def test_when_a_unit_became_active_is_told_where_it_is(
    paths: Paths, bus: FakeBus, scrape: Scrape
) -> None:
    samples = scrape(Systemd(paths, Options(enable_start_time_metrics=True)))
    assert samples["node_systemd_unit_start_time_seconds", "web.service"] == 1.5
    assert samples["node_systemd_unit_start_time_seconds", "old.service"] == 0


def test_a_unit_at_rest_is_asked_again_when_it_moves_or_after_a_while(
    paths: Paths, bus: FakeBus, scrape: Scrape
) -> None:
    clock = Clock()
    systemd = Systemd(paths, Options(), clock)
    restarts = ("node_systemd_service_restart_total", "old.service")
    scrape(systemd)
    bus.answers[fact(OLD, "Service", "NRestarts")] = variant("u", 6)
    bus.answers[fact(WEB, "Service", "NRestarts")] = variant("u", 4)
    bus.calls.clear()
    samples = scrape(systemd)
    assert samples[restarts] == 5
    assert samples["node_systemd_service_restart_total", "web.service"] == 4
    assert OLD not in {key[0] for key in bus.calls}
    clock.now = 301
    assert scrape(systemd)[restarts] == 6
    moved = [listed("old.service", "inactive", "dead")]
    bus.answers[ROOT, "ListUnits", ()] = Value("a(ssssssouso)", moved)
    bus.answers[fact(OLD, "Service", "NRestarts")] = variant("u", 7)
    assert scrape(systemd)[restarts] == 7


def test_what_an_old_systemd_does_not_know_is_left_out(
    paths: Paths, bus: FakeBus, scrape: Scrape
) -> None:
    for key in [key for key in bus.answers if "NRestarts" in key[2] or "Type" in key[2]]:
        del bus.answers[key]
    samples = scrape(Systemd(paths, Options()))
    assert ("web.service", "") in states(samples)
    assert not any(key[0] == "node_systemd_service_restart_total" for key in samples)


def test_a_bus_that_hangs_costs_a_moment_and_then_nothing(
    paths: Paths, bus: FakeBus, scrape: Scrape
) -> None:
    clock = Clock()
    systemd = Systemd(paths, Options(), clock)
    before = scrape(systemd)
    bus.speaks.clear()
    assert [scrape(systemd) for _ in range(20)] == [before] * 20
    assert len([key for key in bus.calls if key[1] == "ListUnits"]) <= 2
    clock.now = 91
    with pytest.raises(TimeoutError, match="systemd has not answered for 90 s"):
        list(systemd.collect())


def test_a_machine_without_systemd_has_no_bus(paths: Paths) -> None:
    with pytest.raises(FileNotFoundError):
        list(Systemd(paths, Options()).collect())


def test_a_bus_without_systemd_is_a_fault(paths: Paths, bus: FakeBus) -> None:
    bus.answers.clear()
    with pytest.raises(Exception, match="UnknownMethod"):
        list(Systemd(paths, Options()).collect())
