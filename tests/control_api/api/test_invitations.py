"""/api/invitations: one-use links into an organisation."""

import threading
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from control_api.conftest import Clock
from control_api.people import ACME, GLOBEX, id_of
from hyperion_control.store import memberships
from hyperion_control.usecases.parts import Parts

ACCEPT = "/api/invitations/accept"
NINA = {"username": "nina", "name": "Nina", "password": "seven lamps under the bridge"}


def invite(ada: FlaskClient, role: str = "operator", **more: str) -> Any:
    return answered(ada.post("/api/invitations", json={"role": role, **more}), 201)


def test_who_is_new_joins_with_an_account_of_their_own(as_: As, client: FlaskClient) -> None:
    ada = as_("ada")
    made = invite(ada, email="nina@example.org")
    assert made["url"].endswith(f"/invitation/{made['secret']}")
    assert made["expires_at"] == "2026-11-28T03:00:00Z"
    joined = answered(client.post(ACCEPT, json={"secret": made["secret"], **NINA}))
    assert (joined["organisation_id"], joined["role"]) == (ACME, "operator")
    nina = answered(ada.get(f"/api/users/{joined['user_id']}"))
    assert (nina["username"], nina["email"]) == ("nina", "nina@example.org")
    signed_in = {"username": "nina", "password": NINA["password"]}
    assert client.post("/api/auth/token", json=signed_in).status_code == 201


def test_who_is_signed_in_joins_with_the_account_they_have(as_: As) -> None:
    eve = as_("eve")
    joined = answered(eve.post(ACCEPT, json={"secret": invite(as_("ada"))["secret"]}))
    assert (joined["user_id"], joined["organisation_id"]) == (id_of("eve"), ACME)
    mine = {one["organisation_id"]: one["role"] for one in eve.get("/api/me").json["memberships"]}
    assert mine == {ACME: "operator", GLOBEX: "admin"}


def test_open_invitations_are_listed_without_their_secret(as_: As, client: FlaskClient) -> None:
    ada = as_("ada")
    made = [invite(ada) for _ in range(2)]
    client.post(ACCEPT, json={"secret": made[0]["secret"], **NINA})
    page = ada.get("/api/invitations")
    assert [one["id"] for one in answered(page)["data"]] == [made[1]["id"]]
    assert made[1]["secret"] not in page.text
    assert answered(as_("eve").get("/api/invitations"))["data"] == []


def test_a_link_is_good_once(as_: As, client: FlaskClient) -> None:
    secret = invite(as_("ada"))["secret"]
    answered(client.post(ACCEPT, json={"secret": secret, **NINA}))
    again = {"secret": secret, **NINA, "username": "mina"}
    assert code(client.post(ACCEPT, json=again)) == (404, "not-found")


def test_a_link_that_led_nowhere_can_be_used_again(as_: As, client: FlaskClient) -> None:
    secret = invite(as_("ada"))["secret"]
    taken = {"secret": secret, **NINA, "username": "otto"}
    assert code(client.post(ACCEPT, json=taken)) == (409, "username-taken")
    weak = {"secret": secret, **NINA, "password": "passwordpassword"}
    assert code(client.post(ACCEPT, json=weak)) == (422, "weak-password")
    answered(client.post(ACCEPT, json={"secret": secret, **NINA}))


def test_a_link_is_good_for_a_week_unless_revoked(
    as_: As, client: FlaskClient, clock: Clock
) -> None:
    ada = as_("ada")
    late, revoked = invite(ada), invite(ada)
    assert ada.delete(f"/api/invitations/{revoked['id']}").status_code == 204
    assert code(ada.delete(f"/api/invitations/{revoked['id']}")) == (404, "not-found")
    assert client.post(ACCEPT, json={"secret": revoked["secret"], **NINA}).status_code == 404
    clock.forward(7 * 86_400)
    assert client.post(ACCEPT, json={"secret": late["secret"], **NINA}).status_code == 404


