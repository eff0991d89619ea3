"""Receivers and routes of an organisation: sealed, checked, each for its own."""

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from flask import Flask

from control_api.answers import As, answered, code
from control_api.conftest import Clock
from control_api.people import ACME
from hyperion_control.app import create_app
from hyperion_control.store import receivers, sealed
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import telling
from hyperion_control.usecases.parts import Parts
from lab.databases import ON_SQLITE
from lab.receiver import receiver

pytestmark = ON_SQLITE
HOOK = "https://8.8.8.8/services/T0/secret"
CHAT = {"name": "chat", "kind": "slack", "address": HOOK}
MAIL = {"name": "ops", "kind": "mail", "address": "ops@example.org, ada@example.org"}
ANY = {"If-Match": "*"}


@pytest.fixture
def parts(parts: Parts) -> Parts:
    own = replace(parts.settings.notifying, receiver_networks=(ip_network("127.0.0.0/8"),))
    return replace(parts, settings=replace(parts.settings, notifying=own))


@pytest.fixture
def app(parts: Parts) -> Flask:
    return create_app(parts)


def made(as_: As, body: dict[str, Any] = MAIL, who: str = "ada") -> Any:
    return answered(as_(who).post("/api/receivers", json=body), 201)


def test_an_address_is_sealed_and_never_shown_again(as_: As, parts: Parts) -> None:
    ada, found = as_("ada"), made(as_, CHAT)
    assert (found["place"], found["fault"], found["warning"]) == ("8.8.8.8", "", "")
    answer = ada.get(f"/api/receivers/{found['id']}")
    assert "secret" not in answer.text
    assert "secret" not in ada.get("/api/receivers").text
    with parts.database.reading("*") as connection:
        kept = receivers.get(connection, ACME, found["id"])
    assert kept is not None
    assert b"secret" not in kept.address
    context = sealed.RECEIVER.context(kept.id)
    assert parts.sealer.open(kept.address, context).decode() == HOOK


def test_it_is_changed_and_removed_by_who_saw_it_last(as_: As) -> None:
    ada, found = as_("ada"), made(as_)
    path = f"/api/receivers/{found['id']}"
    etag = {"If-Match": ada.get(path).headers["ETag"]}
    changed = answered(ada.patch(path, json={"address": "new@example.org"}, headers=etag))
    assert changed["place"] == "new@example.org"
    assert code(ada.patch(path, json={"enabled": False}, headers=etag)) == (412, "stale")
    assert code(ada.delete(path, headers=etag)) == (412, "stale")
    assert ada.delete(path, headers=ANY).status_code == 204
    assert code(ada.get(path)) == (404, "not-found")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        (CHAT | {"address": "http://8.8.8.8/"}, "/address"),
        (CHAT | {"address": "https://10.0.0.1/"}, "/address"),
        (CHAT | {"address": "https://169.254.169.254/latest/meta-data"}, "/address"),
        (CHAT | {"address": "file:///etc/passwd"}, "/address"),
        (MAIL | {"address": "nobody"}, "/address"),
        (MAIL | {"address": " ".join(f"a{n}@example.org" for n in range(11))}, "/address"),
        (MAIL | {"address": ","}, "/address"),
        (MAIL | {"kind": "pager"}, "/kind"),
        (MAIL | {"name": "a b"}, "/name"),
    ],
)
def test_what_leads_nowhere_or_into_our_network_is_refused(
    as_: As, wrong: dict[str, str], pointer: str
) -> None:
    answer = as_("ada").post("/api/receivers", json=wrong)
    assert code(answer) == (422, "invalid")
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
    assert "meta-data" not in answer.text


def test_a_name_is_given_once(as_: As) -> None:
    made(as_)
    assert code(as_("ada").post("/api/receivers", json=MAIL)) == (409, "name-taken")
    made(as_, MAIL, "eve")


def test_it_is_tried_out_before_it_is_needed(as_: As, parts: Parts) -> None:
    with receiver() as chat:
        found = made(as_, {"name": "chat", "kind": "teams", "address": chat.url})
        for _ in range(2):
            assert as_("ada").post(f"/api/receivers/{found['id']}/try").status_code == 204
        telling.tell(parts, Worker("wrk_1", "test", parts.clock()))
    texts = [request.raw.decode() for request in chat.requests]
    assert len(texts) == 2
    assert all("This is a test." in text for text in texts)


def test_a_code_that_is_not_fresh_opens_no_receiver(as_: As, clock: Clock) -> None:
    ada, found = as_("ada"), made(as_)
    clock.forward(301)
    for answer in (
        ada.post("/api/receivers", json=CHAT),
        ada.patch(f"/api/receivers/{found['id']}", json={"address": HOOK}, headers=ANY),
        ada.post(f"/api/receivers/{found['id']}/try"),
    ):
        assert code(answer) == (401, "step-up-needed")


def test_a_route_is_made_changed_and_removed(as_: As) -> None:
    ada, found = as_("ada"), made(as_)
    wanted = {
        "receiver_id": found["id"],
        "severities": ["critical"],
        "classes": ["disk", "smart"],
        "groups": ["web"],
        "labels": {"env": "prod"},
        "quiet": "22:00-07:00 Europe/Paris",
    }
    route = answered(ada.post("/api/routes", json=wanted), 201)
    assert {name: route[name] for name in wanted} == wanted
    path = f"/api/routes/{route['id']}"
    off = answered(ada.patch(path, json={"enabled": False}, headers=ANY))
    assert (off["enabled"], off["classes"]) == (False, ["disk", "smart"])
    listed = answered(ada.get("/api/routes"))["data"]
    assert [each["id"] for each in listed] == [route["id"]]
    assert ada.delete(path, headers=ANY).status_code == 204
    assert answered(ada.get("/api/routes"))["data"] == []


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"severities": []}, "/severities"),
        ({"severities": ["loud"]}, "/severities/0"),
        ({"classes": ['"x']}, "/classes/0"),
        ({"quiet": "at night"}, "/quiet"),
        ({"quiet": "22:00-07:00 Middle/Earth"}, "/quiet"),
        ({"labels": {"org": "globex"}}, "/labels"),
        ({"labels": {"env": 'x"'}}, "/labels"),
    ],
)
def test_a_route_that_makes_no_sense_is_refused(
    as_: As, wrong: dict[str, Any], pointer: str
) -> None:
    answer = as_("ada").post("/api/routes", json={"receiver_id": made(as_)["id"], **wrong})
    assert code(answer) == (422, "invalid")
    assert pointer in [error["pointer"] for error in answer.json["errors"]]


def test_no_route_leads_to_a_neighbours_receiver(as_: As) -> None:
    theirs = made(as_, MAIL, "eve")["id"]
    nowhere = f"rcv_{'0' * 20}"
    said = set()
    for receiver_id in (theirs, nowhere, ""):
        answer = as_("ada").post("/api/routes", json={"receiver_id": receiver_id})
        said.add((code(answer), str(answer.json["errors"])))
    assert len(said) == 1
    mine = answered(as_("ada").post("/api/routes", json={"receiver_id": made(as_)["id"]}), 201)
    moved = as_("ada").patch(f"/api/routes/{mine['id']}", json={"receiver_id": theirs}, headers=ANY)
    assert code(moved) == (422, "invalid")
