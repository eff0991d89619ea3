"""One order on this machine, from its start to its proven end."""

import base64
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any

from hyperion_exporter.agent.files import Policy

if sys.platform == "win32":
    from hyperion_exporter.sources.order_windows import Running
    from hyperion_exporter.sources.windows_job import NotStarted
else:
    from hyperion_exporter.sources.order import NotStarted, Running

TICK_SECONDS = 0.1
# Last words may still be on their way, and what runs on in the background may hold the streams.
SILENT_TICKS, DRAIN_SECONDS = 5, 10.0

Output = Callable[[str, bytes], None]


@dataclass(frozen=True)
class Order:
    argv: tuple[str, ...]
    stdin: bytes
    env: Mapping[str, str]
    folder: str
    user: str
    seconds: int
    head: int
    tail: int

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> "Order":
        named = {name: told[name] for name in ("env", "folder", "user", "seconds", "head", "tail")}
        stdin = base64.b64decode(told["stdin"])
        return cls(argv=tuple(map(str, told["argv"])), stdin=stdin, **named)


@dataclass(frozen=True)
class Ended:
    end: str
    code: int | None = None
    signal: str = ""
    seconds: float = 0.0
    reason: str = ""


def run(order: Order, policy: Policy, output: Output, cancel: Event) -> Ended:
    if why := policy.refusal(order.argv, order.user):
        return Ended("not_started", reason=why)
    began = time.monotonic()
    asked = order.argv, order.stdin, order.env, order.folder, order.user
    try:
        running = Running(*asked, mark=secrets.token_hex(16))
    except NotStarted as fault:
        return Ended("not_started", reason=str(fault))
    try:
        why = _follow(running, output, cancel, began + order.seconds)
        gone = running.stop() if why else True
        _drain(running, output)
        code, signal = running.ended() or (None, "")
    finally:
        running.close()
    seconds = time.monotonic() - began
    if not gone:
        return Ended("lost", reason="what the program started could not be ended", seconds=seconds)
    return Ended(why or ("signaled" if signal else "exited"), code, signal, seconds)


def _follow(running: Running, output: Output, cancel: Event, until: float) -> str:
    """Until it has ended by itself, or why it is to be ended."""
    while running.ended() is None:
        if cancel.is_set():
            return "canceled"
        if time.monotonic() > until:
            return "timed_out"
        _take(running, output)
    return ""


def _drain(running: Running, output: Output) -> None:
    silent, until = 0, time.monotonic() + DRAIN_SECONDS
    while silent < SILENT_TICKS and not running.drained() and time.monotonic() < until:
        silent = 0 if _take(running, output) else silent + 1


def _take(running: Running, output: Output) -> bool:
    came = running.read(TICK_SECONDS)
    for stream, piece in came:
        output(stream, piece)
    return bool(came)
