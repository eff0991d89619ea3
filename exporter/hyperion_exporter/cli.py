"""The program: flags, collectors, server. The only wiring."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence

from hyperion_exporter import config
from hyperion_exporter.collectors import COLLECTORS
from hyperion_exporter.guard import Guard
from hyperion_exporter.server import PATIENCE_SECONDS, Server, serve

log = logging.getLogger("hyperion_exporter")


def main(argv: Sequence[str] | None = None) -> int:
    logging.basicConfig(
        level=logging.INFO,
        format="time=%(asctime)s.%(msecs)03dZ level=%(levelname)s msg=%(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )
    logging.Formatter.converter = time.gmtime
    wanted = config.read(sys.argv[1:] if argv is None else argv, COLLECTORS)
    if wanted.listing:
        print(_list())
    elif wanted.once:
        print(Guard(wanted.collectors).gather(PATIENCE_SECONDS), end="")
    elif wanted.dry_run:
        print(_costs(wanted))
    else:
        return _run(wanted)
    return 0


def _list() -> str:
    lines = (f"{k.name:<20} {'on ' if k.default else 'off'} {k.help}" for k in COLLECTORS)
    return "\n".join(lines)


def _costs(wanted: config.Config) -> str:
    """The second round: the first one opens what later ones find open."""
    lines = [f"{'collector':<20} {'ms':>9} {'bytes':>9}"]
    for collector in wanted.collectors:
        guard = Guard([collector])
        guard.gather(PATIENCE_SECONDS)
        begun = time.perf_counter()
        text = guard.gather(PATIENCE_SECONDS)
        cost = (time.perf_counter() - begun) * 1000
        lines.append(f"{collector.name:<20} {cost:>9.3f} {len(text.encode()):>9}")
    return "\n".join(lines)


def _run(wanted: config.Config) -> int:
    guard = Guard(wanted.collectors)
    try:
        servers = serve(wanted.listen, guard, wanted.telemetry_path)
    except (OSError, ValueError) as fault:
        where = ", ".join(wanted.listen)
        print(f"hyperion-exporter: cannot listen on {where}: {fault}; choose another with "
              "--web.listen-address", file=sys.stderr)  # fmt: skip
        return 1
    return _until_told(servers)


def _until_told(servers: Sequence[Server]) -> int:
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    for server in servers:
        threading.Thread(target=server.serve_forever, name="serve", daemon=True).start()
        log.info("listening on %s:%s", *server.server_address[:2])
    told.wait()
    # A thread may hang inside the kernel; nothing we hold needs an orderly end.
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)
