"""The program: configuration, collectors, server. The only wiring."""

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hyperion_exporter import config, logs
from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors import COLLECTORS
from hyperion_exporter.config import Config, Plan, example, settings
from hyperion_exporter.config.settings import ConfigError
from hyperion_exporter.guard import SELF, Guard
from hyperion_exporter.reload import Reloader, Reloads
from hyperion_exporter.serving.scrape import PATIENCE_SECONDS
from hyperion_exporter.serving.server import Server, serve, split_address

if TYPE_CHECKING:
    from hyperion_exporter.serving.gate import Gate

log = logging.getLogger("hyperion_exporter")


class CannotListen(Exception):
    """An address cannot be had now; a moment later it may."""


def main(argv: Sequence[str] | None = None) -> int:
    try:
        begun = _begin(sys.argv[1:] if argv is None else argv)
    except (ConfigError, CannotListen) as fault:
        print(f"hyperion-exporter: {fault}", file=sys.stderr)
        # The unit starts again what may work the next time, not what cannot.
        return 2 if isinstance(fault, ConfigError) else 1
    return _print(begun) if isinstance(begun, str) else _until_told(begun)


def _begin(argv: Sequence[str]) -> str | Reloader:
    """What is to be printed, or what is to serve.

    Nothing else of it stays: the first collectors must be free to go with a reload.
    """
    wanted = config.read(argv, COLLECTORS, os.environ)
    logs.begin(wanted.log_level, wanted.log_format)
    _allow_files()
    match wanted.command:
        case "serve":
            return _ready(argv, wanted)
        case "once":
            # What only warns is for who stays: that counts will not outlive this, for one.
            logging.getLogger().setLevel(logging.ERROR)
            return Guard(wanted.collectors).gather(PATIENCE_SECONDS)
        case "dry-run":
            return _costs(wanted)
        case "collector.list":
            return _list(wanted)
        case "config.example":
            return example.text(settings.every(COLLECTORS))
        case _:
            return _check(wanted)


def _print(text: str) -> int:
    """Whoever reads may leave in the midst of it, and a disk may be full."""
    try:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.flush()
    except OSError as fault:
        # Some Pythons (Debian 12's) try what is left in the buffer again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(fault, BrokenPipeError):
            print(f"hyperion-exporter: cannot write: {fault.strerror}", file=sys.stderr)
        return 1
    return 0


def _list(wanted: Config) -> str:
    on = {collector.name for collector in wanted.collectors}
    lines = [f"{'collector':<20} default now what it gives"]
    for kind in COLLECTORS:
        default, now = ("on" if state else "off" for state in (kind.default, kind.name in on))
        lines.append(f"{kind.name:<20} {default:<7} {now:<3} {kind.help}")
    return "\n".join(lines) + "\n"


def _costs(wanted: Config) -> str:
    """The second round: the first one opens what later ones find open."""
    rows: list[tuple[str, float, int, int]] = []
    for collector in wanted.collectors:
        guard = Guard([collector])
        guard.gather(PATIENCE_SECONDS)
        begun = time.perf_counter()
        text = guard.gather(PATIENCE_SECONDS)
        cost = (time.perf_counter() - begun) * 1000
        own = text.partition(f"# HELP {SELF[0].name} ")[0]
        series = sum(1 for line in own.split("\n") if line and not line.startswith("#"))
        rows.append((collector.name, cost, len(own.encode()), series))
    rows.append(
        ("total", sum(r[1] for r in rows), sum(r[2] for r in rows), sum(r[3] for r in rows))
    )
    lines = [f"{'collector':<20} {'ms':>9} {'bytes':>9} {'series':>7}"]
    lines += (f"{name:<20} {ms:>9.3f} {size:>9} {series:>7}" for name, ms, size, series in rows)
    return "\n".join(lines) + "\n"


def _check(wanted: Config) -> str:
    open_gate(wanted.web_file)
    _addresses(wanted)
    return f"the configuration can be obeyed: {len(wanted.collectors)} collectors are on\n"


def open_gate(file: Path | None) -> "Gate | None":
    """YAML, bcrypt and TLS take memory: only where they are wanted."""
    if file is None:
        return None
    from hyperion_exporter.serving.gate import Gate

    try:
        return Gate(file)
    except ValueError as fault:
        raise ConfigError(f"--web.config.file: {fault}") from None


def _addresses(wanted: Config) -> None:
    if not wanted.listen:
        raise ConfigError("--web.listen-address: give at least one address")
    for address in wanted.listen:
        try:
            split_address(address)
        except ValueError as fault:
            raise ConfigError(f"--web.listen-address: {fault}") from None


def _allow_files() -> None:
    """As many as the system grants: files are kept open, and a large machine has thousands."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _ready(argv: Sequence[str], wanted: Config) -> Reloader:
    def read(known: Mapping[Plan, Collector]) -> Config:
        return config.read(argv, COLLECTORS, os.environ, known)

    reloads = Reloads()
    guard = Guard([*wanted.collectors, reloads])
    servers = _serve(wanted, guard)
    if wanted.without_effect:
        log.info("without effect here: %s", ", ".join(wanted.without_effect))
    return Reloader(wanted, read, open_gate, guard, servers, reloads)


def _until_told(reloader: Reloader) -> int:
    signals = _signals()
    for server in reloader.servers:
        log.info("listening on %s:%s", *server.server_address[:2])
        threading.Thread(target=server.serve_forever, name="serve", daemon=True).start()
    while signals.recv(1)[0] not in (signal.SIGTERM, signal.SIGINT):
        reloader.reload()
    # A thread may hang inside the kernel; nothing we hold needs an orderly end.
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


def _signals() -> socket.socket:
    """Gives the number of each signal that came, as a byte.

    A handler would not do: Python calls it when the main thread runs again, and a signal that comes
    just before that thread begins to wait does not wake it.
    """
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    signal.set_wakeup_fd(theirs.detach())
    # Windows has no SIGHUP.
    for name in {"SIGTERM", "SIGINT", "SIGHUP"} & set(dir(signal)):
        signal.signal(getattr(signal, name), lambda *_: None)
    return ours


def _serve(wanted: Config, guard: Guard) -> list[Server]:
    gate = open_gate(wanted.web_file)
    if wanted.systemd_socket:
        from hyperion_exporter.serving import activation

        return [
            activation.Activated(given, guard, wanted.telemetry_path, gate, wanted.max_requests)
            for given in activation.handed_over(os.environ)
        ]
    _addresses(wanted)
    try:
        return serve(wanted.listen, guard, wanted.telemetry_path, gate, wanted.max_requests)
    except OSError as fault:
        where = ", ".join(wanted.listen)
        raise CannotListen(
            f"cannot listen on {where}: {fault}; choose another with --web.listen-address"
        ) from None
