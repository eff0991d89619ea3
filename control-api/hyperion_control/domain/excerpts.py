"""What is kept of a stream: its beginning, its end, and how long it was."""

from collections import deque
from dataclasses import dataclass

HEAD_BYTES = 64 * 1024
TAIL_BYTES = 64 * 1024


@dataclass(frozen=True)
class Excerpt:
    """`head` and `tail` follow each other without a gap unless it is truncated."""

    head: bytes = b""
    tail: bytes = b""
    size: int = 0  # of the whole stream

    @property
    def truncated(self) -> bool:
        return self.size > len(self.head) + len(self.tail)


class Keeper:
    """Takes a stream in pieces of any size and never holds much more than it will give."""

    def __init__(self, head: int = HEAD_BYTES, tail: int = TAIL_BYTES) -> None:
        self._room = head
        self._most = tail
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._held = 0
        self._size = 0

    def add(self, piece: bytes) -> None:
        self._size += len(piece)
        free = self._room - len(self._head)
        self._head += piece[:free]
        # Not more of one piece than fits, so that a huge piece is not held for its end.
        if rest := piece[free:][-self._most :] if self._most else b"":
            self._tail.append(rest)
            self._held += len(rest)
        while self._tail and self._held - len(self._tail[0]) >= self._most:
            self._held -= len(self._tail.popleft())

    def excerpt(self) -> Excerpt:
        tail = b"".join(self._tail)[-self._most :] if self._most else b""
        return Excerpt(bytes(self._head), tail, self._size)
