"""The machine that the API itself runs on."""

import os
import signal
import subprocess
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from threading import Event

from hyperion_control.domain.orders import Order
from hyperion_control.runners.base import End, Outcome, Output, Stream
from hyperion_control.runners.following import follow
from hyperion_control.runners.launcher import Launch, Started

PIECE_BYTES = 128 * 1024
# Longer than the machine takes to end a program that nobody holds any more.
LET_GO_SECONDS = 6.0


class LocalRunner:
    def run(
        self, order: Order, output: Output | None = None, cancel: Event | None = None
    ) -> Outcome:
        launch = Launch(order)
        try:
            wire = _Wire(launch)
        except OSError as error:
            return Outcome(End.NOT_STARTED, reason=f"cannot start a program: {error.strerror}")
        return follow(wire, launch, output, cancel)


class _Wire:
    def __init__(self, launch: Launch) -> None:
        self._unsent = launch.order.stdin
        self._stopping: subprocess.Popen[bytes] | None = None
        self._process = subprocess.Popen(
            launch.argv(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=_environment(),
            start_new_session=True,
        )
        self._selector = DefaultSelector()
        self._pipes = {
            Stream.STDOUT: self._process.stdout,
            Stream.STDERR: self._process.stderr,
            None: self._process.stdin,
        }
        for stream, pipe in self._pipes.items():
            if pipe and (stream or self._unsent):
                os.set_blocking(pipe.fileno(), False)
                self._selector.register(pipe, EVENT_READ if stream else EVENT_WRITE, stream)
        # Its end wakes us too, also when nobody held the streams so long.
        self._ending = os.pidfd_open(self._process.pid)
        self._selector.register(self._ending, EVENT_READ, None)

    def read(self, seconds: float) -> list[tuple[Stream, bytes]]:
        came = []
        for key, _ in self._selector.select(seconds):
            if key.fd == self._ending:
                self._selector.unregister(self._ending)
            elif key.data is None:
                self._send(key.fd)
            elif piece := os.read(key.fd, PIECE_BYTES):
                came.append((key.data, piece))
            else:
                self._selector.unregister(key.fileobj)
        return came

    def _send(self, pipe: int) -> None:
        try:
            self._unsent = self._unsent[os.write(pipe, self._unsent) :]
        except BrokenPipeError:
            self._unsent = b""
        if not self._unsent:
            self._selector.unregister(pipe)

    def drained(self) -> bool:
        return all(key.data is None for key in self._selector.get_map().values())

    def ended(self) -> tuple[int | None, str] | None:
        status = self._process.poll()
        if status is None:
            return None
        return (status, "") if status >= 0 else (None, signal.Signals(-status).name[3:])

    def stop(self, started: Started) -> None:
        self._stopping = subprocess.Popen(started.stop_argv(), stdin=subprocess.DEVNULL)

    def stopped(self) -> bool | None:
        status = self._stopping and self._stopping.poll()
        return None if status is None else status == 0

    def close(self) -> None:
        self._selector.close()
        os.close(self._ending)
        for pipe in self._pipes.values():
            if pipe:
                pipe.close()
        _await(self._process)
        if self._stopping:
            _await(self._stopping)


def _await(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(LET_GO_SECONDS)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _environment() -> dict[str, str]:
    """Without our own settings, some of which are secret: whoever may look reads the output."""
    return {name: text for name, text in os.environ.items() if not name.startswith("HYPERION_")}
