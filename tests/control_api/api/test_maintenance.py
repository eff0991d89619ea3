"""Maintenance of a machine: with an end, on record, and also while Alertmanager is away."""

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from control_api.api.test_machines import added
from control_api.conftest import Clock
from control_api.people import id_of
from hyperion_control.usecases.parts import Parts
from lab.servers import free_port

DISK = {"minutes": 60, "reason": "new disk"}


@pytest.fixture
def parts(parts: Parts) -> Parts:
    """Nobody listens where Alertmanager should be."""
    away = f"http://127.0.0.1:{free_port()}"
    return replace(parts, settings=replace(parts.settings, alertmanager_url=away))


def path_of(client: FlaskClient, name: str = "web-1") -> str:
    return f"/api/machines/{added(client, name)['id']}"


def until(client: FlaskClient, path: str) -> Any:
    return answered(client.get(path))["maintenance_until"]


def test_a_maintenance_begins_even_when_its_silence_cannot(as_: As) -> None:
    olga = as_("olga")
    path = path_of(olga)
    begun = answered(olga.post(f"{path}/maintenance", json=DISK), 201)
    assert begun["until"] == until(olga, path) == "2026-11-21T04:00:00Z"
    assert (begun["begun_by"], begun["reason"]) == (id_of("olga"), "new disk")
    assert begun["silent"] is False
    assert "does not answer" in begun["warning"]
    assert [each["name"] for each in answered(olga.get("/api/machines?state=maintenance"))["data"]]


def test_it_is_extended_shortened_and_ended(as_: As, clock: Clock) -> None:
    olga = as_("olga")
    path = path_of(olga)
    answered(olga.post(f"{path}/maintenance", json=DISK), 201)
    clock.forward(60)
    for minutes, end in ((120, "2026-11-21T05:01:00Z"), (1, "2026-11-21T03:02:00Z")):
        moved = olga.patch(f"{path}/maintenance", json={"minutes": minutes})
        assert answered(moved)["until"] == until(olga, path) == end
    ended = answered(olga.delete(f"{path}/maintenance"))
    assert ended["ended_at"] == "2026-11-21T03:01:00Z"
    assert until(olga, path) is None
    assert code(olga.delete(f"{path}/maintenance")) == (409, "not-in-maintenance")


def test_one_at_a_time_and_the_last_comes_first(as_: As, clock: Clock) -> None:
    olga = as_("olga")
    path = path_of(olga)
    answered(olga.post(f"{path}/maintenance", json={**DISK, "minutes": 5}), 201)
    assert code(olga.post(f"{path}/maintenance", json=DISK)) == (409, "in-maintenance")
    clock.forward(300)
    gone = olga.patch(f"{path}/maintenance", json={"minutes": 5})
    assert code(gone) == (409, "not-in-maintenance")
    answered(olga.post(f"{path}/maintenance", json={**DISK, "reason": "again"}), 201)
    found = answered(olga.get(f"{path}/maintenances"))["data"]
    assert [each["reason"] for each in found] == ["again", "new disk"]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"minutes": 0}, "/minutes"),
        ({"minutes": 90 * 24 * 60 + 1}, "/minutes"),
        ({"minutes": None}, "/minutes"),
        ({"reason": ""}, "/reason"),
        ({"reason": "a\nb"}, "/reason"),
    ],
)
def test_none_is_without_end_or_reason(as_: As, wrong: Any, pointer: str) -> None:
    olga = as_("olga")
    answer = olga.post(f"{path_of(olga)}/maintenance", json={**DISK, **wrong})
    assert code(answer) == (422, "invalid")
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_who_only_looks_begins_none(as_: As) -> None:
    path, otto, eve = path_of(as_("olga")), as_("otto"), as_("eve")
    assert code(otto.post(f"{path}/maintenance", json=DISK)) == (403, "forbidden")
    assert code(otto.delete(f"{path}/maintenance")) == (403, "forbidden")
    assert answered(otto.get(f"{path}/maintenances"))["data"] == []
    assert code(eve.post(f"{path}/maintenance", json=DISK)) == (404, "not-found")
    assert code(eve.get(f"{path}/maintenances")) == (404, "not-found")
