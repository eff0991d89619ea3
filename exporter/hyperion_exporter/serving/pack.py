"""The pieces of a page as one gzip stream, of which what stands still is deflated once."""

import struct
import zlib
from collections.abc import Iterable

from hyperion_exporter.page import Piece

# Level 1: a seventh of level 9's time for a seventh more bytes, measured on such pages. A window of
# 8 kB instead of 32 finds as much in them, and what zlib works in stays in the processor's cache.
LEVEL = 1
WINDOW_BITS = 13
MEMORY_LEVEL = 6
# Smaller ones cost more to keep apart than to deflate again: nothing is found in what is before.
WORTH_KEEPING = 2048
# RFC 1952: gzip, deflate, no name, no time, the fastest level, system unknown.
HEAD = bytes((0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 4, 255))
# The sum and the size of what was deflated.
TAIL = struct.Struct("<II")


def gzip(pieces: Iterable[Piece]) -> bytes:
    """One stream. After a full flush (zlib.h) it may go on with bytes from elsewhere.

    They begin anew there: what comes later does not refer to what came before.
    """
    stream = _stream()
    parts = [HEAD]
    total = size = 0
    for piece in pieces:
        total = zlib.crc32(piece.text, total)
        size += len(piece.text)
        if piece.seen and len(piece.text) >= WORTH_KEEPING:
            parts += stream.flush(zlib.Z_FULL_FLUSH), _deflated(piece)
        else:
            parts.append(stream.compress(piece.text))
            piece.seen = True
    parts += stream.flush(), TAIL.pack(total, size & 0xFFFFFFFF)
    return b"".join(parts)


def _deflated(piece: Piece) -> bytes:
    if not piece.deflated:
        stream = _stream()
        piece.deflated = stream.compress(piece.text) + stream.flush(zlib.Z_FULL_FLUSH)
    return piece.deflated


def _stream() -> "zlib._Compress":
    # Of a negative window zlib makes the bare stream, without head and tail.
    return zlib.compressobj(LEVEL, zlib.DEFLATED, -WINDOW_BITS, MEMORY_LEVEL)
