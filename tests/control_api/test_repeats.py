"""When an answer may be given again, and what it then says."""

from dataclasses import dataclass, field

import pytest
from flask import Response

from hyperion_control.border.waiting import Told
from hyperion_control.repeats import GOOD_SECONDS, MOST, MOST_BYTES, RENEW_SECONDS, Repeats

ADA = ("192.0.2.7", 40112)
ASKED = b"GET /api/me HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer hyp_ada\r\n\r\n"
BODY = b'{"id":"ada"}\n'


@dataclass
class World:
    changes: int | None = 7
    now: float = 100.0
    routes: list[str] = field(default_factory=list)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def repeats(world: World) -> Repeats:
    return Repeats(lambda: world.changes, world.routes.append, lambda: world.now)


def again(repeats: Repeats, data: bytes = ASKED, client: tuple[str, int] = ADA) -> bytes | None:
    asked = repeats.asked(client, data)
    return repeats.answer(asked) if asked else None


def told(
    repeats: Repeats, data: bytes = ASKED, body: bytes = BODY, status: int = 200, **fields: str
) -> None:
    headers = {"X-Request-Id": "req_first", "ETag": '"3"', **fields}
    response = Response(body, status, headers, content_type="application/json")
    repeats.keep(repeats.asked(ADA, data), Told("/api/me", response))


def test_the_same_question_has_the_same_answer_under_an_id_of_its_own(
    repeats: Repeats, world: World
) -> None:
    assert again(repeats) is None
    told(repeats)
    first, second = again(repeats), again(repeats, client=("192.0.2.7", 50000))
    assert first and second and first != second
    head, _, body = first.partition(b"\r\n\r\n")
    assert body == BODY
    assert head.startswith(b"HTTP/1.1 200 OK\r\nServer: gunicorn\r\nDate: ")
    assert b'\r\nETag: "3"\r\n' in head and b"\r\nContent-Length: 13\r\n" in head
    assert head.count(b"X-Request-Id: req_") == 1 and b"req_first" not in head
    assert world.routes == ["/api/me", "/api/me"]


@pytest.mark.parametrize(
    "other",
    [
        ASKED.replace(b"hyp_ada", b"hyp_eve"),
        ASKED.replace(b"/api/me", b"/api/me?x"),
        ASKED.replace(b"Host: h", b"Host: h\r\nX-Organisation: org_2"),
    ],
)
def test_another_question_has_another_answer(repeats: Repeats, other: bytes) -> None:
    told(repeats)
    assert again(repeats, other) is None


def test_another_address_has_another_answer(repeats: Repeats) -> None:
    told(repeats)
    assert again(repeats, client=("192.0.2.8", 40112)) is None


def test_nothing_is_repeated_after_a_change(repeats: Repeats, world: World) -> None:
    told(repeats)
    world.changes = 8
    assert again(repeats) is None


def test_an_answer_from_before_a_change_is_not_taken_for_one_from_after_it(
    repeats: Repeats, world: World
) -> None:
    asked = repeats.asked(ADA, ASKED)
    world.changes = 8
    repeats.keep(asked, Told("/api/me", Response(BODY)))
    assert again(repeats) is None


def test_one_is_sent_on_in_time_and_an_old_answer_is_no_good(
    repeats: Repeats, world: World
) -> None:
    told(repeats)
    world.now += RENEW_SECONDS
    assert again(repeats) is None
    assert again(repeats) is not None
    world.now += GOOD_SECONDS - RENEW_SECONDS
    assert again(repeats) is None


@pytest.mark.parametrize(
    "data",
    [
        ASKED.replace(b"GET", b"HEAD"),
        ASKED.replace(b"GET", b"POST"),
        ASKED.replace(b"HTTP/1.1", b"HTTP/1.0"),
        ASKED.replace(b"Authorization", b"X-Nothing"),
        ASKED.replace(b"Host: h", b"Host: h\r\ncookie: a=b"),
        ASKED.replace(b"Host: h", b"Host: h\r\nX-Request-ID: mine"),
    ],
)
def test_this_is_never_repeated(repeats: Repeats, data: bytes) -> None:
    assert repeats.asked(ADA, data) is None


def test_neither_a_refusal_nor_a_cookie_is_given_again(repeats: Repeats) -> None:
    told(repeats, status=404)
    assert again(repeats) is None
    told(repeats, **{"Set-Cookie": "a=b"})
    assert again(repeats) is None


def test_nothing_is_repeated_where_changes_are_not_counted(repeats: Repeats, world: World) -> None:
    world.changes = None
    assert repeats.asked(ADA, ASKED) is None


def test_what_is_kept_is_bounded(repeats: Repeats) -> None:
    told(repeats, body=b"x" * (MOST_BYTES + 1))
    assert again(repeats) is None
    questions = [ASKED.replace(b"/me", b"/me?%d" % number) for number in range(MOST + 1)]
    for question in questions:
        told(repeats, question)
    assert [again(repeats, question) is None for question in questions] == [True] + [False] * MOST
