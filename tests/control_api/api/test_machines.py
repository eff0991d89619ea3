"""/api/machines: what is watched, by whom it is seen, and in which state it is."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from control_api.conftest import Clock
from control_api.people import ACME, People, id_of
from hyperion_control.store import machines, sightings
from hyperion_control.usecases import host_keys, tokens
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.tokens import Wanted

WEB = {
    "name": "web-1",
    "hostname": "Web-1.Example.org",
    "ips": ["192.0.2.10", "2001:DB8::0010"],
    "macs": ["00-1A-2B-3C-4D-5E"],
    "labels": {"role": "web", "env": "prod"},
    "notes": "in the cellar",
}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0m1ysw6N0NOVgkBTWnhYCwBFoFZSGsC0nQzbRRDGWr"
ANY = {"If-Match": "*"}


def added(client: FlaskClient, name: str, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = answered(client.post("/api/machines", json={"name": name, **more}), 201)
    return made


def names(client: FlaskClient, **query: str) -> list[str]:
    return [
        each["name"] for each in answered(client.get("/api/machines", query_string=query))["data"]
    ]


def by_token(app: Flask, parts: Parts, people: People, machines: str = "") -> FlaskClient:
    """Who may read and write the machines that the selector selects."""
    scopes = ("machines:read", "machines:write", "sd:read")
    made = tokens.create(parts, people.actor("ada"), Wanted("script", scopes, machines))
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {made.secret}"
    return client


def test_a_machine_is_added_and_kept_in_one_form(as_: As) -> None:
    olga = as_("olga")
    answer = olga.post("/api/machines", json=WEB)
    made = answered(answer, 201)
    assert made["hostname"] == "web-1.example.org"
    assert made["ips"] == ["192.0.2.10", "2001:db8::10"]
    assert made["macs"] == ["00:1a:2b:3c:4d:5e"]
    assert list(made["labels"]) == ["env", "role"]
    assert (made["port"], made["ssh_port"], made["state"]) == (9100, 22, "offline")
    assert made["host_key"] == {"state": "unknown", "fingerprint": None, "offered": None}
    again = olga.get(answer.headers["Location"])
    assert answered(again) == made
    assert again.headers["ETag"] == answer.headers["ETag"] == '"1"'


def test_machines_are_listed_by_name_in_pages(as_: As) -> None:
    olga = as_("olga")
    for name in ("web-2", "db-1", "web-1"):
        added(olga, name)
    first = answered(olga.get("/api/machines?limit=2"))
    assert [each["name"] for each in first["data"]] == ["db-1", "web-1"]
    assert names(olga, limit="2", cursor=first["next_cursor"]) == ["web-2"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"selector": "env=prod"}, ["db-1", "web-1"]),
        ({"selector": "env=prod,role!=db"}, ["web-1"]),
        ({"selector": "role in (web, cache)"}, ["web-1", "web-2"]),
        ({"selector": "!env"}, ["web-2"]),
        ({"selector": "group=green"}, ["web-1"]),
        ({"selector": "machine=db-1"}, ["db-1"]),
        ({"search": "web"}, ["web-1", "web-2"]),
        ({"search": "%"}, []),
        ({"state": "offline"}, ["db-1", "web-1", "web-2"]),
        ({"state": "busy"}, []),
    ],
)
def test_machines_are_chosen_by_labels_state_and_name(
    as_: As, query: dict[str, str], found: list[str]
) -> None:
    olga = as_("olga")
    green = answered(olga.post("/api/groups", json={"name": "green", "colour": "#00FF00"}), 201)
    added(olga, "web-1", labels={"env": "prod", "role": "web"}, group_id=green["id"])
    added(olga, "web-2", labels={"role": "web"})
    added(olga, "db-1", labels={"env": "prod", "role": "db"})
    assert names(olga, **query) == found


def test_what_is_left_out_of_a_change_stays(as_: As) -> None:
    olga = as_("olga")
    made = added(olga, **WEB)
    path = f"/api/machines/{made['id']}"
    seen = {"If-Match": '"1"'}
    changes = {"ips": ["192.0.2.11"], "labels": {"env": "test"}, "owner_id": id_of("otto")}
    changed = answered(olga.patch(path, json=changes, headers=seen))
    assert changed == {**made, **changes}
    assert code(olga.patch(path, json={"notes": ""}, headers=seen)) == (412, "stale")
    assert code(olga.patch(path, json={"notes": ""})) == (428, "version-needed")


def test_a_state_tells_what_is_planned_before_what_happens(
    as_: As, parts: Parts, clock: Clock
) -> None:
    olga = as_("olga")
    machine_id = added(olga, "web-1")["id"]

    def state() -> str:
        found: str = answered(olga.get(f"/api/machines/{machine_id}"))["state"]
        return found

    with parts.database.writing(ACME) as connection:
        sightings.mark_seen(connection, [machine_id], clock())
    assert state() == "available"
    with parts.database.writing(ACME) as connection:
        machines.occupy(connection, machine_id, "ses_1")
    assert state() == "busy"
    with parts.database.writing(ACME) as connection:
        sightings.mark_offline(connection, clock() + timedelta(seconds=1))
    assert state() == "offline"
    answered(
        olga.post(
            f"/api/machines/{machine_id}/maintenance", json={"minutes": 5, "reason": "new disk"}
        ),
        201,
    )
    assert state() == "maintenance"
    clock.forward(300)
    assert state() == "offline", "a maintenance ends by itself"


def test_machines_are_counted(as_: As) -> None:
    olga = as_("olga")
    green = answered(olga.post("/api/groups", json={"name": "green", "colour": "#00ff00"}), 201)
    added(olga, "web-1", group_id=green["id"])
    added(olga, "web-2")
    assert answered(olga.get("/api/machines/statistics")) == {
        "machines": 2,
        "states": {"available": 0, "busy": 0, "maintenance": 0, "offline": 2},
        "groups": {"green": 1},
    }


def test_a_deleted_machine_leaves_its_history_and_frees_its_name(as_: As) -> None:
    ada = as_("ada")
    made = added(ada, **WEB)
    path = f"/api/machines/{made['id']}"
    answered(ada.post(f"{path}/maintenance", json={"minutes": 60, "reason": "moving out"}), 201)
    assert ada.delete(path, headers=ANY).status_code == 204
    assert names(ada) == []
    gone = answered(ada.get(path))
    assert (gone["deleted_at"], gone["ips"]) == ("2026-11-21T03:00:00Z", [])
    (work,) = answered(ada.get(f"{path}/maintenances"))["data"]
    assert (work["reason"], work["ended_at"]) == ("moving out", "2026-11-21T03:00:00Z")
    assert code(ada.patch(path, json={"notes": ""}, headers=ANY)) == (409, "deleted")
    assert added(ada, **WEB)["id"] != made["id"]


def test_a_key_is_pinned_when_an_admin_has_compared_it(
    as_: As, parts: Parts, people: People
) -> None:
    ada, olga = as_("ada"), people.actor("olga")
    machine_id = added(ada, "web-1")["id"]
    path = f"/api/machines/{machine_id}/host-key"
    host_keys.offer(parts, olga, machine_id, KEY)
    met = answered(ada.get(f"/api/machines/{machine_id}"))["host_key"]
    assert (met["state"], met["fingerprint"]) == ("pending", None)
    assert met["offered"].startswith("SHA256:")
    wrong = ada.put(path, json={"fingerprint": "SHA256:other"})
    assert code(wrong) == (409, "no-such-key")
    pinned = answered(ada.put(path, json={"fingerprint": met["offered"]}))["host_key"]
    assert pinned == {"state": "pinned", "fingerprint": met["offered"], "offered": None}
    host_keys.offer(parts, olga, machine_id, KEY[:-4] + "AAAA")
    assert answered(ada.get(f"/api/machines/{machine_id}"))["host_key"]["state"] == "changed"
    assert answered(ada.delete(path))["host_key"]["state"] == "unknown"
    assert code(as_("olga").put(path, json={"fingerprint": "x"})) == (403, "forbidden")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"name": "-rf"}, "/name"),
        ({"name": "a b"}, "/name"),
        ({"name": ""}, "/name"),
        ({"hostname": "-oProxyCommand=x"}, "/hostname"),
        ({"hostname": "a..b"}, "/hostname"),
        ({"ips": ["192.0.2.300"]}, "/ips/0"),
        ({"ips": ["169.254.169.254"]}, "/ips/0"),
        ({"ips": ["::"]}, "/ips/0"),
        ({"ips": ["192.0.2.0/24"]}, "/ips/0"),
        ({"macs": ["ff:ff:ff:ff:ff:ff"]}, "/macs/0"),
        ({"macs": ["00:00:00:00:00:00"]}, "/macs/0"),
        ({"macs": ["00:1a"]}, "/macs/0"),
        ({"port": 0}, "/port"),
        ({"port": "22"}, "/port"),
        ({"ssh_user": "root;id"}, "/ssh_user"),
        ({"ssh_user": "-l"}, "/ssh_user"),
        ({"labels": {"org": "globex"}}, "/labels"),
        ({"labels": {"machine": "web-2"}}, "/labels"),
        ({"labels": {"__address__": "192.0.2.9"}}, "/labels"),
        ({"labels": {"a-b": "c"}}, "/labels"),
        ({"labels": {"a": "b c"}}, "/labels"),
        ({"labels": {"a": ""}}, "/labels"),
        ({"notes": "a\u0000b"}, "/notes"),
        ({"group_id": "grp_none"}, "/group_id"),
        ({"owner_id": id_of("eve")}, "/owner_id"),
        ({"organisation_id": "org_globex00000000000000"}, "/organisation_id"),
        ({"online": True}, "/online"),
    ],
)
def test_a_field_that_does_not_fit_is_named(as_: As, wrong: Any, pointer: str) -> None:
    answer = as_("olga").post("/api/machines", json={"name": "web-1", **wrong})
    assert code(answer) == (422, "invalid")
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


@pytest.mark.parametrize("selector", ["=", "env=prod,", "a b", "env in prod", "!env=prod"])
def test_a_selector_that_is_none_is_refused(as_: As, selector: str) -> None:
    answer = as_("olga").get("/api/machines", query_string={"selector": selector})
    assert code(answer) == (422, "invalid")
    assert [error["pointer"] for error in answer.json["errors"]] == ["/selector"]


def test_a_name_and_an_address_belong_to_one_machine(as_: As) -> None:
    olga = as_("olga")
    made = added(olga, **WEB)
    assert code(olga.post("/api/machines", json={"name": "web-1"})) == (409, "name-taken")
    for taken in ({"ips": ["2001:db8::10"]}, {"macs": ["001A.2B3C.4D5E"]}):
        answer = olga.post("/api/machines", json={"name": "web-2", **taken})
        assert code(answer) == (409, "address-taken")
    path = f"/api/machines/{made['id']}"
    same = {"ips": ["192.0.2.10", "192.0.2.10"]}
    assert answered(olga.patch(path, json=same, headers=ANY))["ips"] == ["192.0.2.10"]
    assert added(as_("eve"), **WEB), "another organisation has networks of its own"


def test_of_two_at_once_one_gets_the_address(as_: As) -> None:
    clients = [as_("olga") for _ in range(4)]

    def add(number: int) -> int:
        body = {"name": f"web-{number}", "ips": ["192.0.2.1"]}
        status: int = clients[number].post("/api/machines", json=body).status_code
        return status

    with ThreadPoolExecutor(len(clients)) as threads:
        statuses = sorted(threads.map(add, range(len(clients))))
    assert statuses == [201, 409, 409, 409]


def test_an_observer_looks_and_changes_nothing(as_: As) -> None:
    made, otto = added(as_("olga"), "web-1"), as_("otto")
    path = f"/api/machines/{made['id']}"
    assert names(otto) == ["web-1"]
    assert code(otto.post("/api/machines", json=WEB)) == (403, "forbidden")
    assert code(otto.patch(path, json={}, headers=ANY)) == (403, "forbidden")
    assert code(as_("olga").delete(path, headers=ANY)) == (403, "forbidden")


def test_a_neighbour_finds_no_machine(as_: As) -> None:
    made, eve = added(as_("olga"), "web-1"), as_("eve")
    assert names(eve) == []
    for machine_id in (made["id"], "mch_none"):
        path = f"/api/machines/{machine_id}"
        assert code(eve.get(path)) == (404, "not-found")
        assert code(eve.patch(path, json={}, headers=ANY)) == (404, "not-found")
        assert code(eve.delete(path, headers=ANY)) == (404, "not-found")


def test_a_token_reaches_the_machines_that_its_selector_selects(
    app: Flask, as_: As, parts: Parts, people: People
) -> None:
    olga, script = as_("olga"), by_token(app, parts, people, "env=test")
    mine = added(olga, "test-1", labels={"env": "test"})
    other = added(olga, "prod-1", labels={"env": "prod"})
    assert names(script) == ["test-1"]
    assert answered(script.get("/api/machines/statistics"))["machines"] == 1
    assert code(script.get(f"/api/machines/{other['id']}")) == (404, "not-found")
    path = f"/api/machines/{mine['id']}"
    assert answered(script.patch(path, json={"notes": "x"}, headers=ANY))["notes"] == "x"
    out = script.patch(path, json={"labels": {"env": "prod"}}, headers=ANY)
    assert code(out) == (403, "beyond-selector")
    assert answered(olga.get(path))["labels"] == {"env": "test"}, "nothing of it was done"
    assert code(script.post("/api/machines", json={"name": "x"})) == (403, "beyond-selector")
    group = script.post("/api/groups", json={"name": "x", "colour": "#000000"})
    assert code(group) == (403, "beyond-selector")


def test_a_token_whose_selector_cannot_be_read_reaches_nothing(
    app: Flask, parts: Parts, people: People
) -> None:
    script = by_token(app, parts, people, "app.kubernetes.io/name=web")
    assert code(script.get("/api/machines")) == (403, "selector-unreadable")
