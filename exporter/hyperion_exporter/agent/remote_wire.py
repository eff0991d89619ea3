"""Prometheus' remote write 1.0 on the wire: a WriteRequest of protobuf in a block of snappy."""

import struct
from collections.abc import Iterable, Mapping

Labels = tuple[bytes, ...]  # each as it is written

# The NaN that says that a series has ended; no other does, so values are carried as bytes.
STALE = bytes.fromhex("020000000000f07f")
MOST_COPIED = 64
SHORT_OFFSET = 1 << 16
# What is shorter is written sooner than where it came before.
WORTH_COPYING = 4


def labels(name: str, others: Mapping[str, str]) -> Labels:
    """By name, as receivers ask for; an empty one is none."""
    found = sorted({**others, "__name__": name}.items())
    return tuple(
        _field(1, _field(1, each.encode()) + _field(2, value.encode()))
        for each, value in found
        if value
    )


def value(number: float) -> bytes:
    return struct.pack("<d", number)


def request(series: Iterable[tuple[Labels, bytes]], milliseconds: int) -> bytes:
    """One sample of each."""
    when, block = b"\x10" + _varint(milliseconds), _Block()
    sample = b"\x12" + _varint(9 + len(when)) + b"\x09"
    for told, number in series:
        size = sum(map(len, told)) + len(sample) + len(number) + len(when)
        block.add(b"\x0a" + _varint(size))
        for label in told:
            block.add(label)
        block.add(sample)
        block.add(number)
        block.add(when)
    return block.whole()


class _Block:
    """Made of pieces: one that came before is named by where it stands.

    To look for what is alike at every byte would cost a hundred times more, and save little: what
    comes again in a request are labels.
    """

    def __init__(self) -> None:
        self._packed = bytearray()
        self._size = 0
        self._places: dict[bytes, int] = {}
        self._fresh = bytearray()  # not written yet
        self._back = self._length = 0  # of a copy that is not written yet

    def add(self, piece: bytes) -> None:
        place = self._places.get(piece) if len(piece) >= WORTH_COPYING else None
        self._places[piece] = self._size
        if place is None:
            self._write_copy()
            self._fresh += piece
        else:
            back = self._size - place
            if back != self._back:  # else it only goes on
                self._write_copy()
                self._write_fresh()
                self._back = back
            self._length += len(piece)
        self._size += len(piece)

    def whole(self) -> bytes:
        self._write_copy()
        self._write_fresh()
        return _varint(self._size) + bytes(self._packed)

    def _write_fresh(self) -> None:
        if not self._fresh:
            return
        most = len(self._fresh) - 1
        if most < 60:
            self._packed.append(most << 2)
        else:
            self._packed += b"\xf8" + most.to_bytes(3, "little")
        self._packed += self._fresh
        self._fresh.clear()

    def _write_copy(self) -> None:
        while self._length:
            length = min(self._length, MOST_COPIED)
            short = self._back < SHORT_OFFSET
            self._packed.append(length - 1 << 2 | (2 if short else 3))
            self._packed += self._back.to_bytes(2 if short else 4, "little")
            self._length -= length
        self._back = 0


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)
