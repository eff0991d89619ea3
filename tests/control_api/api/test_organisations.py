"""/api/organisations: made by who runs the platform, peopled by admins."""

import threading

import pytest
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from control_api.people import ACME, GLOBEX, People, id_of
from hyperion_control.domain.roles import Role
from hyperion_control.errors import Conflict, Problem
from hyperion_control.store import memberships
from hyperion_control.usecases import charge, organisations, tokens
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.tokens import Wanted

MEMBERS = f"/api/organisations/{ACME}/members"


def test_who_runs_the_platform_makes_and_renames_organisations(as_: As) -> None:
    petra = as_("petra")
    made = petra.post("/api/organisations", json={"name": "Initech"})
    path = made.headers["Location"]
    assert answered(made, 201)["name"] == "Initech"
    listed = answered(petra.get("/api/organisations"))["data"]
    assert [organisation["name"] for organisation in listed] == ["Initech", "acme", "globex"]
    renamed = petra.patch(
        path, json={"name": "Initrode"}, headers={"If-Match": made.headers["ETag"]}
    )
    assert answered(renamed)["name"] == "Initrode"
    again = petra.patch(path, json={"name": "X"}, headers={"If-Match": made.headers["ETag"]})
    assert code(again) == (412, "stale")
    assert code(petra.patch(path, json={"name": "X"})) == (428, "version-needed")


def test_its_first_admin_is_invited_by_who_runs_the_platform(as_: As, client: FlaskClient) -> None:
    petra = as_("petra")
    made = answered(petra.post("/api/organisations", json={"name": "Initech"}), 201)
    here = {"X-Organisation": made["id"]}
    link = answered(petra.post("/api/invitations", json={"role": "admin"}, headers=here), 201)
    account = {"username": "bill", "name": "Bill", "password": "seven lamps under the bridge"}
    joined = client.post("/api/invitations/accept", json={"secret": link["secret"], **account})
    assert answered(joined)["organisation_id"] == made["id"]
    assert joined.json["role"] == "admin"


def test_members_see_their_own_organisation(as_: As) -> None:
    assert answered(as_("otto").get(f"/api/organisations/{ACME}"))["name"] == "acme"


def test_an_admin_changes_a_role_and_it_counts_at_once(as_: As) -> None:
    ada, olga = as_("ada"), as_("olga")
    assert olga.get("/api/users").status_code == 403
    changed = ada.patch(f"{MEMBERS}/{id_of('olga')}", json={"role": "admin"})
    assert answered(changed)["role"] == "admin"
    assert olga.get("/api/users").status_code == 200
    roles = {user["username"]: user["role"] for user in answered(ada.get(MEMBERS))["data"]}
    assert roles == {"ada": "admin", "olga": "admin", "otto": "observer"}
    ada.patch(f"{MEMBERS}/{id_of('olga')}", json={"role": "observer"})
    assert olga.get("/api/users").status_code == 403


def test_who_is_removed_is_out_and_so_are_their_tokens(
    as_: As, parts: Parts, people: People
) -> None:
    made = tokens.create(parts, people.actor("olga"), Wanted("t", ("sd:read",)))
    ada, olga = as_("ada"), as_("olga")
    assert ada.delete(f"{MEMBERS}/{id_of('olga')}").status_code == 204
    assert answered(olga.get("/api/me"))["memberships"] == []
    assert olga.get("/api/tokens").status_code in (403, 404)
    assert code(ada.delete(f"{MEMBERS}/{id_of('olga')}")) == (404, "not-found")
    [token] = tokens.page(parts, people.actor("ada"), "all", "", 50).items
    assert token.id == made.token.id
    assert token.revoked_at is not None


def test_everybody_may_leave(as_: As) -> None:
    otto = as_("otto")
    assert otto.delete(f"/api/me/organisations/{ACME}").status_code == 204
    assert answered(otto.get("/api/me"))["memberships"] == []
    assert code(otto.delete(f"/api/me/organisations/{ACME}")) == (404, "not-found")
    assert code(as_("ada").delete(f"/api/me/organisations/{ACME}")) == (409, "last-admin")


def test_a_name_is_given_once(as_: As) -> None:
    petra = as_("petra")
    assert code(petra.post("/api/organisations", json={"name": "acme"})) == (409, "conflict")
    renamed = petra.patch(
        f"/api/organisations/{ACME}", json={"name": "globex"}, headers={"If-Match": "*"}
    )
    assert code(renamed) == (409, "conflict")
    wrong = petra.post("/api/organisations", json={"name": "a\nb"})
    assert (code(wrong), wrong.json["errors"][0]["pointer"]) == ((422, "invalid"), "/name")


@pytest.mark.parametrize("name", ["ada", "olga", "otto"])
def test_organisations_are_the_platforms_affair(as_: As, name: str) -> None:
    client = as_(name)
    assert code(client.get("/api/organisations")) == (403, "forbidden")
    assert code(client.post("/api/organisations", json={"name": "x"})) == (403, "forbidden")
    renamed = client.patch(f"/api/organisations/{ACME}", json={"name": "x"})
    assert code(renamed) == (403, "forbidden")


@pytest.mark.parametrize("name", ["olga", "otto"])
def test_members_are_the_admins_affair(as_: As, name: str) -> None:
    client, member = as_(name), f"{MEMBERS}/{id_of(name)}"
    assert code(client.get(MEMBERS)) == (403, "forbidden")
    assert code(client.patch(member, json={"role": "admin"})) == (403, "forbidden")
    assert code(client.delete(member)) == (403, "forbidden")


def test_a_neighbour_finds_no_organisation_and_no_member(as_: As) -> None:
    eve = as_("eve")
    for path in (f"/api/organisations/{ACME}", MEMBERS):
        assert code(eve.get(path)) == (404, "not-found")
    for path in (
        f"{MEMBERS}/{id_of('olga')}",
        f"/api/organisations/{GLOBEX}/members/{id_of('olga')}",
    ):
        assert code(eve.patch(path, json={"role": "observer"})) == (404, "not-found")
        assert code(eve.delete(path)) == (404, "not-found")


def test_the_last_admin_keeps_the_role(as_: As) -> None:
    ada, member = as_("ada"), f"{MEMBERS}/{id_of('ada')}"
    assert code(ada.patch(member, json={"role": "observer"})) == (409, "last-admin")
    assert code(ada.delete(member)) == (409, "last-admin")
    ada.patch(f"{MEMBERS}/{id_of('olga')}", json={"role": "admin"})
    assert answered(ada.patch(member, json={"role": "observer"}))["role"] == "observer"


def test_two_last_admins_cannot_both_leave_at_once(parts: Parts, people: People) -> None:
    with parts.database.writing(ACME) as connection:
        memberships.set_role(connection, ACME, id_of("olga"), Role.ADMIN)
    refused: list[Problem] = []

    def leave() -> None:
        try:
            organisations.leave(parts, people.actor("olga"), ACME)
        except Problem as problem:
            refused.append(problem)

    olga = threading.Thread(target=leave)
    with charge.deciding(parts, ACME) as connection:
        charge.keep_an_admin(connection, ACME, id_of("ada"))
        memberships.remove(connection, ACME, id_of("ada"))
        olga.start()
        # Who does not wait for Ada is done by then, having seen her still there.
        olga.join(0.5)
    olga.join()
    assert [type(problem) for problem in refused] == [Conflict]
    with parts.database.reading(ACME) as connection:
        assert memberships.admins(connection, ACME) == [id_of("olga")]
