"""Requests and streams that wait, in the server as it runs: with no thread for any of them."""

import json
import re
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest

from control_api.people import SEED, id_of
from hyperion_control.domain import secrets_text
from hyperion_control.guests import SLOW_SECONDS
from hyperion_control.serve import OPTIONS
from hyperion_control.store import logins
from lab.postgres import postgres
from lab.servers import answers
from lab.waiting import Room, all_of, answered, asked, begin, environment, read_until, serving

# More than may be connected besides.
MANY = OPTIONS["worker_connections"] + 100
SOMETHING_ELSE = re.compile(rb"(Date|X-Request-Id): [^\r]+\r\n")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("room")
    env = environment(folder)
    begin(folder, env)
    with serving(folder, env) as found:
        found.people.move_in()
        yield found


@pytest.fixture(params=["sqlite", "postgres"])
def two_rooms(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Room, Room]]:
    """Two processes on one database."""
    with ExitStack() as stack:
        first, second = environment(tmp_path), environment(tmp_path)
        if request.param == "postgres":
            url = stack.enter_context(postgres())
            first["HYPERION_DATABASE_URL"] = second["HYPERION_DATABASE_URL"] = url
        begin(tmp_path, first)
        rooms = [stack.enter_context(serving(tmp_path, env)) for env in (first, second)]
        yield rooms[0], rooms[1]


def bearer(room: Room, name: str = "olga") -> str:
    return f"Authorization: Bearer {room.people.login(name)}"


@pytest.mark.parametrize(
    ("method", "version", "fields"),
    [
        ("GET", "1.1", ()),
        ("GET", "1.0", ()),
        ("HEAD", "1.1", ("Connection: close",)),
        ("POST", "1.1", ("Connection: close",)),
    ],
)
def test_an_answer_that_was_waited_for_is_the_one_that_others_get(
    room: Room, method: str, version: str, fields: tuple[str, ...]
) -> None:
    topic = f"same-{method}-{version}"
    closes = "Connection: close" in fields or version == "1.0"
    request = asked(f"/wait/{topic}", *fields, method=method, version=version, body="a body")
    with room.connect() as first, room.connect() as second:
        first.sendall(request)
        room.wait_for(1)
        room.ring(topic, b"news")
        read = all_of if closes else answered
        waited = read(first)
        second.sendall(request)
        assert SOMETHING_ELSE.sub(b"", waited) == SOMETHING_ELSE.sub(b"", read(second))
    assert waited.startswith(b"HTTP/%s 200 OK\r\n" % version.encode())
    assert waited.endswith(b'a body"}\n') is (method != "HEAD")


def test_what_stands_before_the_wait_is_done_once_under_the_id_that_is_answered(room: Room) -> None:
    with room.connect() as client:
        client.sendall(asked("/wait/once", method="POST", body="act"))
        room.wait_for(1)
        room.ring("once", b"news")
        head, _, body = answered(client).partition(b"\r\n\r\n")
    assert json.loads(body) == {"news": "news", "body": "act"}
    done = room.people.parts.settings.data / "acts-once"
    assert f"X-Request-Id: {done.read_text()}".encode() in head


def test_a_wait_ends_when_its_time_is_over(room: Room) -> None:
    begun = time.monotonic()
    with room.connect() as client:
        client.sendall(asked("/wait/over?seconds=0.3"))
        assert b'"news":null' in answered(client)
    assert 0.3 <= time.monotonic() - begun < 10


def test_a_connection_goes_on_after_a_wait_with_what_was_sent_ahead(room: Room) -> None:
    with room.connect() as client:
        client.sendall(asked("/wait/ahead", method="POST", body="1") + asked("/nothing"))
        room.wait_for(1)
        client.sendall(asked("/healthz", "Connection: close"))
        room.ring("ahead", b"news")
        answer = all_of(client)
    codes = re.findall(rb"HTTP/1.1 ([0-9]{3}) ", answer)
    assert codes == [b"200", b"404", b"200"]


def test_many_wait_while_others_are_answered_and_one_ring_is_for_all_of_them(room: Room) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(room.connect()) for _ in range(MANY)]
        for client in clients:
            client.sendall(asked("/wait/many"))
        room.wait_for(MANY)
        for _ in range(5):
            begun = time.monotonic()
            assert answers(f"{room.server.url}/healthz")
            assert time.monotonic() - begun < 5
        room.ring("many", b"news")
        assert all(b'"news":"news"' in answered(client) for client in clients)
    room.wait_for(0)


def test_who_goes_away_is_forgotten(room: Room) -> None:
    for request in ("/wait/gone", "/stream/gone"):
        kind = request.split("/")[1].replace("wait", "request")
        with room.connect() as client:
            client.sendall(asked(request))
            room.wait_for(1, kind)
        room.wait_for(0, kind)


def test_a_ring_in_another_process_is_heard_within_a_quarter_of_a_second(
    two_rooms: tuple[Room, Room],
) -> None:
    near, far = two_rooms
    took = []
    for turn in range(5):
        with far.connect() as client:
            client.sendall(asked(f"/wait/turn-{turn}"))
            far.wait_for(1)
            begun = time.monotonic()
            near.ring(f"turn-{turn}", b"news")
            answered(client)
            took.append(time.monotonic() - begun)
    # The best of them: others share this machine.
    assert min(took) < 0.25


