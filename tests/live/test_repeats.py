"""Answers given again by the server as it runs, and not for a moment longer than they are true."""

import re
import socket
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from control_api.people import ACME, id_of
from hyperion_control.domain.roles import Role
from hyperion_control.store import logins, memberships
from lab.inhabited import Inhabited, inhabited
from lab.wait import wait_for
from lab.waiting import answered

OWN = re.compile(rb"\r\n(Date|X-Request-Id): [^\r]+")
REPEATED = re.compile(r"^hyperion_control_repeated_answers_total (\S+)$", re.MULTILINE)
ASKED = re.compile(
    r'^hyperion_control_http_request_duration_seconds_count\{.*"/api/me".* (\S+)$', re.M
)


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inhabited]:
    with inhabited(tmp_path_factory.mktemp("control")) as found:
        yield found


@pytest.fixture
def client(control: Inhabited) -> Iterator[socket.socket]:
    place = urlsplit(control.server.url)
    with socket.create_connection((place.hostname, place.port), timeout=20) as client:
        yield client


def me(client: socket.socket, secret: str) -> bytes:
    client.sendall(
        b"GET /api/me HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %b\r\n\r\n" % secret.encode()
    )
    return answered(client)


def metric(control: Inhabited, samples: re.Pattern[str]) -> float:
    with urllib.request.urlopen(f"{control.server.url}/metrics", timeout=20) as page:
        return sum(map(float, samples.findall(page.read().decode())))


def warm(control: Inhabited, client: socket.socket, secret: str) -> bytes:
    """The answer, when it is one that was given before: the worker writes from time to time."""

    def again() -> bytes:
        before = metric(control, REPEATED)
        answer = me(client, secret)
        return answer if metric(control, REPEATED) > before else b""

    return wait_for(again, 30, "an answer to be given again")


def test_it_is_the_same_answer_under_an_id_of_its_own(
    control: Inhabited, client: socket.socket
) -> None:
    secret, before = control.people.login("otto"), metric(control, ASKED)
    first, again = me(client, secret), warm(control, client, secret)
    assert sorted(OWN.sub(b"", first).split(b"\r\n")) == sorted(OWN.sub(b"", again).split(b"\r\n"))
    assert OWN.findall(first) != [] and set(OWN.findall(first)) == set(OWN.findall(again))
    assert re.findall(rb"X-Request-Id: (\S+)", first) != re.findall(rb"X-Request-Id: (\S+)", again)
    assert metric(control, ASKED) >= before + 2


def test_whoever_is_signed_out_is_refused_at_once(
    control: Inhabited, client: socket.socket
) -> None:
    secret, parts = control.people.login("otto"), control.people.parts
    warm(control, client, secret)
    with parts.database.writing("*") as connection:
        logins.revoke_all(connection, id_of("otto"), parts.clock())
    assert me(client, secret).startswith(b"HTTP/1.1 401 ")


def test_what_was_written_is_read_at_once(control: Inhabited, client: socket.socket) -> None:
    secret, parts = control.people.login("otto"), control.people.parts
    for role in (Role.OPERATOR, Role.OBSERVER):
        warm(control, client, secret)
        with parts.database.writing("*") as connection:
            memberships.set_role(connection, ACME, id_of("otto"), role)
        assert b'"role":"%b"' % str(role).encode() in me(client, secret)