def test_a_reset_link_is_no_invitation(as_: As, client: FlaskClient) -> None:
    ada = as_("ada")
    reset = answered(ada.post(f"/api/users/{id_of('olga')}/reset"), 201)["secret"]
    assert client.post(ACCEPT, json={"secret": reset, **NINA}).status_code == 404
    assert as_("eve").post(ACCEPT, json={"secret": reset}).status_code == 404
    assert ada.get(f"/api/users/{id_of('olga')}").status_code == 200


def test_nor_is_the_reset_of_an_account_that_nobody_has_been_in(as_: As) -> None:
    ada = as_("ada")
    wanted = {"username": "nina", "name": "Nina", "role": "admin"}
    nina = answered(ada.post("/api/users", json=wanted), 201)["user"]
    reset = answered(ada.post(f"/api/users/{nina['id']}/reset"), 201)["secret"]
    assert as_("eve").post(ACCEPT, json={"secret": reset}).status_code == 404
    assert ada.get(f"/api/users/{nina['id']}").status_code == 200


def test_a_first_link_that_was_used_brings_nobody_in(as_: As, client: FlaskClient) -> None:
    wanted = {"username": "nina", "name": "Nina", "role": "admin"}
    secret = answered(as_("ada").post("/api/users", json=wanted), 201)["link"]["secret"]
    assert client.post(ACCEPT, json={"secret": secret, **NINA}).status_code == 404
    chosen = {"password": NINA["password"]}
    assert client.post(f"/api/auth/password-reset/{secret}", json=chosen).status_code == 204
    assert as_("eve").post(ACCEPT, json={"secret": secret}).status_code == 404


def test_a_member_does_not_join_twice(as_: As) -> None:
    secret = invite(as_("ada"), "admin")["secret"]
    assert code(as_("otto").post(ACCEPT, json={"secret": secret})) == (409, "already-member")
    assert answered(as_("eve").post(ACCEPT, json={"secret": secret}))["role"] == "admin"


def test_who_sends_a_secret_only_must_be_signed_in(as_: As, client: FlaskClient) -> None:
    secret = invite(as_("ada"))["secret"]
    assert code(client.post(ACCEPT, json={"secret": secret})) == (401, "unauthorised")
    half = client.post(ACCEPT, json={"secret": secret, "username": "nina"})
    assert code(half) == (422, "invalid")


@pytest.mark.parametrize("secret", ["", "x", "hyp_k_", "é"])
def test_what_is_no_secret_is_refused(as_: As, secret: str) -> None:
    assert code(as_("eve").post(ACCEPT, json={"secret": secret})) == (404, "not-found")


def test_secrets_cannot_be_tried_all_day(as_: As) -> None:
    eve = as_("eve")
    tried = [eve.post(ACCEPT, json={"secret": "guess"}).status_code for _ in range(21)]
    assert tried == [404] * 20 + [429]


@pytest.mark.parametrize("name", ["olga", "otto"])
def test_only_admins_invite(as_: As, name: str) -> None:
    client = as_(name)
    assert code(client.get("/api/invitations")) == (403, "forbidden")
    assert code(client.post("/api/invitations", json={"role": "observer"})) == (403, "forbidden")
    assert code(client.delete("/api/invitations/lnk_x")) == (403, "forbidden")


def test_a_neighbour_revokes_nothing(as_: As) -> None:
    made = invite(as_("ada"))
    assert code(as_("eve").delete(f"/api/invitations/{made['id']}")) == (404, "not-found")


def test_of_many_at_once_one_joins(as_: As, app: Flask, parts: Parts) -> None:
    secret = invite(as_("ada"))["secret"]
    begin, statuses = threading.Barrier(4), []

    def accept(number: int) -> None:
        account = {"secret": secret, **NINA, "username": f"nina{number}"}
        begin.wait(10)
        statuses.append(app.test_client().post(ACCEPT, json=account).status_code)

    threads = [threading.Thread(target=accept, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 404, 404, 404]
    with parts.database.reading(ACME) as connection:
        assert len(memberships.page(connection, ACME, "nina", "", 10)) == 1
