"""Machines for Prometheus to watch, each with its exporter: this one, and those that it is not."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from exporter import golden
from hyperion_exporter.collectors.smart import Options, Smart
from hyperion_exporter.guard import Guard
from hyperion_exporter.paths import Paths
from lab.bus import Error, Key, Value, fake_bus, variant
from lab.disks import Disks, capture
from lab.journald import journald
from lab.ours import BIN, exporter
from lab.servers import answers, free_port, running

# Whose attributes tell of damage, and two that wear; none of them says that it tested itself.
CAPTURED = {
    "/dev/sda": "ST3500418AS_11",
    "/dev/sdb": "SAMSUNG_MZ7WD240HAFV-00003_21",
    "/dev/nvme0": "SAMSUNG_MZVL21T0HCLR-00B00_23",
}
TESTED = {"table": [{"status": {"value": 0, "passed": True}, "lifetime_hours": 10}]}
SYSTEMD, ROOT = "org.freedesktop.systemd1", "/org/freedesktop/systemd1"


@contextmanager
def machines(folder: Path) -> Iterator[dict[str, str]]:
    """Each machine's address by its name."""
    with ExitStack() as stack:
        own = stack.enter_context(exporter(folder))
        yield {
            "plain": urlsplit(own.url).netloc,
            "alder": stack.enter_context(_equipped(folder / "alder")),
            "disks": stack.enter_context(_with_disks(folder / "smartctl")),
            "loud": stack.enter_context(_loud(folder / "loud")),
            "win": stack.enter_context(_portable("win32", folder)),
            "mac": stack.enter_context(_portable("darwin", folder)),
        }


@contextmanager
def _exporter(argv: list[object], log: Path, env: Mapping[str, str]) -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    command = [*argv, f"--web.listen-address={address}"]
    with running(command, log, lambda: answers(f"http://{address}/healthz"), env=env):
        yield address


@contextmanager
def _equipped(folder: Path) -> Iterator[str]:
    """The captured machine, with all hardware and systemd."""
    machine = golden.captured(folder / "machine")
    paths = {"procfs": "proc", "sysfs": "sys", "rootfs": "root", "udev.data": "udev"}
    argv = [
        BIN / "hyperion-exporter",
        *(f"--path.{name}={machine / below}" for name, below in paths.items()),
        f"--collector.process_groups.config={machine}/groups.yml",
    ]
    with (
        fake_bus(machine / "root", _units()),
        _exporter(argv, folder / "log", os.environ) as address,
    ):
        yield address


@contextmanager
def _with_disks(folder: Path) -> Iterator[str]:
    """Where smartctl lies is fixed, so its collector stands here and not in a program."""
    disks = Disks(folder)
    for name, of in CAPTURED.items():
        answer = capture(of) | {"ata_smart_self_test_log": {"standard": TESTED}}
        disks.put(name, answer, answer["device"]["type"], answer["smartctl"]["exit_status"])
    guard = Guard([Smart(Paths(), Options(), [str(disks.bin)])])

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = guard.gather(10).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:
            """Scrapes are nothing to tell of."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever).start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@contextmanager
def _loud(folder: Path) -> Iterator[str]:
    """Its journal tells of what nobody likes to read."""
    folder.mkdir()
    with journald(folder) as system:
        argv = [
            BIN / "hyperion-exporter",
            "--collector.disable-defaults",
            "--collector.events",
            f"--path.rootfs={system.root}",
            f"--collector.events.state-folder={folder}",
        ]
        with _exporter(argv, folder / "log", os.environ) as address:
            # It counts what comes after it was first asked.
            assert answers(f"http://{address}/metrics")
            system.kernel("Out of memory: Killed process 4242 (hog) total-vm:1kB")
            system.write("Failed password for root from 192.0.2.9 port 4 ssh2", "sshd")
            yield address


@contextmanager
def _portable(system: str, folder: Path) -> Iterator[str]:
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    argv: list[object] = [sys.executable, "-m", "lab.systems", system]
    with _exporter(argv, folder / f"{system}.log", env) as address:
        yield address


def _units() -> dict[Key, Value | Error]:
    """A service that runs and was started anew, and one that failed."""
    listed = [
        (name, "words", "loaded", active, sub, "", f"{ROOT}/unit/{name}", 0, "", "/")
        for name, active, sub in (
            ("web.service", "active", "running"),
            ("old.service", "failed", "failed"),
        )
    ]
    facts = {
        (ROOT, "Manager", "Version"): variant("s", "252.39"),
        (ROOT, "Manager", "Virtualization"): variant("s", ""),
        (ROOT, "Manager", "SystemState"): variant("s", "degraded"),
    }
    for path in (f"{ROOT}/unit/{name}" for name, *_ in listed):
        facts |= {
            (path, "Service", "Type"): variant("s", "simple"),
            (path, "Service", "NRestarts"): variant("u", 3),
            (path, "Service", "TasksCurrent"): variant("t", 7),
            (path, "Service", "TasksMax"): variant("t", 100),
        }
    asked: dict[Key, Value | Error] = {
        (path, "Get", (f"{SYSTEMD}.{kind}", name)): value
        for (path, kind, name), value in facts.items()
    }
    return {(ROOT, "ListUnits", ()): Value("a(ssssssouso)", listed), **asked}
