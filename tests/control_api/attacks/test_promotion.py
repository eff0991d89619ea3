"""Becoming more than one is: by fields that nobody asked for, by a grant, by a token, by a link."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from control_api.every_request import JSON, Asker, filled
from control_api.people import ACME, GLOBEX, People, id_of
from control_api.test_matrix import TRACES, admin_of, everything
from control_api.world import World
from hyperion_control.domain.roles import SCOPES, Role
from hyperion_control.store import memberships
from hyperion_control.store.memberships import Membership
from hyperion_control.usecases import tokens
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.tokens import Wanted

SMUGGLED: dict[str, Any] = {
    "role": "admin",
    "id": id_of("ada"),
    "user_id": id_of("ada"),
    "organisation_id": GLOBEX,
    "platform_admin": True,
    "is_admin": True,
    "scopes": list(SCOPES),
    "totp_seed": "JBSWY3DPEHPK3PXP",
    "password_hash": "$argon2id$",
    "password_once": False,
    "version": 1,
    "__class__": "admin",
}
# A later Alertmanager adds fields to what it writes: here they are left unread, not refused.
OPEN = "POST /api/alerts/webhook"


def test_a_field_that_was_not_asked_for_is_refused_by_every_route(
    app: Flask, people: People, parts: Parts
) -> None:
    asker, taken = Asker(app, people, World(parts)), {}
    for route in JSON.keys() - {OPEN}:
        request = asker.prepare(route, admin_of(route))
        body = request.body["json"]
        before = everything(parts, TRACES)
        for name, value in SMUGGLED.items():
            if name not in body:
                answer = request.send(json={**body, name: value}).answer
                if answer.status_code != 422:
                    taken[route, name] = answer.status_code
        if everything(parts, TRACES) != before:
            taken[route, "something"] = "was changed"
    assert taken == {}


@pytest.mark.parametrize(
    ("who", "path"),
    [
        (who, path)
        for who in ("otto", "olga")
        for path in (
            f"PATCH /api/organisations/{ACME}/members/" + "{self}",
            "POST /api/users",
            "POST /api/invitations",
            "POST /api/users/{self}/enable",
            "POST /api/organisations",
        )
    ],
)
def test_who_is_no_admin_makes_nobody_more(as_: As, who: str, path: str) -> None:
    method, _, where = path.replace("{self}", id_of(who)).partition(" ")
    body = {"role": "admin", "name": "x", "username": "x"}
    assert as_(who).open(where, method=method, json=body).status_code == 403


def test_an_admin_makes_nobody_an_admin_elsewhere(as_: As, parts: Parts) -> None:
    ada = as_("ada")
    assert (
        ada.patch(
            f"/api/organisations/{GLOBEX}/members/{id_of('ada')}", json={"role": "admin"}
        ).status_code
        == 404
    )
    assert (
        ada.patch(
            f"/api/organisations/{ACME}/members/{id_of('eve')}", json={"role": "admin"}
        ).status_code
        == 404
    )
    with parts.database.reading("*") as connection:
        mine = memberships.of_user(connection, id_of("ada"))
    assert [each.organisation_id for each in mine] == [ACME]


def test_an_admin_takes_over_nobody_who_is_more_elsewhere(as_: As, parts: Parts) -> None:
    """Eve joins acme as an observer; acme's admin gets no reset of her password for it."""
    with parts.database.writing("*") as connection:
        for name in ("eve", "petra"):
            joined = Membership(ACME, id_of(name), Role.OBSERVER, parts.clock())
            memberships.add(connection, joined)
    ada = as_("ada")
    for name in ("eve", "petra"):
        for doing in ("reset", "disable"):
            answer = ada.post(f"/api/users/{id_of(name)}/{doing}")
            assert code(answer) == (403, "not-in-charge")
        gone = ada.delete(f"/api/users/{id_of(name)}", headers={"If-Match": "*"})
        assert code(gone) == (403, "not-in-charge")


@pytest.mark.parametrize("role", ["observer", "operator"])
def test_the_last_admin_stays(as_: As, role: str) -> None:
    ada, mine = as_("ada"), f"/api/organisations/{ACME}/members/{id_of('ada')}"
    assert code(ada.patch(mine, json={"role": role})) == (409, "last-admin")
    assert code(ada.delete(mine)) == (409, "last-admin")
    assert code(ada.post(f"/api/users/{id_of('ada')}/disable")) == (409, "last-admin")
    assert code(ada.delete(f"/api/me/organisations/{ACME}")) == (409, "last-admin")


def test_a_token_is_never_more_than_its_owner(as_: As) -> None:
    for who, scope in (("otto", "commands:run"), ("otto", "admin"), ("olga", "users:write")):
        body = {"name": "x", "scopes": ["sd:read", scope]}
        assert code(as_(who).post("/api/tokens", json=body)) == (403, "forbidden")


def test_a_token_makes_no_tokens_logins_or_people(
    people: People, client: FlaskClient, parts: Parts
) -> None:
    """Whatever it was given: a leaked one does not outlive its end."""
    made = tokens.create(parts, people.actor("ada"), Wanted("all", SCOPES))
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {made.secret}"
    client.environ_base["HTTP_X_OTP"] = people.code()
    for route in ("POST /api/tokens", "POST /api/users", "POST /api/invitations"):
        body = filled(JSON[route], {"new": "new"})
        answer = client.post(route[5:], json=body)
        assert code(answer) == (403, "token-not-allowed"), route
    rotated = client.post(f"/api/tokens/{made.token.id}/rotate", json={})
    assert rotated.status_code == 403


def test_a_token_accepts_no_invitation_for_its_owner(
    people: People, client: FlaskClient, parts: Parts, as_: As
) -> None:
    made = tokens.create(parts, people.actor("olga"), Wanted("script", ("sd:read",)))
    link = answered(as_("eve").post("/api/invitations", json={"role": "admin"}), 201)["secret"]
    bearer = {"Authorization": f"Bearer {made.secret}"}
    answer = client.post("/api/invitations/accept", json={"secret": link}, headers=bearer)
    assert answer.status_code == 401
    with parts.database.reading("*") as connection:
        assert memberships.get(connection, GLOBEX, id_of("olga")) is None


def test_the_role_of_an_invitation_is_the_one_that_was_given(
    as_: As, client: FlaskClient, people: People
) -> None:
    link = answered(as_("ada").post("/api/invitations", json={"role": "observer"}), 201)["secret"]
    account = {"username": "nina", "name": "Nina", "password": "eleven purple lanterns"}
    more = client.post("/api/invitations/accept", json={"secret": link, **account, "role": "admin"})
    assert more.status_code == 422
    joined = client.post("/api/invitations/accept", json={"secret": link, **account})
    assert answered(joined)["role"] == "observer"
