"""What a program said and home does not know yet; bounded, however long home is away."""

import hashlib
import threading

PIECE_BYTES = 128 * 1024


class Spool:
    """Of one stream: the first `head` bytes are never let go, of what follows the last `tail`."""

    def __init__(self, head: int, tail: int) -> None:
        self._head = head
        self._tail = tail
        self._lock = threading.Lock()
        self._begin = bytearray()
        self._rest = bytearray()
        self._hashed = hashlib.sha256()
        self.size = 0  # of all that came

    def add(self, piece: bytes) -> None:
        with self._lock:
            self._hashed.update(piece)
            room = max(0, self._head - self.size)
            self.size += len(piece)
            self._begin += piece[:room]
            self._rest += piece[room:]
            del self._rest[: max(0, len(self._rest) - self._tail)]

    def next(self) -> tuple[int, bytes] | None:
        """The first piece that is not told yet, and its place."""
        with self._lock:
            if self._begin:
                place = min(self.size, self._head) - len(self._begin)
                return place, bytes(self._begin[:PIECE_BYTES])
            if self._rest:
                return self.size - len(self._rest), bytes(self._rest[:PIECE_BYTES])
            return None

    def told(self, place: int, piece: bytes) -> None:
        """Some of it may have been let go since."""
        with self._lock:
            if place < self._head:
                del self._begin[: len(piece)]
            else:
                there = self.size - len(self._rest)
                del self._rest[: max(0, place + len(piece) - there)]

    def digest(self) -> bytes:
        """Of all of it, kept or not."""
        return self._hashed.digest()
