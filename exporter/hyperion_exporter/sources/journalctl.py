"""The journal as journalctl writes it out, where its library cannot be loaded."""

from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from threading import Timer
from typing import IO, TYPE_CHECKING, cast

from hyperion_exporter.sources.event_log import MOST_BYTES, Event, NoLog, of_journal

if TYPE_CHECKING:
    import subprocess

# One that says nothing for so long hangs.
PATIENCE_SECONDS = 30.0
# Beside the cursor and the time, which are always given.
FIELDS = "SYSLOG_IDENTIFIER,PRIORITY,MESSAGE,_TRANSPORT"

Entry = dict[bytes, bytes]


class Journalctl:
    kind = "journal"
    # It is a program to start.
    interval = 5.0

    def __init__(
        self,
        root: Path,
        position: str | None,
        programs: Container[bytes],
        program: str = "journalctl",
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._argv = [program, "--quiet", "--no-pager", "--output=export"]
        self._argv += [f"--output-fields={FIELDS}"]
        self._argv += [] if root == Path("/") else [f"--root={root}"]
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None
        self.position = self._last() if position is None else position

    def read(self, most: int) -> list[Event]:
        events: list[Event] = []
        for entry in self._entries([f"--after-cursor={self.position}"]):
            events.append(_event(entry))
            self.position = entry[b"__CURSOR"].decode()
            if len(events) == most:
                break
        return events

    def close(self) -> None:
        if self._process:
            self._process.kill()
            self._ended(self._process)

    def __del__(self) -> None:
        self.close()

    def _last(self) -> str:
        found = list(self._entries(["--lines=1"]))
        if not found:
            raise NoLog("there is no journal that may be read; its group is systemd-journal")
        return found[-1][b"__CURSOR"].decode()

    def _entries(self, options: Sequence[str]) -> Iterator[Entry]:
        """Of a program under way the next ones; else those of a new one."""
        process = self._process = self._process or _started([*self._argv, *options])
        watch = Timer(self._patience, process.kill)
        watch.start()
        try:
            yield from _parsed(cast(IO[bytes], process.stdout))
            if status := self._ended(process):
                raise OSError(f"journalctl ended with status {status}")
        finally:
            watch.cancel()

    def _ended(self, process: "subprocess.Popen[bytes]") -> int:
        self._process = None
        with process:
            return process.wait()


def _started(argv: Sequence[str]) -> "subprocess.Popen[bytes]":
    # Not at the head of the file: who has the library need not carry it.
    import subprocess

    try:
        return subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError as fault:
        raise NoLog(f"journalctl cannot be started: {fault.strerror}") from None


def _parsed(output: IO[bytes]) -> Iterator[Entry]:
    """Out of systemd's export format: a line a field, an empty line behind each entry."""
    entry: Entry = {}
    for line in output:
        name, equals, value = line[:-1].partition(b"=")
        if not name:
            yield entry
            entry = {}
            continue
        if not equals:
            # Of more than one line, or not text.
            value = output.read(int.from_bytes(output.read(8), "little") + 1)[:-1]
        entry[name] = value[:MOST_BYTES]


def _event(entry: Entry) -> Event:
    names = (b"SYSLOG_IDENTIFIER", b"_TRANSPORT", b"PRIORITY", b"MESSAGE")
    program, transport, level, message = (entry.get(name, b"") for name in names)
    at = int(entry[b"__REALTIME_TIMESTAMP"]) / 1e6
    return of_journal(program, transport, level, message, at)
