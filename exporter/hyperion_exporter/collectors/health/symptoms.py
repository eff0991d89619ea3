"""What the samples of the other collectors say of the machine's health."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from hyperion_exporter.collectors.health.score import Finding
from hyperion_exporter.collectors.health.trend import Trend
from hyperion_exporter.known import Known

MINUTE, QUARTER, HOUR = 60.0, 900.0, 3600.0
# What lies closer together says nothing of how things change.
SOON = 5.0
# Below it, that a filesystem grows is what it is for.
MOSTLY_USED = 0.6
# Limits that sensors give in earnest; others say 0, or what no chip survives.
LIMITS_CELSIUS = (30.0, 130.0)
# What processors bear where no limit is said.
ZONE_CELSIUS = 95.0
# Classes of events that no healthy machine has; what people and networks cause is none of them.
GRAVE = {
    "oom_kill", "io_error", "filesystem_error", "hardware_error", "hung_task", "thermal", "disk",
}  # fmt: skip
STALLS = {
    "node_pressure_memory_stalled_seconds_total": "all wait for memory",
    "node_pressure_io_stalled_seconds_total": "all wait for disks",
    "node_pressure_cpu_waiting_seconds_total": "some wait for processors",
}


class Symptoms:
    """Looks at what is known, and remembers as much of it as tells how it changes."""

    def __init__(self) -> None:
        self._minute = Trend(MINUTE, SOON)
        self._quarter = Trend(QUARTER, SOON)
        self._hours = Trend(6 * HOUR, HOUR / 2)

    def find(self, known: Known, now: float) -> list[Finding]:
        filesystems = _filesystems(known)
        self._minute.note(now, _processors(known) | _stalls(known))
        self._quarter.note(now, _events(known))
        self._hours.note(now, {fs.point: fs.available for fs in filesystems if fs.mostly_used})
        return [
            *self._busy(),
            *_memory(known),
            *(finding for fs in filesystems for finding in self._full(fs)),
            *_disks(known),
            *_heat(known),
            *self._grave(),
            *_units(known),
            *_clock(known),
            *self._stalled(),
            *_updates(known),
        ]

    def _busy(self) -> Iterator[Finding]:
        busy, all_time = self._minute.change("busy"), self._minute.change("all")
        if busy is not None and all_time:
            yield Finding("processors are busy", busy / all_time)

    def _stalled(self) -> Iterator[Finding]:
        for family, symptom in STALLS.items():
            if (share := self._minute.rate(family)) is not None:
                yield Finding(symptom, share)

    def _grave(self) -> Iterator[Finding]:
        if (count := self._quarter.change("grave")) is not None:
            yield Finding("grave events", count)

    def _full(self, fs: "_Filesystem") -> Iterator[Finding]:
        yield Finding("filesystem does not answer", fs.silent, fs.point)
        if fs.silent:
            return
        yield Finding("filesystem is nearly full", fs.used, fs.point)
        yield Finding("inodes are nearly used up", fs.inodes_used, fs.point)
        rate = self._hours.rate(fs.point)
        if rate is not None:
            gone = -rate * HOUR / max(fs.available, 1)
            yield Finding("filesystem will be full soon", gone, fs.point)


class _Filesystem:
    """One that can be written to, or does not answer."""

    def __init__(self, point: str, facts: Mapping[str, float]) -> None:
        self.point = point
        self.silent = facts["node_filesystem_device_error"]
        self.available = facts.get("node_filesystem_avail_bytes", 0)
        self.used = _used(self.available, facts.get("node_filesystem_size_bytes"))
        files_free = facts.get("node_filesystem_files_free", 0)
        self.inodes_used = _used(files_free, facts.get("node_filesystem_files"))
        self.mostly_used = not self.silent and self.used >= MOSTLY_USED


def _used(free: float, total: float | None) -> float:
    """The share; of what has no size, nothing is used."""
    return 1 - free / total if total else 0.0


def _filesystems(known: Known) -> list[_Filesystem]:
    facts: dict[str, dict[str, float]] = defaultdict(dict)
    for family, labels, value in known.find(
        "filesystem",
        "node_filesystem_avail_bytes",
        "node_filesystem_device_error",
        "node_filesystem_files",
        "node_filesystem_files_free",
        "node_filesystem_readonly",
        "node_filesystem_size_bytes",
    ):
        # That we may not look at it is no fault of it.
        if labels.get("device_error") != "permission denied":
            facts[labels["mountpoint"]][family] = value
    written = {p: f for p, f in facts.items() if not f.get("node_filesystem_readonly")}
    return [_Filesystem(p, f) for p, f in written.items() if "node_filesystem_device_error" in f]


def _processors(known: Known) -> dict[str, float]:
    all_time = idle = 0.0
    for _, labels, value in known.find("cpu", "node_cpu_seconds_total"):
        all_time += value
        idle += value if labels["mode"] in ("idle", "iowait") else 0
    return {"all": all_time, "busy": all_time - idle} if all_time else {}


def _stalls(known: Known) -> dict[str, float]:
    return {sample.family: sample.value for sample in known.find("pressure", *STALLS)}


def _events(known: Known) -> dict[str, float]:
    counts = known.find("events", "hyperion_events_total")
    return {"grave": sum(c.value for c in counts if c.labels["class"] in GRAVE)} if counts else {}


def _memory(known: Known) -> Iterator[Finding]:
    names = ("node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes")
    facts = {sample.family: sample.value for sample in known.find("meminfo", *names)}
    if len(facts) == len(names):
        yield Finding("memory is nearly used up", _used(*(facts[name] for name in names)))


def _disks(known: Known) -> Iterator[Finding]:
    for _, labels, value in known.find("smart", "hyperion_smart_verdict"):
        yield Finding("disk is failing", value, labels["device"])
    for _, labels, value in known.find("mdadm", "node_md_degraded"):
        yield Finding("array lacks disks", value, labels["device"])


def _heat(known: Known) -> Iterator[Finding]:
    now, limits = "node_hwmon_temp_celsius", ("_crit_celsius", "_max_celsius")
    names = [now.replace("_celsius", limit) for limit in limits]
    sensors: dict[str, dict[str, float]] = defaultdict(dict)
    for family, labels, value in known.find("hwmon", now, *names):
        sensors[f"{labels['chip']} {labels['sensor']}"][family] = value
    low, high = LIMITS_CELSIUS
    for sensor, facts in sensors.items():
        limit = next((facts[n] for n in names if low < facts.get(n, 0) < high), None)
        if limit is not None and now in facts:
            yield Finding("too hot", facts[now] - limit, sensor)
    for _, labels, value in known.find("thermal_zone", "node_thermal_zone_temp"):
        yield Finding("too hot", value - ZONE_CELSIUS, labels["type"])


def _units(known: Known) -> Iterator[Finding]:
    for _, labels, value in known.find("systemd", "node_systemd_units"):
        if labels["state"] == "failed":
            yield Finding("units failed", value)


def _clock(known: Known) -> Iterator[Finding]:
    names = ("node_timex_sync_status", "node_timex_offset_seconds")
    for family, _, value in known.find("timex", *names):
        if family == "node_timex_sync_status":
            yield Finding("clock is not kept", 1 - value)
        else:
            yield Finding("clock is wrong", abs(value))


def _updates(known: Known) -> Iterator[Finding]:
    for _, labels, value in known.find("updates", "hyperion_updates_pending"):
        if labels["kind"] == "security":
            yield Finding("security updates wait", value)
    for _, _, value in known.find("reboot", "hyperion_reboot_required"):
        yield Finding("reboot waits", value)
