"""/api/metrics/…: the exact shapes of the contract, for this machine and for others."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import psutil
import pytest

from control_api.answers import As, answered, code
from control_api.api.test_machines import added
from hyperion_control.usecases.parts import Parts
from lab.servers import free_port

SHAPES = {
    "cpu": {"timestamp": str, "usage": float},
    "memory": {"timestamp": str, "usage": float},
    "network": {"timestamp": str, "interface": str, "received": int, "sent": int},
    "storage": {"timestamp": str, "mount_point": str, "total": int, "used": int, "free": int},
}


@pytest.fixture
def parts(parts: Parts) -> Parts:
    """Nobody listens where Prometheus should be."""
    away = f"http://127.0.0.1:{free_port()}"
    return replace(parts, settings=replace(parts.settings, prometheus_url=away))


def shape(found: Any) -> dict[str, type]:
    datetime.fromisoformat(found["timestamp"])
    return {name: type(value) for name, value in found.items()}


@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize("what", SHAPES)
def test_this_machine_answers_while_prometheus_is_away(as_: As, what: str, end: str) -> None:
    found = answered(as_("otto").get(f"/api/metrics/{what}{end}"))
    rows = [found] if what in ("cpu", "memory") else found
    assert what == "storage" or rows
    assert all(shape(row) == SHAPES[what] for row in rows)


def test_the_numbers_are_those_of_this_machine(as_: As) -> None:
    otto = as_("otto")
    assert 0 <= answered(otto.get("/api/metrics/cpu/"))["usage"] <= 100
    assert 0 < answered(otto.get("/api/metrics/memory/"))["usage"] < 100
    counted = answered(otto.get("/api/metrics/network/"))
    assert {row["interface"] for row in counted} == set(psutil.net_io_counters(pernic=True))


@pytest.mark.parametrize("what", SHAPES)
def test_without_prometheus_another_machine_is_told_why(as_: As, what: str) -> None:
    machine_id = added(as_("olga"), "web-1")["id"]
    for machine in ("web-1", machine_id):
        answer = as_("otto").get(f"/api/metrics/{what}/?machine={machine}")
        assert code(answer) == (503, "prometheus-unavailable")
        assert "does not answer" in answer.json["detail"]


@pytest.mark.parametrize("what", SHAPES)
def test_a_machine_of_others_is_none(as_: As, what: str) -> None:
    machine_id = added(as_("olga"), "web-1")["id"]
    for machine in ("web-1", machine_id, 'x"} or vector(1) #'):
        answer = as_("eve").get(f"/api/metrics/{what}/", query_string={"machine": machine})
        assert code(answer) == (404, "not-found")
