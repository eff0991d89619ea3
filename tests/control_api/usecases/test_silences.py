"""Silences in a real Alertmanager: they begin, move and end with the maintenance."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from control_api.people import People
from hyperion_control.channels.http import Unanswered
from hyperion_control.domain.actors import Actor
from hyperion_control.store import maintenances
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import machines, maintenance, silences
from hyperion_control.usecases.parts import Parts, utc_now
from lab.servers import Server, alertmanager, free_port
from lab.wait import wait_for

pytestmark = pytest.mark.live

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("alertmanager")
    config = folder / "alertmanager.yml"
    config.write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    with alertmanager(config, folder) as started:
        yield started


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """Alertmanager has the real one."""
    return utc_now


@pytest.fixture
def parts(parts: Parts, server: Server) -> Parts:
    return replace(parts, settings=replace(parts.settings, alertmanager_url=server.url))


@pytest.fixture
def olga(people: People) -> Actor:
    return people.actor("olga")


@pytest.fixture
def machine_id(parts: Parts, olga: Actor, tmp_path: Path) -> str:
    """Called otherwise in each test, since all of them ask one Alertmanager."""
    return machines.create(parts, olga, {"name": f"web-{tmp_path.name}"[:63]}).id


def of(server: Server, maintenance_id: str) -> list[Any]:
    """The silences that hold."""
    with urllib.request.urlopen(f"{server.url}/api/v2/silences", timeout=5) as answer:
        found = json.load(answer)
    mine = [each for each in found if each["createdBy"] == f"hyperion {maintenance_id}"]
    return [each for each in mine if each["status"]["state"] == "active"]


def ends(silence: Any) -> datetime:
    return datetime.fromisoformat(silence["endsAt"])


def close(one: datetime, other: datetime) -> bool:
    """As exactly as Alertmanager keeps it."""
    return abs(one - other) < timedelta(seconds=1)


def test_the_silence_ends_when_the_maintenance_does(
    parts: Parts, server: Server, olga: Actor, machine_id: str
) -> None:
    begun = maintenance.begin(parts, olga, machine_id, HOUR, "new disk")
    assert begun.unsilenced == ""
    (silence,) = of(server, begun.maintenance.id)
    assert close(ends(silence), begun.maintenance.until)
    assert silence["comment"] == "new disk"
    name = machines.look(parts, olga, machine_id).name
    matched = {(each["name"], each["value"], each["isRegex"]) for each in silence["matchers"]}
    assert matched == {("org", "acme", False), ("machine", name, False)}


@pytest.mark.parametrize("length", [2 * HOUR, HOUR / 2])
def test_the_silence_moves_with_the_maintenance(
    parts: Parts, server: Server, olga: Actor, machine_id: str, length: timedelta
) -> None:
    begun = maintenance.begin(parts, olga, machine_id, HOUR, "new disk")
    moved = maintenance.extend(parts, olga, machine_id, length)
    (silence,) = of(server, begun.maintenance.id)
    assert close(ends(silence), moved.maintenance.until)


def test_the_silence_is_gone_when_the_maintenance_is_ended(
    parts: Parts, server: Server, olga: Actor, machine_id: str
) -> None:
    begun = maintenance.begin(parts, olga, machine_id, HOUR, "new disk")
    assert maintenance.end(parts, olga, machine_id).unsilenced == ""
    assert of(server, begun.maintenance.id) == []


def test_the_silence_follows_a_machine_that_gets_another_name(
    parts: Parts, server: Server, olga: Actor, machine_id: str
) -> None:
    begun = maintenance.begin(parts, olga, machine_id, HOUR, "new name")
    machines.change(parts, olga, machine_id, {"name": f"x{machine_id}"}, None)
    do_the_chore(parts)
    (silence,) = of(server, begun.maintenance.id)
    assert f"x{machine_id}" in [each["value"] for each in silence["matchers"]]


def test_a_deleted_machine_is_silent_no_more(
    parts: Parts, server: Server, olga: Actor, machine_id: str
) -> None:
    begun = maintenance.begin(parts, olga, machine_id, HOUR, "moving out")
    machines.delete(parts, olga, machine_id, None)
    do_the_chore(parts)
    assert of(server, begun.maintenance.id) == []


def test_what_alertmanager_missed_it_is_told_once_it_is_back(
    parts: Parts, server: Server, olga: Actor, machine_id: str
) -> None:
    away = replace(
        parts, settings=replace(parts.settings, alertmanager_url=f"http://127.0.0.1:{free_port()}")
    )
    begun = maintenance.begin(away, olga, machine_id, HOUR, "new disk")
    assert "does not answer" in begun.unsilenced
    with pytest.raises(Unanswered):
        do_the_chore(away)
    assert of(server, begun.maintenance.id) == []
    for _ in range(2):
        do_the_chore(parts)
        (silence,) = of(server, begun.maintenance.id)
    assert close(ends(silence), begun.maintenance.until)
    assert "does not answer" in maintenance.end(away, olga, machine_id).unsilenced
    do_the_chore(parts)
    assert of(server, begun.maintenance.id) == []


def test_a_silence_that_was_made_but_not_noted_is_not_made_twice(
    parts: Parts, server: Server, olga: Actor, machine_id: str
) -> None:
    """The process ended between Alertmanager's answer and our own note."""
    begun = maintenance.begin(parts, olga, machine_id, HOUR, "new disk")
    forget(parts, machine_id)
    do_the_chore(parts)
    assert len(of(server, begun.maintenance.id)) == 1
    forget(parts, machine_id)
    maintenance.end(parts, olga, machine_id)
    wait_for(lambda: not of(server, begun.maintenance.id), 5, "the silence to be gone")


def do_the_chore(parts: Parts) -> None:
    silences.keep(parts, Worker("wrk_1", "test", parts.clock()))


def forget(parts: Parts, machine_id: str) -> None:
    with parts.database.writing("*") as connection:
        maintenances.forget_silence(connection, machine_id, parts.clock())
