"""What is not told yet: bounded, in order, and nothing twice."""

import hashlib
import random

import pytest

from hyperion_exporter.agent.spool import PIECE_BYTES, Spool


def told(spool: Spool) -> list[tuple[int, bytes]]:
    found = []
    while (piece := spool.next()) is not None:
        spool.told(*piece)
        found.append(piece)
    return found


def test_all_of_it_is_told_in_order() -> None:
    spool, text = Spool(10, 10), b"abcdefghijklmnopqrst"
    for at in range(0, len(text), 3):
        spool.add(text[at : at + 3])
    assert told(spool) == [(0, b"abcdefghij"), (10, b"klmnopqrst")]
    assert (spool.size, spool.digest()) == (20, hashlib.sha256(text).digest())


def test_while_home_is_away_begin_and_end_stay() -> None:
    spool = Spool(4, 4)
    for letter in b"abcdefghijklmnopqrstuvwxyz":
        spool.add(bytes([letter]))
    assert told(spool) == [(0, b"abcd"), (22, b"wxyz")]
    assert spool.size == 26


def test_what_was_let_go_while_it_was_told_is_not_told_again() -> None:
    spool = Spool(0, 4)
    spool.add(b"abcd")
    piece = spool.next()
    assert piece == (0, b"abcd")
    spool.add(b"ef")
    spool.told(*piece)
    assert told(spool) == [(4, b"ef")]


def test_no_piece_is_too_large() -> None:
    spool = Spool(PIECE_BYTES * 3, 0)
    spool.add(bytes(PIECE_BYTES * 2 + 1))
    assert [len(piece) for _, piece in told(spool)] == [PIECE_BYTES, PIECE_BYTES, 1]


@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_told_is_what_was_said(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  nothing is kept secret by it
    said, spool = bytearray(), Spool(chance.randrange(50), chance.randrange(50))
    for _ in range(200):
        piece = chance.randbytes(chance.randrange(20))
        said += piece
        spool.add(piece)
        if chance.random() < 0.3 and (found := spool.next()):
            place, data = found
            assert said[place : place + len(data)] == data
            spool.add(b"!")
            said += b"!"
            spool.told(place, data)
    assert spool.digest() == hashlib.sha256(said).digest()
