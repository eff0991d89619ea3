"""Views that wait, where the server cannot put them aside; tests/live has those where it can."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_api.people import People, id_of
from hyperion_control.app import assembled, equip
from hyperion_control.border.waiting import StreamCut
from hyperion_control.store import logins
from hyperion_control.usecases.parts import Parts
from lab import waiting_room
from lab.databases import ON_SQLITE

pytestmark = ON_SQLITE  # the database has no part in it


@pytest.fixture(scope="module")
def _with_views() -> Flask:
    return waiting_room.add(assembled())


@pytest.fixture
def app(_with_views: Flask, parts: Parts) -> Flask:
    equip(_with_views, parts)
    return _with_views


def test_a_view_that_waits_answers_as_soon_as_there_is_news(app: Flask) -> None:
    def ring() -> None:
        app.test_client().post("/ring/tsk_1", data="news")

    ringing = threading.Timer(0.1, ring)
    ringing.start()
    answer = app.test_client().post("/wait/tsk_1", data="a body")
    ringing.join()
    assert answer.json == {"news": "news", "body": "a body"}


def test_a_view_that_waits_answers_when_its_time_is_over(client: FlaskClient) -> None:
    assert client.get("/wait/tsk_1?seconds=0.1").json == {"news": None, "body": ""}


def test_a_stream_gives_its_pieces_until_its_end(client: FlaskClient) -> None:
    client.post("/ring/tsk_1", data="data: 1\n\n")
    answer = client.get("/stream/tsk_1")
    assert answer.content_type == "text/event-stream; charset=utf-8"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.headers["Cache-Control"] == "no-store"
    pieces = answer.iter_encoded()
    assert next(pieces) == b"data: 1\n\n"
    client.post("/ring/tsk_1", data="data: 2\n\n")
    assert next(pieces) == b"data: 2\n\n"
    client.post("/ring/tsk_1", data="end\n")
    assert list(pieces) == []


def test_the_head_of_a_stream_may_be_asked_for(client: FlaskClient) -> None:
    answer = client.head("/stream/tsk_1?type=text/plain")
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.content_type == "text/plain; charset=utf-8"


def test_a_stream_is_cut_when_its_reader_may_read_no_more(
    as_: Callable[[str], FlaskClient], people: People, parts: Parts
) -> None:
    olga = as_("olga")
    olga.post("/ring/tsk_1", data="data: 1\n\n")
    pieces = olga.get("/stream-inside/tsk_1").iter_encoded()
    assert next(pieces) == b"data: 1\n\n"
    with parts.database.writing("*") as connection:
        logins.revoke_all(connection, id_of("olga"), parts.clock())
    olga.post("/ring/tsk_1", data="data: 2\n\n")
    with pytest.raises(StreamCut, match="this login has ended"):
        next(pieces)
