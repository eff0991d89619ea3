"""What tasks say, from when it comes until it is written."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hyperion_control.runners.base import Stream
from hyperion_control.store.tasks import Result, Task


@dataclass(frozen=True)
class Piece:
    stream: Stream
    start: int
    data: bytes


@dataclass(frozen=True)
class Share:
    """What is to be written of one task."""

    transcript: "Transcript"
    pieces: tuple[Piece, ...]
    result: Result | None  # once it has ended


@dataclass
class _Unwritten:
    """Of one stream; however fast it comes, no more is held than will be kept."""

    head: int
    tail: int
    size: int = 0  # of all that came
    begin: bytearray = field(default_factory=bytearray)  # of the first `head` bytes
    rest: bytearray = field(default_factory=bytearray)
    # Of all of it: what is alike where it is kept may differ elsewhere.
    hashed: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def add(self, piece: bytes) -> None:
        self.hashed.update(piece)
        room = max(0, self.head - self.size)
        self.size += len(piece)
        self.begin += piece[:room]
        self.rest += piece[room:]
        spare = max(0, len(self.rest) - self.tail)
        del self.rest[:spare]

    def take(self) -> list[tuple[int, bytes]]:
        begun = min(self.size, self.head) - len(self.begin)
        taken = [(begun, bytes(self.begin)), (self.size - len(self.rest), bytes(self.rest))]
        self.begin.clear()
        self.rest.clear()
        return [(start, data) for start, data in taken if data]


class Transcript:
    """Filled in the thread that runs the task, emptied in the writer's."""

    def __init__(self, task: Task, head: int, tail: int, changed: Callable[[], None]) -> None:
        self.task = task
        self.head = head
        self.tail = tail
        self.written = threading.Event()  # to its end
        self._changed = changed
        self._result: Result | None = None
        self._lock = threading.Lock()
        self._streams = {each: _Unwritten(head, tail) for each in Stream}

    def add(self, stream: Stream, piece: bytes) -> None:
        with self._lock:
            self._streams[stream].add(piece)
        self._changed()

    def end(self, result: Result) -> None:
        out, err = (self._streams[stream] for stream in Stream)
        digest = hashlib.sha256(out.hashed.digest() + err.hashed.digest()).hexdigest()
        with self._lock:
            self._result = replace(
                result, stdout_size=out.size, stderr_size=err.size, digest=digest
            )

    def take(self) -> Share | None:
        """What came since the last time; None: nothing."""
        with self._lock:
            pieces = tuple(
                Piece(stream, start, data)
                for stream, unwritten in self._streams.items()
                for start, data in unwritten.take()
            )
            return Share(self, pieces, self._result) if pieces or self._result else None
