"""What a view answers of one act on one machine: how it ended, or why that cannot be told."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_api.answers import answered, code
from control_api.hands import Hands
from control_api.people import ACME, People
from hyperion_control.api.acting import perform
from hyperion_control.app import create_app
from hyperion_control.border.context import requires
from hyperion_control.domain.orders import Order
from hyperion_control.domain.roles import Role
from hyperion_control.store import commands, machines
from hyperion_control.store.machines import Machine
from hyperion_control.usecases.acts import Act
from hyperion_control.usecases.parts import Parts

PATH = "/api/machines/mch_1/restart"
REFUSALS = {
    "unreachable": "unreachable",
    "failed": "not-started",
    "timed_out": "timed-out",
    "lost": "lost",
    "expired": "expired",
    "canceled": "canceled",
}
KEY = {"Idempotency-Key": "one"}


@pytest.fixture
def app(parts: Parts) -> Flask:
    return create_app(parts)


@pytest.fixture
def olga(app: Flask, people: People, parts: Parts) -> FlaskClient:
    """At an API with a view that lets a machine restart its web server."""

    @requires(Role.OPERATOR, scope="services:write")
    def restart() -> Any:
        act = Act("service:restart", Order(("systemctl",)), action="service:restart")
        outcome = perform("mch_1", act, seconds=0)
        return {"state": outcome.state, "code": outcome.code, "said": outcome.stdout.head.decode()}

    app.add_url_rule(PATH, "restart", restart, methods=["POST"])
    with parts.database.writing(ACME) as connection:
        machines.add(connection, Machine("mch_1", ACME, "web-1", parts.clock(), labels={}))
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {people.login('olga')}"
    return client


def ending(parts: Parts, state: str, exit_code: int | None = None) -> Callable[[], None]:
    """A worker that ends so whatever it finds."""
    hands = Hands(parts)

    def work(topic: str) -> None:
        if topic == "tasks":
            with parts.database.reading(ACME) as connection:
                found = commands.ready(connection, parts.clock())
            for task in [task for command in found for task in hands.tasks(command.id)]:
                hands.say(task, b"said")
                hands.end(task, state, exit_code, size=4)

    return parts.bell.subscribe(work)


def test_how_it_ended_on_the_machine_is_the_answer(olga: FlaskClient, parts: Parts) -> None:
    ending(parts, "failed", 3)
    assert answered(olga.post(PATH)) == {"state": "failed", "code": 3, "said": "said"}


def test_where_nothing_is_known_of_it_it_is_refused(olga: FlaskClient, parts: Parts) -> None:
    for state, word in REFUSALS.items():
        leave = ending(parts, state)
        answer = olga.post(PATH)
        leave()
        assert code(answer) == (503, word)
        task = answered(olga.get(f"/api/tasks/{answer.json['task']}"))
        assert (task["machine"], task["state"]) == ("web-1", state)


def test_a_key_that_nobody_approved_is_told_apart(olga: FlaskClient, parts: Parts) -> None:
    ending(parts, "unreachable")
    for pinned, word in (("", "host-key-unknown"), ("ssh-ed25519 AAAA", "host-key-changed")):
        keys = {"host_key": pinned, "host_key_offered": "ssh-ed25519 BBBB"}
        with parts.database.writing(ACME) as connection:
            machine = machines.get(connection, ACME, "mch_1")
            assert machine
            machines.change(connection, machine, keys)
        assert code(olga.post(PATH)) == (409, word)


def test_a_slow_one_is_begun_once_and_found_again(olga: FlaskClient, parts: Parts) -> None:
    slow = olga.post(PATH, headers=KEY)
    assert code(slow) == (503, "machine-slow")
    again = olga.post(PATH, headers=KEY)
    assert answered(again, 202) == {"task_id": slow.json["task"]}
    assert answered(olga.get(again.headers["Location"]))["state"] == "queued"
    assert len(answered(olga.get("/api/commands"))["data"]) == 1
