"""A stream's beginning and end are kept, and its true size."""

import random

import pytest

from hyperion_control.domain.excerpts import Excerpt, Keeper


def kept(pieces: list[bytes], head: int, tail: int) -> Excerpt:
    keeper = Keeper(head, tail)
    for piece in pieces:
        keeper.add(piece)
    return keeper.excerpt()


def test_a_short_stream_is_kept_whole() -> None:
    excerpt = kept([b"abc", b"def"], 4, 4)
    assert (excerpt.head, excerpt.tail, excerpt.size) == (b"abcd", b"ef", 6)
    assert not excerpt.truncated


def test_of_a_long_stream_beginning_and_end_are_kept() -> None:
    excerpt = kept([b"0123456789" * 3], 4, 5)
    assert (excerpt.head, excerpt.tail, excerpt.size) == (b"0123", b"56789", 30)
    assert excerpt.truncated


@pytest.mark.parametrize("seed", range(30))
def test_it_does_not_matter_in_which_pieces_it_comes(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    pieces = [dice.randbytes(dice.randrange(40)) for _ in range(dice.randrange(20))]
    head, tail = dice.randrange(60), dice.randrange(60)
    whole = b"".join(pieces)
    excerpt = kept(pieces, head, tail)
    rest = whole[head:]
    assert excerpt == Excerpt(whole[:head], rest[max(0, len(rest) - tail) :], len(whole))
    assert excerpt.truncated == (len(whole) > head + tail)


def test_nothing_is_kept_of_a_stream_that_nobody_wants() -> None:
    assert kept([b"abc"], 0, 0) == Excerpt(b"", b"", 3)
