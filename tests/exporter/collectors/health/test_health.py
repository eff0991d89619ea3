"""The health of a machine, from what the other collectors say of it."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from hyperion_exporter.collector import Block, Collector, NoData, Samples, gauge
from hyperion_exporter.collectors.events.classes import CLASSES
from hyperion_exporter.collectors.health import Health, Options
from hyperion_exporter.collectors.health.symptoms import GRAVE
from hyperion_exporter.known import Known
from hyperion_exporter.paths import Paths

Scrape = Callable[[Collector], dict[tuple[str, ...], float]]
# A collector's samples: family, labels, value.
Given = Mapping[str, list[tuple[str, dict[str, str], Any]]]

GIGA = 1e9
CPU = "node_cpu_seconds_total"


def mount(point: str, used: float, error: str = "", readonly: int = 0) -> list[Any]:
    labels = {"device": "/dev/x", "mountpoint": point, "fstype": "ext4", "device_error": error}
    always = [
        ("node_filesystem_device_error", labels, int(bool(error))),
        ("node_filesystem_readonly", labels, readonly),
    ]
    answered = [
        ("node_filesystem_size_bytes", labels, 100 * GIGA),
        ("node_filesystem_avail_bytes", labels, f"{(1 - used) * 100 * GIGA:.0f}"),
        ("node_filesystem_files", labels, 1000),
        ("node_filesystem_files_free", labels, 900),
    ]
    return always if error else always + answered


def memory(available: float) -> list[Any]:
    return [
        ("node_memory_MemTotal_bytes", {}, 16 * GIGA),
        ("node_memory_MemAvailable_bytes", {}, available * 16 * GIGA),
    ]


def sensor(celsius: float, **limits: float) -> list[Any]:
    labels = {"chip": "platform_coretemp_0", "sensor": "temp1"}
    facts = {"node_hwmon_temp_celsius": celsius} | {
        f"node_hwmon_temp_{name}_celsius": limit for name, limit in limits.items()
    }
    return [(name, labels, value) for name, value in facts.items()]


WELL: Given = {
    "meminfo": memory(0.5),
    "filesystem": mount("/", 0.4),
    "smart": [("hyperion_smart_verdict", {"device": "sda", "verdict": "ok", "reason": ""}, 0)],
    "hwmon": sensor(50, crit=100),
    "systemd": [("node_systemd_units", {"state": "failed"}, 0)],
    "timex": [("node_timex_sync_status", {}, 1), ("node_timex_offset_seconds", {}, -1e-5)],
    "updates": [("hyperion_updates_pending", {"manager": "apt", "kind": "security"}, 0)],
}


def blocks(given: list[tuple[str, dict[str, str], Any]]) -> list[Block]:
    families = {name: gauge(name, "-", *labels) for name, labels, _ in given}
    samples = Samples()
    for name, labels, value in given:
        samples.add(families[name], value, *labels.values())
    return [samples]


class Machine:
    """What is known of one, as time goes by."""

    now = 1000.0

    def __init__(self, paths: Paths, scrape: Scrape) -> None:
        self._known = Known(lambda: self.now)
        self._health = Health(paths, Options(), lambda: self.now)
        self._scrape = scrape

    def is_now(self, **given: Any) -> dict[tuple[str, ...], float]:
        """Well, but for what is given; what is given as None nobody knows."""
        self._known = Known(lambda: self.now)
        for collector, samples in {**WELL, **given}.items():
            if samples is not None:
                self._known.note(collector, blocks(samples))
        self._health.see(self._known)
        return self._scrape(self._health)

    def after(self, seconds: float, **given: Any) -> dict[tuple[str, ...], float]:
        self.now += seconds
        return self.is_now(**given)


@pytest.fixture
def machine(paths: Paths, scrape: Scrape) -> Machine:
    return Machine(paths, scrape)


def score(samples: dict[tuple[str, ...], float]) -> float:
    return samples["hyperion_health_score",]


def components(samples: dict[tuple[str, ...], float]) -> dict[str, float]:
    return {k[1]: v for k, v in samples.items() if k[0] == "hyperion_health_component_score"}


def reasons(samples: dict[tuple[str, ...], float]) -> list[tuple[str, ...]]:
    return [key[1:] for key in samples if key[0] == "hyperion_health_component_loss"]


def test_a_machine_that_is_well_has_a_hundred_points(machine: Machine) -> None:
    samples = machine.is_now()
    assert score(samples) == 100
    assert reasons(samples) == []
    weights = {k[1]: v for k, v in samples.items() if k[0] == "hyperion_health_component_weight"}
    assert weights["disk_health"] == 60
    assert len(weights) == 10
    known = sum(weights[name] for name in components(samples)) / sum(weights.values())
    assert samples["hyperion_health_confidence",] == pytest.approx(known, abs=0.001)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"meminfo": memory(0.03)}, ("memory", "memory is nearly used up", "")),
        (
            {"filesystem": mount("/", 0.4) + mount("/srv", 0.97)},
            ("disk_space", "filesystem is nearly full", "/srv"),
        ),
        (
            {"filesystem": mount("/", 0.4) + mount("/far", 0, "mountpoint timeout")},
            ("disk_space", "filesystem does not answer", "/far"),
        ),
        (
            {"smart": [("hyperion_smart_verdict", {"device": "nvme0", "verdict": "fail"}, 3)]},
            ("disk_health", "disk is failing", "nvme0"),
        ),
        (
            {"mdadm": [("node_md_degraded", {"device": "md0"}, "1")]},
            ("disk_health", "array lacks disks", "md0"),
        ),
        (
            {"hwmon": sensor(97, crit=100, max=80)},
            ("temperature", "too hot", "platform_coretemp_0 temp1"),
        ),
        (
            {"hwmon": sensor(79, max=80, crit=0)},
            ("temperature", "too hot", "platform_coretemp_0 temp1"),
        ),
        (
            {"thermal_zone": [("node_thermal_zone_temp", {"zone": "0", "type": "soc"}, 94.0)]},
            ("temperature", "too hot", "soc"),
        ),
        (
            {"systemd": [("node_systemd_units", {"state": "failed"}, 2)]},
            ("failed_units", "units failed", ""),
        ),
        (
            {"timex": [("node_timex_sync_status", {}, 0)]},
            ("time_sync", "clock is not kept", ""),
        ),
        (
            {"timex": [("node_timex_offset_seconds", {}, -0.7)]},
            ("time_sync", "clock is wrong", ""),
        ),
        (
            {"updates": [("hyperion_updates_pending", {"manager": "apt", "kind": "security"}, 9)]},
            ("updates", "security updates wait", ""),
        ),
        (
            {"reboot": [("hyperion_reboot_required", {}, 1)]},
            ("updates", "reboot waits", ""),
        ),
    ],
    ids=lambda case: case[1] if isinstance(case, tuple) else "",
)
def test_what_is_wrong_is_named_with_the_place_where_it_is(
    given: Given, reason: tuple[str, ...], machine: Machine
) -> None:
    samples = machine.is_now(**given)
    assert reasons(samples) == [reason]
    assert components(samples)[reason[0]] < 100
    assert score(samples) < 100


@pytest.mark.parametrize(
    "given",
    [
        {"filesystem": mount("/", 0.4) + mount("/media/cd", 1.0, readonly=1)},
        {"filesystem": mount("/", 0.4) + mount("/root/mnt", 0, "permission denied")},
        {"hwmon": sensor(85, crit=1, max=65261.85)},
        {"updates": [("hyperion_updates_pending", {"manager": "apt", "kind": "all"}, 500)]},
    ],
    ids=["a full disc that cannot be written", "not ours to see", "no limit", "not for security"],
)
def test_what_is_no_fault_takes_no_points(given: Given, machine: Machine) -> None:
    assert reasons(machine.is_now(**given)) == []


def cpu(idle: float, user: float) -> list[Any]:
    return [(CPU, {"cpu": "0", "mode": m}, v) for m, v in (("idle", idle), ("user", user))]


def test_processors_are_judged_by_the_last_minute(machine: Machine) -> None:
    assert "cpu" not in components(machine.is_now(cpu=cpu(5000, 100)))
    assert components(machine.after(15, cpu=cpu(5015, 100)))["cpu"] == 100
    machine.after(15, cpu=cpu(5015, 115))
    machine.after(30, cpu=cpu(5015, 145))
    samples = machine.after(30, cpu=cpu(5015, 175))
    assert reasons(samples) == [("cpu", "processors are busy", "")]
    assert components(samples)["cpu"] == 0


def test_waiting_is_judged_by_the_last_minute(machine: Machine) -> None:
    def stalled(seconds: float) -> list[Any]:
        return [("node_pressure_memory_stalled_seconds_total", {}, seconds)]

    machine.is_now(pressure=stalled(100))
    assert components(machine.after(60, pressure=stalled(100.5)))["pressure"] == 100
    samples = machine.after(60, pressure=stalled(120.5))
    assert reasons(samples) == [("pressure", "all wait for memory", "")]


def events(**counts: int) -> list[Any]:
    labels = {"source": "kernel", "level": "err"}
    return [("hyperion_events_total", labels | {"class": c}, n) for c, n in counts.items()]


def test_grave_events_count_for_a_quarter_of_an_hour(machine: Machine) -> None:
    machine.is_now(events=events(other=9, link_down=4))
    assert components(machine.after(60, events=events(other=99, link_down=44)))["events"] == 100
    once = events(other=99, link_down=44, io_error=2)
    assert reasons(machine.after(60, events=once)) == [("events", "grave events", "")]
    for _ in range(20):
        samples = machine.after(60, events=once)
    assert reasons(samples) == []


def test_the_grave_classes_are_classes_of_events() -> None:
    assert set(CLASSES) > GRAVE


def test_a_filesystem_that_fills_up_is_named_before_it_is_full(machine: Machine) -> None:
    machine.is_now(filesystem=mount("/", 0.62))
    assert reasons(machine.after(1200, filesystem=mount("/", 0.63))) == [], "too soon to tell"
    samples = machine.after(2400, filesystem=mount("/", 0.70))
    assert reasons(samples) == [("disk_space", "filesystem will be full soon", "/")]


def test_one_that_fills_up_from_nearly_empty_is_used_as_it_should_be(machine: Machine) -> None:
    machine.is_now(filesystem=mount("/", 0.1))
    assert reasons(machine.after(3600, filesystem=mount("/", 0.2))) == []


def test_what_nobody_knows_costs_confidence_and_no_points(machine: Machine) -> None:
    whole = machine.is_now()
    without = machine.is_now(smart=None, hwmon=None)
    assert score(without) == score(whole) == 100
    assert {"disk_health", "temperature"}.isdisjoint(components(without))
    confidence = ("hyperion_health_confidence",)
    assert without[confidence] == pytest.approx(whole[confidence] - 100 / 340, abs=0.001)


def test_a_machine_of_which_nothing_is_known_has_no_confidence(machine: Machine) -> None:
    samples = machine.is_now(**dict.fromkeys(WELL))
    assert samples["hyperion_health_confidence",] == 0
    assert components(samples) == {}


def test_weights_are_configured_and_none_is_more_than_all(paths: Paths, scrape: Scrape) -> None:
    health = Health(paths, Options(failed_units=500, memory=0))
    known = Known()
    known.note("systemd", blocks([("node_systemd_units", {"state": "failed"}, 5)]))
    known.note("meminfo", blocks(memory(0)))
    health.see(known)
    samples = scrape(health)
    assert score(samples) == 0
    assert samples["hyperion_health_component_weight", "failed_units"] == 100
    assert samples["hyperion_health_component_weight", "memory"] == 0


def test_where_nobody_was_asked_there_is_nothing_to_tell(paths: Paths, scrape: Scrape) -> None:
    with pytest.raises(NoData):
        scrape(Health(paths, Options()))
