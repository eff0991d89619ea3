"""Another machine, by SSH."""

import select
import threading
from contextlib import suppress

import paramiko

from hyperion_control.domain.orders import Order
from hyperion_control.runners.base import (
    End,
    HostKeyChanged,
    HostKeyRefused,
    Lost,
    Outcome,
    Output,
    Stream,
    Unreachable,
)
from hyperion_control.runners.channel import execute, open_channel, or_lost
from hyperion_control.runners.following import follow
from hyperion_control.runners.launcher import UNWATCHED, Launch, Started, becoming
from hyperion_control.runners.line import Line, Way
from hyperion_control.runners.pool import Pool

PIECE_BYTES = 128 * 1024


class SshRunner:
    def __init__(self, pool: Pool, way: Way) -> None:
        self._pool = pool
        self._way = way

    def run(
        self, order: Order, output: Output | None = None, cancel: threading.Event | None = None
    ) -> Outcome:
        launch = Launch(order)
        try:
            try:
                return self._run(launch, output, cancel)
            except _NoChannel:
                # Nothing has been sent; a connection that stood for long may be dead by now.
                self._pool.drop(self._way)
                return self._run(launch, output, cancel)
        except HostKeyRefused as refused:
            changed = isinstance(refused, HostKeyChanged)
            end = End.HOST_KEY_CHANGED if changed else End.HOST_KEY_UNKNOWN
            return Outcome(end, reason=str(refused), offered=refused.offered, offered_by=refused.by)
        except Unreachable as error:
            return Outcome(End.UNREACHABLE, reason=str(error))

    def _run(
        self, launch: Launch, output: Output | None, cancel: threading.Event | None
    ) -> Outcome:
        with self._pool.line(self._way) as line:
            outcome = _run_on(line, launch, output, cancel)
            if outcome.end is End.NOT_STARTED and outcome.code == UNWATCHED:
                # The line's watch has gone, and we had not heard of it.
                outcome = _run_on(line, launch, output, cancel, watched=False)
            return outcome


def _run_on(
    line: Line,
    launch: Launch,
    output: Output | None,
    cancel: threading.Event | None,
    *,
    watched: bool = True,
) -> Outcome:
    channel = _open(line)
    try:
        with or_lost():
            door = line.watch.door() if watched else ""
            execute(line, channel, launch.line(door, line.watch.shell))
            channel.sendall(launch.order.stdin)
    except Lost as lost:
        _let_go(line, channel, launch)
        return Outcome(End.LOST, reason=str(lost))
    return follow(_Wire(line, channel, launch), launch, output, cancel)


class _NoChannel(Unreachable):
    pass


def _open(line: Line) -> paramiko.Channel:
    try:
        return open_channel(line)
    except (OSError, EOFError, paramiko.SSHException) as error:
        raise _NoChannel(f"the machine opens no channel: {error or 'it hung up'}") from error


def _let_go(line: Line, channel: paramiko.Channel, launch: Launch) -> None:
    """The machine ends what runs: its own watcher sees the channel close, the line's is told."""
    channel.close()
    line.watch.let_go(launch.mark)


class _Wire:
    def __init__(self, line: Line, channel: paramiko.Channel, launch: Launch) -> None:
        self._line = line
        self._channel = channel
        self._launch = launch
        self._stopping: paramiko.Channel | None = None
        self._poll = select.poll()
        self._poll.register(channel.fileno(), select.POLLIN)

    def read(self, seconds: float) -> list[tuple[Stream, bytes]]:
        channel = self._channel
        if channel.closed and not self.ended() and self._nothing_left():
            raise Lost("the connection broke while the program ran")
        if self.drained():
            # Nothing more will come but how it ended.
            channel.status_event.wait(seconds)
            return []
        self._poll.poll(seconds * 1000)
        came = []
        if channel.recv_ready():
            came.append((Stream.STDOUT, channel.recv(PIECE_BYTES)))
        if channel.recv_stderr_ready():
            came.append((Stream.STDERR, channel.recv_stderr(PIECE_BYTES)))
        return came

    def _nothing_left(self) -> bool:
        return not self._channel.recv_ready() and not self._channel.recv_stderr_ready()

    def drained(self) -> bool:
        return bool(self._channel.eof_received or self._channel.closed) and self._nothing_left()

    def ended(self) -> tuple[int | None, str] | None:
        if not self._channel.status_event.is_set():
            return None
        if signal := getattr(self._channel, "exit_signal", ""):
            return None, signal
        return (self._channel.exit_status, "") if self._channel.exit_status >= 0 else None

    def stop(self, started: Started) -> None:
        with or_lost():
            self._stopping = open_channel(self._line)
            execute(self._line, self._stopping, becoming(started.stop_argv()))

    def stopped(self) -> bool | None:
        if self._stopping is None or not self._stopping.exit_status_ready():
            return None
        return self._stopping.recv_exit_status() == 0

    def close(self) -> None:
        with suppress(OSError, EOFError):
            if self.ended():
                self._channel.close()
            else:
                _let_go(self._line, self._channel, self._launch)
            if self._stopping:
                self._stopping.close()