def test_a_stream_goes_on_in_chunks_to_its_end_and_the_connection_after_it(room: Room) -> None:
    with room.connect() as client:
        client.sendall(asked("/stream/goes"))
        head = read_until(client, b"\r\n\r\n")
        assert b"Transfer-Encoding: chunked\r\n" in head
        assert b"X-Accel-Buffering: no\r\n" in head
        room.ring("goes", b"data: 1\n\n")
        assert client.recv(100) == b"9\r\ndata: 1\n\n\r\n"
        client.sendall(asked("/healthz", "Connection: close"))
        room.ring("goes", b"end\n")
        rest = all_of(client)
    assert rest.startswith(b"0\r\n\r\nHTTP/1.1 200 OK\r\n")


def test_a_client_that_knows_no_chunks_is_given_the_bytes(room: Room) -> None:
    room.ring("old", b"one\n")
    with room.connect() as client:
        client.sendall(asked("/stream/old?type=text/plain", version="1.0"))
        read_until(client, b"one\n")
        room.ring("old", b"end\n")
        assert all_of(client) == b""


def test_who_reads_a_stream_slowly_holds_nobody_up_and_is_left(room: Room) -> None:
    room.ring("long", b"x" * 2**20)
    with ExitStack() as stack:
        for _ in range(OPTIONS["threads"]):
            stack.enter_context(room.connect()).sendall(asked("/stream/long"))
        room.wait_for(OPTIONS["threads"], "stream")
        begun = time.monotonic()
        assert answers(f"{room.server.url}/healthz")
        assert time.monotonic() - begun < SLOW_SECONDS / 2
        room.wait_for(0, "stream")
        assert time.monotonic() - begun > SLOW_SECONDS / 2


def test_a_code_that_came_with_a_request_is_asked_for_once(room: Room) -> None:
    people, login = room.people, bearer(room)
    with people.parts.database.writing("*") as connection:
        hashed = secrets_text.hashed(login.rpartition(" ")[2])
        holder = logins.holder(connection, hashed, None)
        assert holder
        logins.step_up(connection, holder.id, people.parts.clock() - timedelta(hours=1))
    code = pyotp.TOTP(SEED).at(people.parts.clock())
    with room.connect() as client:
        client.sendall(asked("/wait-with-code/code", login, f"X-OTP: {code}"))
        room.wait_for(1)
        room.ring("code", b"news")
        assert b'"news":"news"' in answered(client)
        client.sendall(asked("/wait-with-code/code", login, f"X-OTP: {code}"))
        assert answered(client).startswith(b"HTTP/1.1 401 ")


def test_whoever_was_thrown_out_while_they_waited_is_refused(room: Room) -> None:
    people = room.people
    with room.connect() as client, room.connect() as reader:
        login = bearer(room, "otto")
        client.sendall(asked("/wait-inside/out", login))
        reader.sendall(asked("/stream-inside/out", login))
        read_until(reader, b"\r\n\r\n")
        room.wait_for(1)
        room.wait_for(1, "stream")
        with people.parts.database.writing("*") as connection:
            logins.revoke_all(connection, id_of("otto"), people.parts.clock())
        begun = time.monotonic()
        assert all_of(reader) == b"", "cut, and no last chunk"
        assert time.monotonic() - begun < 2
        room.ring("out", b"a secret")
        answer = answered(client)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"a secret" not in answer


def test_one_more_than_there_is_room_for_is_told_to_come_back(tmp_path: Path) -> None:
    env = environment(tmp_path)
    begin(tmp_path, env)
    files = str(OPTIONS["worker_connections"] + 256 + 2)
    leash = (str(shutil.which("prlimit")), f"--nofile={files}:{files}", "--")
    with serving(tmp_path, env, leash) as room, ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(room.connect()).sendall(asked("/wait/full"))
        room.wait_for(2)
        last = stack.enter_context(room.connect())
        last.sendall(asked("/wait/full"))
        answer = answered(last)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: 5\r\n" in answer
    assert b'"code":"too-many-waiting"' in answer


def test_sigterm_answers_all_who_wait_at_once(tmp_path: Path) -> None:
    env = environment(tmp_path)
    begin(tmp_path, env)
    with serving(tmp_path, env) as room, room.connect() as client, room.connect() as reader:
        client.sendall(asked("/wait/stop"))
        reader.sendall(asked("/stream/stop"))
        read_until(reader, b"\r\n\r\n")
        room.wait_for(1)
        room.wait_for(1, "stream")
        begun = time.monotonic()
        room.server.process.send_signal(signal.SIGTERM)
        assert b'"news":null' in answered(client)
        assert read_until(reader, b"0\r\n\r\n") == b"0\r\n\r\n"
        assert time.monotonic() - begun < 2
        client.close()
        reader.close()
        assert room.server.process.wait(10) == 0
    assert list((tmp_path / "control" / "bell").iterdir()) == []
