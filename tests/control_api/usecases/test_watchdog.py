"""The heartbeat of alerting: its silence is an alarm, by every way that Alertmanager is not."""

from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import generate_latest
from sqlalchemy import select

from control_api.conftest import Clock
from control_api.people import ACME, People
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.alerts import Alert, Group, load
from hyperion_control.domain.roles import Role
from hyperion_control.notifying import Notifying, Smtp
from hyperion_control.store.notifications import notifications
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import alerts, watchdog
from hyperion_control.usecases.parts import Parts

WORKER = Worker("wrk_1", "test", Clock.now - timedelta(days=1))


@pytest.fixture
def parts(parts: Parts) -> Parts:
    told = Notifying(
        Smtp("127.0.0.1", 25, False, "hyperion@example.org"),
        "ops@example.org",
        discord_url="https://discord.example.org/x",
        teams_url="https://teams.example.org/x",
    )
    return replace(parts, settings=replace(parts.settings, notifying=told))


@pytest.fixture
def bridge(people: People) -> Actor:
    return replace(people.actor("petra"), organisation_id=ACME, role=Role.ADMIN)


def beat(parts: Parts, actor: Actor) -> None:
    fired = Alert("1f", {"alertname": "Watchdog", "severity": "info"}, {}, parts.clock())
    alerts.receive(parts, actor, "heartbeat", Group((fired,)))


def told(parts: Parts) -> list[tuple[str, str]]:
    """By channel, how it began or ended."""
    with parts.database.reading("*") as connection:
        rows = connection.execute(select(notifications).order_by(notifications.c.created_at)).all()
    groups = [(row.channel, load(row.content)) for row in rows]
    assert {group.alerts[0].name for _, group in groups} <= {"AlertingBroken"}
    return sorted((channel, "fires" if group.firing else "ended") for channel, group in groups)


def test_while_it_beats_nobody_is_told(parts: Parts, bridge: Actor, clock: Clock) -> None:
    for _ in range(5):
        beat(parts, bridge)
        clock.forward(60)
        watchdog.watch(parts, WORKER)
    assert told(parts) == []
    assert alerts.page(parts, bridge, alerts.Wanted(), "", 10).items == []


def test_within_three_minutes_of_silence_all_are_told_once_and_of_its_end(
    parts: Parts, bridge: Actor, clock: Clock
) -> None:
    beat(parts, bridge)
    for _ in range(12):
        watchdog.watch(parts, WORKER)
        clock.forward(15)
    alarm = [(channel, "fires") for channel in ("discord", "mail", "teams")]
    assert told(parts) == alarm
    beat(parts, bridge)
    for _ in range(2):
        watchdog.watch(parts, WORKER)
    assert told(parts) == sorted([*alarm, *((channel, "ended") for channel, _ in alarm)])


def test_after_a_night_off_the_first_beat_is_waited_for(
    parts: Parts, bridge: Actor, clock: Clock
) -> None:
    beat(parts, bridge)
    clock.forward(8 * 3600)
    fresh = Worker("wrk_2", "test", clock())
    clock.forward(140)
    watchdog.watch(parts, fresh)
    assert told(parts) == []
    clock.forward(20)
    watchdog.watch(parts, fresh)
    assert {how for _, how in told(parts)} == {"fires"}
    again = Worker("wrk_3", "test", clock())
    watchdog.watch(parts, again)
    assert {how for _, how in told(parts)} == {"fires"}, "a start is no end of it"


def test_what_was_never_heard_is_no_alarm(parts: Parts, clock: Clock) -> None:
    clock.forward(86400)
    watchdog.watch(parts, WORKER)
    assert told(parts) == []


def test_a_token_of_an_organisation_is_no_heartbeat(
    parts: Parts, people: People, bridge: Actor, clock: Clock
) -> None:
    beat(parts, bridge)
    clock.forward(200)
    beat(parts, people.actor("eve"))
    watchdog.watch(parts, WORKER)
    assert len(told(parts)) == 3


def test_its_age_is_a_metric(parts: Parts, bridge: Actor, clock: Clock) -> None:
    parts.registry.register(watchdog.Age(parts))
    name = "hyperion_control_watchdog_age_seconds"
    assert f"\n{name} " not in generate_latest(parts.registry).decode()
    beat(parts, bridge)
    clock.forward(42)
    assert f"\n{name} 42.0\n" in generate_latest(parts.registry).decode()
