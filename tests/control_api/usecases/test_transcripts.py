"""What a task says, on its way to the database: in order, and never more than will be kept."""

import itertools

import pytest

from hyperion_control.domain.commands import TaskState
from hyperion_control.runners.base import Stream
from hyperion_control.store.tasks import Result, Task
from hyperion_control.usecases.transcripts import Piece, Transcript

HEAD, TAIL = 100, 50


def transcript() -> Transcript:
    return Transcript(Task("tsk_1", "org_1", "cmd_1", "mch_1", 0), HEAD, TAIL, lambda: None)


def said(size: int) -> bytes:
    return bytes(n % 251 for n in range(size))


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 149, 150, 151, 5000])
@pytest.mark.parametrize("most", [1, 7, 120, 5000])
def test_beginning_and_end_arrive_whole_however_they_are_cut(size: int, most: int) -> None:
    text, pieces, ours = said(size), list[Piece](), transcript()
    left, turns = text, itertools.count()
    while left:
        turn = next(turns)
        cut = 1 + turn % most
        ours.add(Stream.STDERR, left[:cut])
        left = left[cut:]
        if turn % 3 == 0 and (share := ours.take()):
            pieces += share.pieces
    ours.end(Result(TaskState.SUCCEEDED))
    share = ours.take()
    assert share and share.result
    pieces += share.pieces
    held = {piece.start + n: byte for piece in pieces for n, byte in enumerate(piece.data)}
    assert sum(len(piece.data) for piece in pieces) == len(held), "nothing comes twice"
    assert all(text[place] == byte for place, byte in held.items())
    assert held.keys() >= {*range(size)[:HEAD], *range(size)[-TAIL:]}
    assert (share.result.stdout_size, share.result.stderr_size) == (0, size)


def test_what_is_not_fetched_is_not_held() -> None:
    ours = transcript()
    for _ in range(1000):
        ours.add(Stream.STDOUT, said(64))
    share = ours.take()
    assert share and sum(len(piece.data) for piece in share.pieces) == HEAD + TAIL
    assert ours.take() is None


def test_outputs_are_alike_only_if_all_of_them_is() -> None:
    def digest(out: bytes, err: bytes) -> str:
        ours = transcript()
        ours.add(Stream.STDOUT, out)
        ours.add(Stream.STDERR, err)
        ours.end(Result(TaskState.SUCCEEDED))
        share = ours.take()
        assert share and share.result
        return share.result.digest

    long = bytearray(said(1000))
    assert digest(bytes(long), b"") == digest(said(1000), b"")
    long[500] ^= 1  # of the middle, which is not kept
    assert digest(bytes(long), b"") != digest(said(1000), b"")
    assert digest(b"a", b"b") != digest(b"b", b"a") != digest(b"ba", b"")
