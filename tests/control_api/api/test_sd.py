"""/api/sd/prometheus: the machines as Prometheus is told of them."""

import pytest
from flask import Flask

from control_api.answers import As, answered, code
from control_api.api.test_machines import added, by_token
from control_api.people import ACME, People
from hyperion_control.store import sightings
from hyperion_control.usecases import tokens
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.tokens import Wanted

SD = "/api/sd/prometheus"


def test_each_machine_is_a_target_with_its_labels(as_: As) -> None:
    olga = as_("olga")
    green = answered(olga.post("/api/groups", json={"name": "green", "colour": "#00ff00"}), 201)
    added(olga, "web-2", ips=["2001:db8::2"], port=9200)
    added(olga, "web-1", hostname="web-1.example.org", ips=["192.0.2.1"], group_id=green["id"])
    added(olga, "db-1", ips=["192.0.2.3", "192.0.2.4"], labels={"env": "prod"})
    added(olga, "behind-nat")
    pace = {"__scrape_interval__": "30s", "__scrape_timeout__": "10s"}
    assert answered(olga.get(SD)) == [
        {
            "targets": ["192.0.2.3:9100"],
            "labels": {"env": "prod", "machine": "db-1", "org": "acme", **pace},
        },
        {
            "targets": ["web-1.example.org:9100"],
            "labels": {"machine": "web-1", "group": "green", "org": "acme", **pace},
        },
        {"targets": ["[2001:db8::2]:9200"], "labels": {"machine": "web-2", "org": "acme", **pace}},
    ]


@pytest.mark.parametrize("seconds", [15, 30, 60])
def test_the_interval_is_longer_than_the_timeout(as_: As, parts: Parts, seconds: int) -> None:
    olga = as_("olga")
    machine_id = added(olga, "web-1", ips=["192.0.2.1"])["id"]
    with parts.database.writing(ACME) as connection:
        sightings.set_intervals(connection, {machine_id: seconds})
    (target,) = answered(olga.get(SD))
    assert target["labels"]["__scrape_interval__"] == f"{seconds}s"
    assert int(target["labels"]["__scrape_timeout__"].rstrip("s")) < seconds


def test_what_did_not_change_is_not_sent_again(as_: As) -> None:
    olga = as_("olga")
    added(olga, "web-1", ips=["192.0.2.1"])
    first = olga.get(SD)
    seen = {"If-None-Match": first.headers["ETag"]}
    again = olga.get(SD, headers=seen)
    assert (again.status_code, again.data) == (304, b"")
    added(olga, "web-2", ips=["192.0.2.2"])
    changed = olga.get(SD, headers=seen)
    assert len(answered(changed)) == 2
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_no_machine_is_an_empty_list(as_: As) -> None:
    assert answered(as_("otto").get(SD)) == []


def test_a_token_is_told_of_its_machines_only(
    app: Flask, as_: As, parts: Parts, people: People
) -> None:
    olga = as_("olga")
    added(olga, "test-1", ips=["192.0.2.1"], labels={"env": "test"})
    added(olga, "prod-1", ips=["192.0.2.2"], labels={"env": "prod"})
    found = answered(by_token(app, parts, people, "env=test").get(SD))
    assert [target["labels"]["machine"] for target in found] == ["test-1"]
    assert answered(as_("eve").get(SD)) == []


def test_a_token_needs_the_scope(app: Flask, parts: Parts, people: People) -> None:
    made = tokens.create(parts, people.actor("ada"), Wanted("script", ("machines:read",)))
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {made.secret}"
    assert code(client.get(SD)) == (403, "scope-missing")
