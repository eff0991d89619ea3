"""Watchdogs: the timers that restart a machine which no longer answers them."""

from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, NoData, NoOptions, Samples, gauge
from hyperion_exporter.devices import Devices, Fact, add_facts
from hyperion_exporter.paths import Paths

FACTS = tuple(
    Fact(file, gauge(f"node_watchdog_{name}", help, "name"))
    for file, name, help in (
        ("bootstatus", "bootstatus", "Why the machine last started; 0 if not by the watchdog."),
        ("timeout", "timeout_seconds", "How long the watchdog waits."),
        ("timeleft", "timeleft_seconds", "How long it will still wait."),
        ("pretimeout", "pretimeout_seconds", "How long before the end it gives warning."),
        ("access_cs0", "access_cs0", "Whether the machine started from its first boot source."),
        ("fw_version", "fw_version", "Version of the watchdog's firmware."),
        ("nowayout", "nowayout", "Whether it cannot be stopped once it runs."),
    )
)
WORDS = ("options", "identity", "state", "status", "pretimeout_governor")
INFO = gauge("node_watchdog_info", "What the watchdog says of itself.", "name", *WORDS)


class Watchdog(Collector):
    name = "watchdog"
    help = "Hardware and software watchdogs."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._watchdogs = Devices(paths.sys("class/watchdog"))

    def collect(self) -> Iterable[Block]:
        names = self._watchdogs.names()
        if not (names or self._watchdogs.folder.is_dir()):
            raise NoData("no watchdog")
        samples = Samples()
        add_facts(samples, self._watchdogs, FACTS, only=names)
        for name in names:
            words = (self._watchdogs.read(name, word) or "" for word in WORDS)
            samples.add(INFO, 1, name, *words)
        return [samples]
