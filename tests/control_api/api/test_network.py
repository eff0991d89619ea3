"""/api/machines/…/network: through the database and a worker to this machine."""

import os
import socket

import pytest

from control_api.answers import As, answered, code
from control_api.people import People
from hyperion_control.usecases.parts import Parts
from lab.errands import add_machine, working


@pytest.fixture
def path(parts: Parts, people: People) -> str:
    return f"/api/machines/{add_machine(parts)}/network"


def test_interfaces_and_who_listens_are_told(as_: As, path: str, parts: Parts) -> None:
    otto = as_("otto")
    with socket.create_server(("127.0.0.1", 0)) as server, working(parts):
        port = server.getsockname()[1]
        found = answered(otto.get(f"{path}/sockets?state=listen&port={port}"))
        interfaces = {
            each["name"]: each for each in answered(otto.get(f"{path}/interfaces"))["data"]
        }
    [listening] = found["data"]
    assert (listening["address"], listening["protocol"]) == ("127.0.0.1", "tcp")
    assert [each["pid"] for each in listening["processes"]] == [os.getpid()]
    assert interfaces["lo"]["receive"]["bytes"] >= 0


def test_questions_that_make_no_sense_and_neighbours_are_refused(as_: As, path: str) -> None:
    otto, eve = as_("otto"), as_("eve")
    for query in ("state=open", "port=0", "protocol=sctp", "pid=x", "cursor=00"):
        assert otto.get(f"{path}/sockets?{query}").status_code == 422, query
    for what in ("interfaces", "sockets"):
        assert code(eve.get(f"{path}/{what}")) == (404, "not-found")
