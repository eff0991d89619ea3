"""Alerts that Alertmanager tells of: each kept once, for its organisation, and queued once."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from control_api.conftest import Clock
from control_api.people import ACME, People
from hyperion_control.domain import ids
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.alerts import Alert, Group, load
from hyperion_control.domain.roles import Role
from hyperion_control.store import receivers
from hyperion_control.store.alerts import Wanted
from hyperion_control.store.notifications import notifications
from hyperion_control.store.receivers import Receiver
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import alerts, machines
from hyperion_control.usecases.parts import Parts

HOUR = timedelta(hours=1)


@pytest.fixture
def parts(parts: Parts) -> Parts:
    """Who runs Hyperion has Teams."""
    told = replace(parts.settings.notifying, teams_url="https://teams.example.org/x")
    return replace(parts, settings=replace(parts.settings, notifying=told))


@pytest.fixture
def bridge(people: People) -> Actor:
    """As the token of Alertmanager: of who runs Hyperion, in acme."""
    return replace(people.actor("petra"), organisation_id=ACME, role=Role.ADMIN, login_id="")


@pytest.fixture
def receiver_id(parts: Parts, people: People) -> str:
    made = Receiver(ids.new("rcv"), ACME, "chat", "slack", b"", "slack.example.org", parts.clock())
    with parts.database.writing("*") as connection:
        receivers.add(connection, made)
    return made.id


def of(clock: Clock, *orgs: str, machine: str = "web-1", end: datetime | None = None) -> Group:
    """One alert of each, begun now."""
    return Group(
        tuple(
            Alert(
                f"{number:x}",
                {"alertname": "MachineDown", "severity": "critical", "machine": machine}
                | ({"org": org} if org else {}),
                {"summary": "A machine does not answer."},
                clock(),
                end,
            )
            for number, org in enumerate(orgs)
        )
    )


def listed(parts: Parts, actor: Actor, **wanted: Any) -> list[Alert]:
    page = alerts.page(parts, actor, Wanted(**wanted), "", 50)
    return [kept.alert for kept in page.items]


def queued(parts: Parts) -> list[Any]:
    with parts.database.reading("*") as connection:
        return list(connection.execute(select(notifications).order_by(notifications.c.created_at)))


def test_an_alert_is_kept_until_it_ends_and_after(
    parts: Parts, people: People, bridge: Actor, clock: Clock
) -> None:
    otto, fired = people.actor("otto"), of(clock, "acme")
    alerts.receive(parts, bridge, "feed", fired)
    (alert,) = listed(parts, otto, firing=True)
    assert alert == fired.alerts[0]
    clock.forward(60)
    ended = replace(fired.alerts[0], ends_at=clock())
    alerts.receive(parts, bridge, "feed", Group((ended,)))
    assert listed(parts, otto) == [ended]
    assert listed(parts, otto, firing=True) == []
    alerts.receive(parts, bridge, "feed", fired)  # Prometheus was away meanwhile
    assert listed(parts, otto) == [alert]
    alerts.forget(parts, Worker("wrk_1", "test", clock()))
    assert listed(parts, otto) == [alert], "what fires is never forgotten"


def test_what_is_told_twice_is_kept_and_queued_once(
    parts: Parts, people: People, bridge: Actor, clock: Clock
) -> None:
    for _ in range(2):
        alerts.receive(parts, bridge, "feed", of(clock, "acme"))
        alerts.receive(parts, bridge, "people", of(clock, "acme"))
    assert len(listed(parts, people.actor("otto"))) == 1
    assert [row.channel for row in queued(parts)] == ["teams"]


def test_what_alertmanager_repeats_after_hours_is_told_again(
    parts: Parts, bridge: Actor, clock: Clock
) -> None:
    fired = of(clock, "acme")
    for _ in range(2):
        alerts.receive(parts, bridge, "people", fired)
        clock.forward(3600)
    assert len(queued(parts)) == 2


def test_each_organisation_has_its_own_and_what_is_of_none_is_of_who_runs_it(
    parts: Parts, people: People, bridge: Actor, clock: Clock
) -> None:
    alerts.receive(parts, bridge, "feed", of(clock, "acme", "globex", "initech", ""))
    assert [alert.org for alert in listed(parts, people.actor("eve"))] == ["globex"]
    found = listed(parts, people.actor("otto"))
    assert sorted(alert.org for alert in found) == ["", "acme", "initech"]


def test_they_are_found_by_state_severity_machine_name_and_time(
    parts: Parts, people: People, bridge: Actor, clock: Clock
) -> None:
    otto = people.actor("otto")
    alerts.receive(parts, bridge, "feed", of(clock, "acme", machine="web-1", end=clock()))
    clock.forward(3600)
    alerts.receive(parts, bridge, "feed", of(clock, "acme", machine="web-2"))
    both = [{}, {"severity": "critical"}, {"name": "MachineDown"}, {"since": clock() - HOUR}]
    for wanted in both:
        found = [alert.machine for alert in listed(parts, otto, **wanted)]
        assert found == ["web-2", "web-1"], "the newest first"
    for wanted in ({"firing": True}, {"machine": "web-2"}, {"since": clock()}):
        assert [alert.machine for alert in listed(parts, otto, **wanted)] == ["web-2"]
    for wanted in ({"severity": "warning"}, {"name": "Machine"}, {"machine": "web"}):
        assert listed(parts, otto, **wanted) == []


def test_pages_go_on_where_they_ended(
    parts: Parts, people: People, bridge: Actor, clock: Clock
) -> None:
    alerts.receive(parts, bridge, "feed", of(clock, *["acme"] * 5))
    seen, after = [], ""
    for _ in range(3):
        page = alerts.page(parts, people.actor("otto"), Wanted(), after, 2)
        seen += [kept.alert.fingerprint for kept in page.items]
        after = page.after
    assert (sorted(seen), after) == ([f"{number}" for number in range(5)], "")


def test_a_receiver_is_told_of_its_own_organisation_alone(
    parts: Parts, bridge: Actor, clock: Clock, receiver_id: str
) -> None:
    """Whatever Alertmanager, misled, sends there."""
    alerts.receive(parts, bridge, receiver_id, of(clock, "globex", "acme", ""))
    (row,) = queued(parts)
    assert (row.channel, row.organisation_id) == (receiver_id, ACME)
    assert [alert.org for alert in load(row.content).alerts] == ["acme"]
    clock.forward(3600)
    alerts.receive(parts, bridge, receiver_id, of(clock, "globex"))
    assert len(queued(parts)) == 1


def test_a_token_of_an_organisation_tells_of_no_other(
    parts: Parts, people: People, clock: Clock, receiver_id: str
) -> None:
    eve = people.actor("eve")
    alerts.receive(parts, eve, receiver_id, of(clock, "acme"))
    alerts.receive(parts, eve, "people", of(clock, "globex", "acme"))
    assert queued(parts) == []
    assert listed(parts, people.actor("ada")) == []
    assert len(listed(parts, eve)) == 1


def test_a_token_for_some_machines_is_shown_those(
    parts: Parts, people: People, bridge: Actor, clock: Clock
) -> None:
    for name in ("web-1", "db-1"):
        machines.create(parts, people.actor("olga"), {"name": name, "labels": {"kind": name[:2]}})
        alerts.receive(parts, bridge, "feed", of(clock, "acme", machine=name))
        clock.forward(1)
    alerts.receive(parts, bridge, "feed", of(clock, ""))
    narrowed = replace(people.actor("otto"), machines="kind=db")
    assert [alert.machine for alert in listed(parts, narrowed)] == ["db-1"]


def test_a_channel_that_is_switched_off_is_told_nothing(
    parts: Parts, bridge: Actor, clock: Clock, receiver_id: str
) -> None:
    with parts.database.writing("*") as connection:
        receivers.change(connection, receiver_id, {"enabled": False}, None)
    alerts.receive(parts, bridge, receiver_id, of(clock, "acme"))
    assert queued(parts) == []
