"""What Prometheus saw: who is up, who is not heard of any more, who wants to be asked how often."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from control_api.conftest import Clock
from control_api.people import ACME, People
from hyperion_control.channels.http import Unanswered
from hyperion_control.store import machines
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import machines as usecase
from hyperion_control.usecases import sightings
from hyperion_control.usecases.parts import Parts
from lab.receiver import Receiver, receiver
from lab.servers import free_port


@pytest.fixture
def prometheus() -> Iterator[Receiver]:
    with receiver() as kept:
        yield kept


@pytest.fixture
def parts(parts: Parts, prometheus: Receiver) -> Parts:
    return replace(parts, settings=replace(parts.settings, prometheus_url=prometheus.url))


def tells(prometheus: Receiver, *values: tuple[str, str, str]) -> None:
    """The same answer to both questions: organisation, machine, value."""
    result = [
        {"metric": {"org": org, "machine": machine}, "value": [1795230000.0, value]}
        for org, machine, value in values
    ]
    prometheus.answer = json.dumps({"status": "success", "data": {"result": result}}).encode()


def look(parts: Parts) -> None:
    sightings.look(parts, Worker("wrk_1", "test", parts.clock()))


def found(parts: Parts, name: str) -> Any:
    with parts.database.reading(ACME) as connection:
        return machines.named(connection, ACME, name)


@pytest.fixture
def _machines(parts: Parts, people: People) -> None:
    for name in ("web-1", "web-2"):
        usecase.create(parts, people.actor("olga"), {"name": name})
    usecase.create(parts, people.actor("eve"), {"name": "web-1"})


@pytest.mark.usefixtures("_machines")
def test_who_is_up_is_online_and_is_asked_as_often_as_it_wishes(
    parts: Parts, prometheus: Receiver, clock: Clock
) -> None:
    tells(prometheus, ("acme", "web-1", "15"), ("acme", "gone", "15"), ("", "", "60"))
    look(parts)
    web, other = found(parts, "web-1"), found(parts, "web-2")
    assert (web.online, web.seen_at, web.scrape_seconds) == (True, clock(), 15)
    assert (other.online, other.seen_at, other.scrape_seconds) == (False, None, 30)
    assert web.version == 1, "what is seen is no change that anybody made"
    questions = [request.raw.decode() for request in prometheus.requests]
    assert all("machine" in question for question in questions)
    assert len(questions) == 2


@pytest.mark.usefixtures("_machines")
def test_who_is_not_heard_of_for_three_minutes_is_offline(
    parts: Parts, prometheus: Receiver, clock: Clock
) -> None:
    tells(prometheus, ("acme", "web-1", "60"))
    look(parts)
    tells(prometheus)
    clock.forward(180)
    look(parts)
    assert found(parts, "web-1").online
    clock.forward(1)
    look(parts)
    assert not found(parts, "web-1").online
    assert found(parts, "web-1").scrape_seconds == 30, "the usual one when nothing is wished"


@pytest.mark.usefixtures("_machines")
@pytest.mark.parametrize(("wished", "given"), [("7", 15), ("45", 30), ("1e9", 60), ("NaN", 30)])
def test_what_is_wished_becomes_what_there_is(
    parts: Parts, prometheus: Receiver, wished: str, given: int
) -> None:
    tells(prometheus, ("acme", "web-1", wished))
    look(parts)
    assert found(parts, "web-1").scrape_seconds == given


@pytest.mark.usefixtures("_machines")
def test_while_prometheus_is_away_nobody_goes_offline(
    parts: Parts, prometheus: Receiver, clock: Clock
) -> None:
    tells(prometheus, ("acme", "web-1", "30"))
    look(parts)
    clock.forward(3600)
    away = replace(parts.settings, prometheus_url=f"http://u:secret@127.0.0.1:{free_port()}")
    with pytest.raises(Unanswered, match="http://127.0.0.1:.* does not answer") as refusal:
        look(replace(parts, settings=away))
    assert "secret" not in str(refusal.value)
    assert found(parts, "web-1").online


@pytest.mark.usefixtures("_machines")
@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, b"[]"),
        (200, b"<html>"),
        (200, b""),
        (200, b'{"data": {"result": [{"metric": {}}]}}'),
        (200, b'{"data": {"result": [{"metric": {}, "value": [1, "x"]}]}}'),
        (503, b"starting"),
        (302, b""),
    ],
)
def test_what_is_not_prometheus_is_named(
    parts: Parts, prometheus: Receiver, status: int, answer: bytes
) -> None:
    prometheus.status, prometheus.answer = status, answer
    with pytest.raises(Unanswered, match="is no JSON|not Prometheus|refuses with 503"):
        look(parts)


@pytest.mark.usefixtures("_machines")
def test_a_proxy_of_the_environment_is_not_asked(
    parts: Parts, prometheus: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    tells(prometheus, ("acme", "web-1", "30"))
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    look(parts)
    assert found(parts, "web-1").online
