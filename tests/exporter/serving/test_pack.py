"""A page in pieces as one gzip stream."""

import gzip
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from hyperion_exporter.page import Piece, joined
from hyperion_exporter.serving import pack

PAGE = (Path(__file__).parents[1] / "expected.prom").read_bytes()
SIZE = 2 * pack.WORTH_KEEPING


def cut(page: bytes, size: int = SIZE) -> list[Piece]:
    return [Piece(page[start : start + size]) for start in range(0, len(page), size)]


def unpacked(packed: bytes) -> bytes:
    """By a reader that takes one stream and nothing behind it, and checks sum and size."""
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16)
    page = reader.decompress(packed)
    assert reader.eof
    assert not reader.unused_data
    return page


@pytest.mark.parametrize(
    "pieces",
    [[], [Piece(b"")], cut(b"up 1\n"), cut(PAGE), cut(PAGE, 100), cut(PAGE, 100_000)],
    ids=["nothing", "empty", "short", "usual", "small pieces", "large pieces"],
)
def test_each_time_the_whole_page_comes_out(pieces: Sequence[Piece]) -> None:
    # First nothing is known, then pieces are kept, then they are sent again.
    for _ in range(3):
        assert unpacked(pack.gzip(pieces)) == joined(pieces)


@pytest.mark.parametrize("changed", [(0,), (2,), (-1,), (0, 1), (0, 2, 4)])
def test_pieces_that_changed_stand_between_those_that_did_not(changed: Sequence[int]) -> None:
    pieces = cut(PAGE)
    for _ in range(3):
        pack.gzip(pieces)
    for place in changed:
        # As like one another as can be: none may be told by a reference across one that was kept.
        pieces[place] = Piece(pieces[0].text + b"%d\n" % place)
    assert unpacked(pack.gzip(pieces)) == joined(pieces) != PAGE


def test_what_stands_still_is_deflated_once() -> None:
    still, small = Piece(PAGE[:SIZE]), Piece(b"up 1\n")
    pack.gzip([still, small])
    assert not still.deflated, "most of what is new changes with the next scrape"
    pack.gzip([still, small])
    kept = still.deflated
    assert len(kept) < SIZE / 2
    pack.gzip([small, still])
    assert still.deflated is kept
    assert not small.deflated, "it costs more to keep it apart"


def test_pieces_that_are_kept_make_the_page_little_longer() -> None:
    pieces = cut(PAGE)
    first = len(pack.gzip(pieces))
    pack.gzip(pieces)
    assert len(pack.gzip(pieces)) < 1.25 * first
    assert first < 1.1 * len(gzip.compress(PAGE, 1))


def test_gzip_itself_reads_it() -> None:
    pieces = cut(PAGE)
    packed = [pack.gzip(pieces) for _ in range(3)]
    for page in packed:
        read = subprocess.run(["gzip", "-dc"], input=page, capture_output=True, check=True)
        assert (read.stdout, read.stderr) == (PAGE, b"")
